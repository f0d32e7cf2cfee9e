"""When a message may arrive: quiet hours in the customer's own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def is_quiet(at: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> bool:
    """Tell whether ``at`` falls into the half-open quiet hours, which may cross midnight.

    Equal ends mean that there are none.
    """
    clock = at.astimezone(zone).time()
    if quiet_from <= quiet_until:
        return quiet_from <= clock < quiet_until
    return clock >= quiet_from or clock < quiet_until


def next_open(at: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> datetime:
    """Return the first instant from ``at`` on that is not quiet.

    The end of the quiet hours is wall-clock time. Where a clock change skips it, the instant just after the
    gap counts; where it occurs twice, the second counts, so that nobody is woken (PEP 495).
    """
    if not is_quiet(at, zone, quiet_from, quiet_until):
        return at
    local = at.astimezone(zone)
    opening = local.replace(
        hour=quiet_until.hour,
        minute=quiet_until.minute,
        second=quiet_until.second,
        microsecond=0,
        fold=1,
    )
    if opening <= local:
        opening = (local.replace(tzinfo=None) + timedelta(days=1)).replace(
            hour=quiet_until.hour,
            minute=quiet_until.minute,
            second=quiet_until.second,
            microsecond=0,
            tzinfo=zone,
            fold=1,
        )
    moment = opening.astimezone(at.tzinfo)
    while is_quiet(moment, zone, quiet_from, quiet_until):
        # Only a skipped hour comes here: walk out of the gap minute by minute.
        moment += timedelta(minutes=1)
    return moment
