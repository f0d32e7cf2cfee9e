"""Schedules of imports in words, for their pages and for whoever asks what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from cxportal.lib import outside
from profiles.models import ImportJob, ImportLook, ImportSchedule, SavedMapping, ScheduledFile
from profiles.queries.imports import KIND_LABEL
from profiles.rules.looking import PATIENCE, FileState, LookOutcome, Rhythm, Whence
from profiles.rules.names import ImportKind, JobState

_OUTCOME_TEXT = {
    LookOutcome.TAKEN: "Found something new",
    LookOutcome.NOTHING: "Nothing new",
    LookOutcome.ARRIVING: "A file came or changed; it is taken when it stays as it is for a minute",
    LookOutcome.PARKED: "Waits for a person",
    LookOutcome.FAILED: "Failed",
}
_STATE_TEXT = {
    FileState.ARRIVING: ("Arriving", ""),
    FileState.TAKEN: ("Left aside", ""),
    FileState.KNOWN: ("Known", ""),
    FileState.EMPTY: ("Without rows", ""),
}
_JOB_TEXT = {
    JobState.PARKED: ("Columns to confirm", "warn"),
    JobState.QUEUED: ("Waiting", ""),
    JobState.RUNNING: ("Running", "accent"),
    JobState.DONE: ("Imported", "good"),
    JobState.FAILED: ("Failed", "danger"),
}


@dataclass(frozen=True)
class ScheduleRow:
    """A schedule as its list and its page name it."""

    schedule: ImportSchedule
    kind: str
    place: str
    rhythm: str
    state: str
    chip: str


@dataclass(frozen=True)
class FileRow:
    """A file that was found, and what became of it."""

    file: ScheduledFile
    state: str
    chip: str
    failed: bool


@dataclass(frozen=True)
class LookRow:
    """One look, or some in a row that came to the same."""

    look: ImportLook
    words: str


def place_in_words(schedule: ImportSchedule) -> str:
    """Where a schedule looks; of an address without what may be a key."""
    if schedule.whence == Whence.ADDRESS:
        return outside.shown(schedule.address)
    folder = "the import folder" if schedule.folder == "." else schedule.folder
    return f"{schedule.pattern} in {folder}"


def rhythm_in_words(schedule: ImportSchedule) -> str:
    """How often a schedule looks."""
    words = {
        Rhythm.MINUTES: f"every {schedule.every_minutes} minutes",
        Rhythm.HOURLY: "at each full hour",
        Rhythm.DAILY: f"daily at {schedule.daily_at:%H:%M}",
    }
    return words[Rhythm(schedule.rhythm)]


def row_of(schedule: ImportSchedule) -> ScheduleRow:
    """Put a schedule into words."""
    state, chip = _state(schedule)
    return ScheduleRow(
        schedule=schedule,
        kind=KIND_LABEL[ImportKind(schedule.kind)],
        place=place_in_words(schedule),
        rhythm=rhythm_in_words(schedule),
        state=state,
        chip=chip,
    )


def _state(schedule: ImportSchedule) -> tuple[str, str]:
    if not schedule.is_active:
        return "Off", ""
    if schedule.failures:
        return "Failing", "danger"
    if schedule.outcome == LookOutcome.PARKED or vars(schedule).get("parked"):
        return "Columns to confirm", "warn"
    return ("On", "good") if schedule.looked_at else ("Not looked yet", "")


def schedules() -> QuerySet[ImportSchedule]:
    """All schedules by name, each with the number of files that wait for their columns."""
    parked = Count("jobs", filter=Q(jobs__state=JobState.PARKED))
    found = ImportSchedule.objects.select_related("source").annotate(parked=parked)
    return found.order_by("name", "pk")


def file_rows(schedule: ImportSchedule) -> QuerySet[ScheduledFile]:
    """What a schedule found, the newest first."""
    return schedule.files.select_related("job").order_by("-pk")


def file_row(file: ScheduledFile) -> FileRow:
    """Put a file into words."""
    of_job = file.state == FileState.TAKEN and file.job is not None
    state, chip = (
        _JOB_TEXT[JobState(file.job.state)]
        if of_job and file.job
        else _STATE_TEXT[FileState(file.state)]
    )
    return FileRow(file, state, chip, failed=state == "Failed")


def look_rows(schedule: ImportSchedule, *, limit: int) -> list[LookRow]:
    """The last looks of a schedule."""
    return [LookRow(look, _look_words(look)) for look in schedule.looks.order_by("-pk")[:limit]]


def _look_words(look: ImportLook) -> str:
    words = _OUTCOME_TEXT[LookOutcome(look.outcome)]
    files = f"{look.files:,} files" if look.files > 1 else "1 file" if look.files else ""
    return f"{words}: {files}" if files and look.outcome == LookOutcome.TAKEN else words


def last_in_words(schedule: ImportSchedule) -> str:
    """What the last look came to; empty before the first. Why one failed stands elsewhere on the page."""
    if not schedule.outcome:
        return ""
    told = "" if schedule.failures else schedule.reason
    return told or _OUTCOME_TEXT[LookOutcome(schedule.outcome)]


def is_looking(schedule: ImportSchedule, *, now: datetime) -> bool:
    """Tell whether a look goes on or is about to begin."""
    held = schedule.lease_until is not None and schedule.lease_until > now
    return held or (schedule.next_due_at is not None and schedule.next_due_at <= now)


def waits_longer(schedule: ImportSchedule) -> bool:
    """Tell whether so many looks failed in a row that the next one waits longer each time."""
    return schedule.failures >= PATIENCE


def mapping_of(schedule: ImportSchedule) -> SavedMapping | None:
    """The columns by which the files of a schedule are read, once somebody has confirmed them."""
    return SavedMapping.objects.filter(source=schedule.source_id, kind=schedule.kind).first()


def failing(*, limit: int) -> list[ImportSchedule]:
    """Schedules whose last looks failed, whichever failed most first."""
    found = ImportSchedule.objects.filter(failures__gt=0, is_active=True)
    return list(found.order_by("-failures", "name", "pk")[:limit])


def parked(*, limit: int) -> list[ImportJob]:
    """Files that wait for their columns to be confirmed, the oldest first."""
    found = ImportJob.objects.filter(state=JobState.PARKED).select_related("source")
    return list(found.order_by("pk")[:limit])
