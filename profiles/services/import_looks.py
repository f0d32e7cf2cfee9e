"""Looks into the folders and at the addresses of schedules that are due, and hands over what is new there.

The row of the schedule is the queue. A worker holds it by a lease and is fenced by the attempt: one that was
killed in the middle leaves no import behind that the next worker would not know, and the next one begins again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F

from cxportal.lib import outside, uploads
from cxportal.lib.db import database_now
from cxportal.lib.errors import DomainError
from profiles.models import ImportJob, ImportLook, ImportSchedule, ScheduledFile
from profiles.queries.company import company_zone
from profiles.rules import looking
from profiles.rules.looking import SETTLING, FileState, LookOutcome, Rhythm, Whence
from profiles.rules.names import JobState
from profiles.services import import_arrivals, import_folders
from profiles.services.import_arrivals import Arrival
from profiles.services.import_folders import Seen

#: Longer than a look goes without a sign of life; what a dead worker held is free again after it.
LEASE = timedelta(seconds=90)
_SIGN_OF_LIFE_SECONDS = 15
#: So many files of a schedule wait for their import at the most; the others wait in their folder.
AT_ONCE = 20
#: So many rows of its history a schedule keeps.
LOOKS_KEPT = 500
_OUR_ERROR = "An error of ours stopped the look. It is tried again; ask for help when it stays."
_CONFIRM = "A file waits until somebody has confirmed its columns."


class LookLost(DomainError):
    """The lease ran out, or the schedule was changed or deleted meanwhile; nothing more is written."""

    code = "look_lost"


@dataclass
class _Found:
    """What a look came to, as it is told in the history."""

    taken: int = 0
    parked: int = 0
    failed: int = 0
    arriving: int = 0
    reason: str = ""
    is_more: bool = False
    known: outside.Known | None = None

    def count(self, job: ImportJob | None) -> None:
        if job is None:
            return
        self.parked += job.state == JobState.PARKED
        self.failed += job.state == JobState.FAILED
        self.taken += job.state == JobState.QUEUED
        if job.state == JobState.FAILED:
            self.reason = self.reason or job.error

    @property
    def outcome(self) -> LookOutcome:
        return looking.outcome_of(
            failed=self.failed, parked=self.parked, taken=self.taken, arriving=self.arriving
        )


class _Hold:
    """One worker's claim on a schedule."""

    def __init__(self, schedule: ImportSchedule) -> None:
        self._key, self._attempt = schedule.pk, schedule.attempt
        self._next_sign = time.monotonic() + _SIGN_OF_LIFE_SECONDS

    def keep(self) -> None:
        """Keep the lease; to be called often, writes now and then."""
        if time.monotonic() >= self._next_sign:
            with self.writing():
                self._next_sign = time.monotonic() + _SIGN_OF_LIFE_SECONDS

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open a transaction with the schedule locked: a worker that lost it writes nothing.

        Raises:
            LookLost
        """
        held = ImportSchedule.objects.filter(pk=self._key, attempt=self._attempt)
        with transaction.atomic():
            if not held.update(lease_until=database_now() + LEASE):
                raise LookLost("Another worker took this look over.", data={"schedule": self._key})
            yield


def look_next(*, now: datetime) -> bool:
    """Look where it is due for the longest time; False where nothing is due.

    An error of ours is written into the history of the schedule and raised again.
    """
    schedule = claim_next(now=now)
    if schedule is None:
        return False
    with suppress(LookLost):
        look(schedule=schedule, now=now)
    return True


def claim_next(*, now: datetime) -> ImportSchedule | None:
    """Claim a schedule that is due and held by nobody. Leases run by the database's clock."""
    with transaction.atomic():
        at = database_now()
        schedule: ImportSchedule | None = (
            ImportSchedule.objects.due(now, free_at=at).for_claim().first()
        )
        if schedule is not None:
            schedule.attempt += 1
            schedule.lease_until = at + LEASE
            schedule.save(update_fields=["attempt", "lease_until"])
    return schedule


