"""When a message may arrive: quiet hours in the customer's own time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

# From and until.
QuietHours = tuple[time, time]


def is_quiet(at: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> bool:
    """Tell whether ``at`` falls into the half-open quiet hours, which may cross midnight.

    Equal ends mean that there are none.
    """
    return _covers((quiet_from, quiet_until), at.astimezone(zone).time())


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


def next_open_of(
    at: datetime, zone: ZoneInfo, quiet: Sequence[QuietHours], *, is_urgent: bool = False
) -> datetime:
    """Return the first instant from ``at`` on that none of these quiet hours covers.

    What is urgent does not wait: whoever is in the middle of it is awake. Where quiet hours leave no hour of
    a day, the answer is a day later: it is asked again then, until what waits is too late.
    """
    if is_urgent:
        return at
    opens = at
    while opens - at < timedelta(days=1):
        later = max([next_open(opens, zone, *hours) for hours in quiet], default=opens)
        if later == opens:
            return opens
        opens = later
    return at + timedelta(days=1)


def leave_an_hour(quiet: Sequence[QuietHours]) -> bool:
    """Tell whether something of a day is in none of these quiet hours.

    >>> leave_an_hour([(time(20), time(9)), (time(12), time(13))])
    True
    >>> leave_an_hour([(time(20), time(9)), (time(8), time(21))])
    False
    """
    # Of what is left, the first minute is the end of one of them.
    return not quiet or any(not any(_covers(hours, until) for hours in quiet) for _, until in quiet)


def _covers(hours: QuietHours, clock: time) -> bool:
    start, end = hours
    return start <= clock < end if start <= end else clock >= start or clock < end
