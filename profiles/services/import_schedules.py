"""Schedules of imports: made, changed, switched, asked for a look, deleted. Each change is on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from cxportal.lib import outside
from cxportal.lib.errors import DomainError, violated_constraint
from cxportal.lib.history import record_change
from profiles.models import ImportSchedule, ScheduledFile
from profiles.rules.looking import FileState, Rhythm, Whence
from profiles.rules.names import ImportKind, JobState
from profiles.services import import_folders, import_looks
from profiles.services.import_kinds import source_named


class ScheduleNameTaken(DomainError):
    """Two schedules of one name could not be told apart."""

    code = "schedule_name_taken"


class NothingToRepeat(DomainError):
    """The file has no import that failed."""

    code = "nothing_to_repeat"


@dataclass(frozen=True)
class Wanted:
    """What a schedule shall do, as somebody wrote it down."""

    name: str
    kind: ImportKind
    source: str
    whence: Whence
    rhythm: Rhythm
    folder: str = ""
    pattern: str = "*"
    address: str = ""
    every_minutes: int = 60
    daily_at: time = time()
    is_active: bool = True

    def values(self) -> dict[str, Any]:
        """As the row has it.

        Raises:
            FolderError, AddressRefused: we would not look there.
        """
        is_folder = self.whence == Whence.FOLDER
        if not is_folder:
            outside.checked_address(self.address)
        return {
            "name": " ".join(self.name.split())[:80],
            "kind": self.kind,
            "source": source_named(name=self.source),
            "whence": self.whence,
            "folder": import_folders.checked_folder(self.folder) if is_folder else "",
            "pattern": self.pattern if is_folder else "",
            "address": "" if is_folder else self.address,
            "rhythm": self.rhythm,
            "every_minutes": self.every_minutes,
            "daily_at": self.daily_at,
            "is_active": self.is_active,
        }


#: What the server said of its file holds for one address, and for what the file was read as.
_ELSEWHERE = {"address", "source", "kind"}
_OTHERWISE = {"source", "kind"}


def create(*, wanted: Wanted, by: User, now: datetime) -> ImportSchedule:
    """Make a schedule; where it is on, its first look is at once.

    Raises:
        ScheduleNameTaken; FolderError, AddressRefused: we would not look there. Nothing was stored.
    """
    with _named_once(), transaction.atomic():
        schedule = ImportSchedule.objects.create(
            **wanted.values(), next_due_at=now if wanted.is_active else None, created_at=now
        )
        record_change(target=schedule, words="Made", by=by, now=now)
    return schedule


def change(*, schedule_id: int, wanted: Wanted, by: User, now: datetime) -> ImportSchedule:
    """Change a schedule. Where it is on, it looks at once; a look under way stops and writes nothing more.

    Of another source or kind, what it found before may come again.

    Raises:
        As ``create``.
    """
    with _named_once(), transaction.atomic():
        schedule = _locked(schedule_id)
        values = wanted.values()
        changed = {name for name, value in values.items() if getattr(schedule, name) != value}
        if not changed:
            return schedule
        for name, value in values.items():
            setattr(schedule, name, value)
        if changed & _ELSEWHERE:
            schedule.etag = schedule.modified = ""
        if changed & _OTHERWISE:
            schedule.files.all().delete()
        _stop_look(schedule)
        schedule.failures = 0
        schedule.next_due_at = now if schedule.is_active else None
        schedule.save()
        words = f"Changed: {', '.join(sorted(changed))}"
        record_change(target=schedule, words=words, by=by, now=now)
    return schedule


def switch(*, schedule_id: int, is_active: bool, by: User, now: datetime) -> ImportSchedule:
    """Switch a schedule on, to look at its next time, or off. Repeatable."""
    with transaction.atomic():
        schedule = _locked(schedule_id)
        if schedule.is_active != is_active:
            schedule.is_active, schedule.failures = is_active, 0
            schedule.next_due_at = import_looks.next_due(schedule, now=now) if is_active else None
            schedule.save(update_fields=["is_active", "failures", "next_due_at"])
            words = "Switched on" if is_active else "Switched off"
            record_change(target=schedule, words=words, by=by, now=now)
    return schedule


def ask_look(*, schedule_id: int, now: datetime) -> None:
    """Have a worker look at once, also where the schedule is off. Repeatable."""
    with transaction.atomic():
        schedule = _locked(schedule_id)
        schedule.next_due_at = now
        schedule.save(update_fields=["next_due_at"])


def delete(*, schedule_id: int, by: User, now: datetime) -> None:
    """Delete a schedule with its history; its imports stay, and what waits among them goes on. Repeatable."""
    with transaction.atomic():
        schedule = ImportSchedule.objects.select_for_update().filter(pk=schedule_id).first()
        if schedule is None:
            return
        record_change(target=schedule, words="Deleted", by=by, now=now)
        schedule.delete()


def take_again(*, file_id: int, now: datetime) -> ImportSchedule:
    """Forget a file whose import failed, so that the next look takes it anew, and have it looked for at once.

    Raises:
        NothingToRepeat
    """
    with transaction.atomic():
        file = ScheduledFile.objects.select_related("job").get(pk=file_id)
        schedule = _locked(file.schedule_id)
        if not may_take_again(file):
            raise NothingToRepeat("The import of this file did not fail.")
        ScheduledFile.objects.filter(pk=file.pk).delete()
        schedule.etag = schedule.modified = ""
        schedule.next_due_at = now
        schedule.save(update_fields=["etag", "modified", "next_due_at"])
    return schedule


def may_take_again(file: ScheduledFile) -> bool:
    """Tell whether a file has an import that failed."""
    return (
        file.state == FileState.TAKEN and file.job is not None and file.job.state == JobState.FAILED
    )


def _locked(schedule_id: int) -> ImportSchedule:
    schedule: ImportSchedule = ImportSchedule.objects.for_look().get(pk=schedule_id)
    return schedule


def _stop_look(schedule: ImportSchedule) -> None:
    """Take the schedule from whoever looks right now: their attempt is not the present one any more."""
    schedule.attempt += 1
    schedule.lease_until = None


@contextmanager
def _named_once() -> Iterator[None]:
    """Say in words that a name is taken."""
    try:
        yield
    except IntegrityError as error:
        if violated_constraint(error) == "profiles_importschedule_name":
            raise ScheduleNameTaken("There is a schedule of this name already.") from error
        raise