def look(*, schedule: ImportSchedule, now: datetime) -> None:
    """Do the whole look of a schedule that was claimed.

    Raises:
        LookLost: somebody else has it by now.
    """
    hold = _Hold(schedule)
    try:
        if schedule.whence == Whence.FOLDER:
            found = _in_folder(schedule, hold, now)
        else:
            found = _at_address(schedule, hold, now)
    except (LookLost, OperationalError):
        raise  # the database was away: the lease runs out, and the next worker begins again
    except DomainError as error:
        found = _Found(failed=1, reason=error.message)
    except Exception:
        with suppress(LookLost):
            _finish(schedule, hold, _Found(failed=1, reason=_OUR_ERROR), now)
        raise
    _finish(schedule, hold, found, now)


# --- a folder ---------------------------------------------------------------------------------------


def _in_folder(schedule: ImportSchedule, hold: _Hold, now: datetime) -> _Found:
    """Take the files that are as they were at the look before, in order of name; note the others."""
    there = import_folders.files_in(schedule.folder, schedule.pattern)
    ready, fresh, resting = _sorted_out(schedule, there, now)
    _note_arriving(schedule, hold, there, fresh, now)
    found = _Found(arriving=len(fresh) + len(resting))
    waiting = schedule.jobs.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).count()
    room = max(0, AT_ONCE - waiting)
    found.is_more = len(ready) > room
    for number, seen in enumerate(ready[:room]):
        if import_arrivals.waits_for_columns(schedule):
            found.parked += 1
            found.is_more = False
            break
        # Of two files of one look, the later one has the later word.
        _take_file(schedule, seen, hold, found, now + timedelta(microseconds=number))
    if found.parked:
        found.reason = found.reason or _CONFIRM
    return found


def _sorted_out(
    schedule: ImportSchedule, there: Sequence[Seen], now: datetime
) -> tuple[list[Seen], list[Seen], list[Seen]]:
    """Divide what is not settled: as it was for long enough, new or changed, and not long enough yet."""
    files = schedule.files.values_list("name", "size", "modified_ns")
    settled = set(files.exclude(state=FileState.ARRIVING))
    seen_before = {
        (name, size, changed): seen_at
        for name, size, changed, seen_at in schedule.files.filter(
            state=FileState.ARRIVING
        ).values_list("name", "size", "modified_ns", "seen_at")
    }
    ready: list[Seen] = []
    fresh: list[Seen] = []
    resting: list[Seen] = []
    for one in there:
        if one.stamp in settled:
            continue
        since = seen_before.get(one.stamp)
        if since is None:
            fresh.append(one)
        else:
            (ready if since + SETTLING <= now else resting).append(one)
    return ready, fresh, resting


def _note_arriving(
    schedule: ImportSchedule,
    hold: _Hold,
    there: Sequence[Seen],
    fresh: Sequence[Seen],
    now: datetime,
) -> None:
    """Remember files as they are now; forget those that were taken away before they were whole."""
    names = {one.name for one in there}
    with hold.writing():
        noted = schedule.files.filter(state=FileState.ARRIVING)
        gone = set(noted.values_list("name", flat=True)) - names
        noted.filter(name__in=[*gone, *(one.name for one in fresh)]).delete()
        ScheduledFile.objects.bulk_create(
            ScheduledFile(
                schedule=schedule,
                name=one.name,
                size=one.size,
                modified_ns=one.modified_ns,
                state=FileState.ARRIVING,
                seen_at=now,
            )
            for one in fresh
        )


def _take_file(
    schedule: ImportSchedule, seen: Seen, hold: _Hold, found: _Found, now: datetime
) -> None:
    try:
        with uploads.new_file(seen.name) as (path, file):
            digest = import_folders.copy(schedule.folder, seen, file, keep=hold.keep)
    except import_folders.StillWritten:
        with hold.writing():
            schedule.files.filter(name=seen.name, state=FileState.ARRIVING).delete()
        found.arriving += 1
        return
    except import_folders.FolderError as error:
        problem = error.message
        arrival = Arrival(seen.name, seen.size, None, "", seen.modified_ns, problem)
    else:
        arrival = Arrival(seen.name, seen.size, path, digest, seen.modified_ns)
    found.count(
        import_arrivals.bring(schedule=schedule, arrival=arrival, holding=hold.writing, now=now)
    )


