"""When a schedule looks for new files again, and what a look comes to."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Whence(StrEnum):
    """Where a schedule looks."""

    FOLDER = "folder"
    ADDRESS = "address"


class Rhythm(StrEnum):
    """``minutes``: every so many; ``hourly``: at each full hour; ``daily``: at a time of the company's clock."""

    MINUTES = "minutes"
    HOURLY = "hourly"
    DAILY = "daily"


class LookOutcome(StrEnum):
    """``arriving``: a file is there, and may still be written; ``parked``: a person has to confirm columns."""

    TAKEN = "taken"
    NOTHING = "nothing"
    ARRIVING = "arriving"
    PARKED = "parked"
    FAILED = "failed"


class FileState(StrEnum):
    """What became of a file that a schedule found.

    ``arriving``: seen, and looked at again before it is taken; ``taken``: it has an import, also one that
    failed or waits for a person; ``known``: its content had come before; ``empty``: a header and no rows.
    """

    ARRIVING = "arriving"
    TAKEN = "taken"
    KNOWN = "known"
    EMPTY = "empty"


#: A file that is as it was so long ago is whole.
SETTLING = timedelta(minutes=1)
#: So soon a look is repeated that failed, unless the schedule's own interval is shorter.
_REPEATED_AFTER = timedelta(minutes=15)
#: From so many failures in a row on the wait doubles.
PATIENCE = 3
LONGEST_WAIT = timedelta(days=1)
_DAY = timedelta(days=1)


def next_look(
    rhythm: Rhythm,
    *,
    now: datetime,
    zone: ZoneInfo,
    every_minutes: int = 60,
    daily_at: time = time(),
    failures: int = 0,
) -> datetime:
    """Return when to look again after a look at ``now``, of which the last ``failures`` in a row failed.

    After a failure it is a quarter of an hour, or the interval where that is shorter; from the third on twice
    as long each time, at most a day. A daily look never moves beyond its next time for that.
    """
    if rhythm == Rhythm.DAILY:
        regular = _next_at(daily_at, now, zone)
        return min(regular, now + _wait(_DAY, failures)) if failures else regular
    gap = timedelta(hours=1) if rhythm == Rhythm.HOURLY else timedelta(minutes=every_minutes)
    if failures:
        return now + _wait(gap, failures)
    return _next_hour(now) if rhythm == Rhythm.HOURLY else now + gap


def _wait(gap: timedelta, failures: int) -> timedelta:
    # Beyond ten doublings every wait is the longest; a year of failures makes no number too large.
    doublings = min(max(0, failures - PATIENCE + 1), 10)
    return min(min(gap, _REPEATED_AFTER) * (1 << doublings), LONGEST_WAIT)


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _next_at(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The next time that the clock of ``zone`` shows ``at``, once a day.

    A time that the clock skips in spring is an hour later by it; one that comes twice in autumn counts once.
    """
    day = now.astimezone(zone).date()
    today = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    if today > now:
        return today
    return datetime.combine(day + _DAY, at, tzinfo=zone).astimezone(UTC)


def outcome_of(*, failed: int, parked: int, taken: int, arriving: int) -> LookOutcome:
    """Name a look by what matters most of what it met.

    >>> outcome_of(failed=0, parked=1, taken=3, arriving=0)
    <LookOutcome.PARKED: 'parked'>
    """
    counts = (
        (LookOutcome.FAILED, failed),
        (LookOutcome.PARKED, parked),
        (LookOutcome.TAKEN, taken),
        (LookOutcome.ARRIVING, arriving),
    )
    return next((outcome for outcome, count in counts if count), LookOutcome.NOTHING)