# --- an address -------------------------------------------------------------------------------------


def _at_address(schedule: ImportSchedule, hold: _Hold, now: datetime) -> _Found:
    """Fetch the file unless the server says that it is as it was, or somebody has to speak first."""
    if import_arrivals.waits_for_columns(schedule):
        return _Found(parked=1, reason=_CONFIRM)
    name = import_folders.storable(outside.file_name(schedule.address))
    with uploads.new_file(name) as (path, file):
        fetched = outside.fetch(
            schedule.address,
            into=file,
            most_bytes=settings.ORDER_FILE_MAX_BYTES,
            known=outside.Known(schedule.etag, schedule.modified),
            keep=hold.keep,
        )
    if fetched is None:
        uploads.forget(path)
        return _Found()
    found = _Found(known=fetched.known)
    arrival = Arrival(name, fetched.size, path, fetched.sha256)
    found.count(
        import_arrivals.bring(schedule=schedule, arrival=arrival, holding=hold.writing, now=now)
    )
    if found.parked:
        found.reason = _CONFIRM
    return found


# --- how it went ------------------------------------------------------------------------------------


def _finish(schedule: ImportSchedule, hold: _Hold, found: _Found, now: datetime) -> None:
    """Write down what a look came to, when the next one is, and let go of the schedule."""
    outcome = found.outcome
    with hold.writing():
        row = ImportSchedule.objects.get(pk=schedule.pk)
        row.failures = row.failures + 1 if outcome == LookOutcome.FAILED else 0
        row.looked_at, row.outcome, row.reason = now, outcome, found.reason
        row.next_due_at = _next_due(row, found, now, was_active=schedule.is_active)
        row.lease_until = None
        if found.known is not None:
            row.etag, row.modified = found.known.etag, found.known.modified
        row.save()
        _write_history(row, found, now)


def _next_due(
    row: ImportSchedule, found: _Found, now: datetime, *, was_active: bool
) -> datetime | None:
    regular = next_due(row, now=now) if row.is_active else None
    # A look that somebody asked for goes on until it is over, also where the schedule is off; one that was
    # switched off meanwhile ends here.
    goes_on = row.is_active or not was_active
    if goes_on and (found.arriving or found.is_more):
        soon = now + SETTLING
        return min(regular, soon) if regular else soon
    return regular


def next_due(schedule: ImportSchedule, *, now: datetime) -> datetime:
    """When a schedule looks again after a look at ``now``."""
    return looking.next_look(
        Rhythm(schedule.rhythm),
        now=now,
        zone=company_zone(),
        every_minutes=schedule.every_minutes,
        daily_at=schedule.daily_at,
        failures=schedule.failures,
    )


def _write_history(schedule: ImportSchedule, found: _Found, now: datetime) -> None:
    """Add a row, or count one more look that came to the same as the last."""
    outcome, reason, files = found.outcome, found.reason, found.taken + found.parked + found.failed
    last: ImportLook | None = schedule.looks.order_by("-pk").first()
    is_same = last is not None and (last.outcome, last.reason) == (outcome, reason)
    if last is not None and is_same and outcome != LookOutcome.TAKEN:
        ImportLook.objects.filter(pk=last.pk).update(
            times=F("times") + 1, files=F("files") + files, last_at=now
        )
        return
    ImportLook.objects.create(
        schedule=schedule, outcome=outcome, reason=reason, files=files, first_at=now, last_at=now
    )
    old = schedule.looks.order_by("-pk").values_list("pk", flat=True)[LOOKS_KEPT : LOOKS_KEPT + 1]
    schedule.looks.filter(pk__lte=max(old, default=0)).delete()
