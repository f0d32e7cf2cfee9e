"""What becomes of a file that a schedule found: an import, or one that failed or waits for a person, or none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from cxportal.lib import uploads
from cxportal.lib.errors import DomainError
from cxportal.lib.history import record_change
from profiles.models import ImportJob, ImportSchedule, SavedMapping, ScheduledFile
from profiles.rules.looking import FileState
from profiles.rules.names import ImportKind, JobState
from profiles.services import importing, workbooks
from profiles.services.import_kinds import check_file
from profiles.services.order_layouts import Layout, recognise
from profiles.services.order_opening import (
    DatesAmbiguous,
    HeaderOnly,
    MappingWrong,
    OrderFileError,
    TimeZoneUnknown,
)

#: Opens a transaction in which the schedule is still this worker's.
Holding = Callable[[], AbstractContextManager[None]]

_NEVER_SAID = (
    "Nobody has said yet which column is what in such files of this source. Say it once; files with the same"
    " columns then go in by themselves."
)
_NOT_WANTED = "Somebody decided not to import this file."


class NotParked(DomainError):
    """The import does not wait for anybody (any more)."""

    code = "not_parked"


@dataclass(frozen=True)
class Arrival:
    """A file that was found, and its copy beside the uploads; None where it could not be read, for a ``problem``.

    ``modified_ns`` is None where it was fetched from an address.
    """

    name: str
    size: int
    path: Path | None
    sha256: str = ""
    modified_ns: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class _Fate:
    state: FileState
    note: str = ""
    job_state: JobState | None = None
    path: Path | None = None
    layout: Layout | None = None


def bring(
    *, schedule: ImportSchedule, arrival: Arrival, holding: Holding, now: datetime
) -> ImportJob | None:
    """Decide on a file and write it down; return its import, unless it needs none.

    Repeatable: content that this schedule, or anybody, brought before is not imported again.
    """
    fate = _fate(schedule, arrival)
    with holding():
        job = _job(schedule, arrival, fate, now) if fate.job_state else None
        _note(schedule, arrival, fate, job, now)
    for path in (arrival.path, fate.path):
        if path is not None and (job is None or str(path) != job.path):
            uploads.forget(path)
    return job


def _fate(schedule: ImportSchedule, arrival: Arrival) -> _Fate:
    path = arrival.path
    if path is None:
        return _Fate(FileState.TAKEN, arrival.problem, JobState.FAILED)
    came = schedule.files.filter(
        sha256=arrival.sha256, state__in=[FileState.TAKEN, FileState.EMPTY]
    ).first()
    if came is not None:
        return _Fate(FileState.KNOWN, f"The same content came before as “{came.name}”.")
    try:
        if workbooks.is_workbook(path):
            path = workbooks.as_csv(path)
        fate = _fate_of_table(schedule, path)
    except HeaderOnly:
        fate = _Fate(FileState.EMPTY, "Names of columns and no rows: there was nothing to import.")
    except OrderFileError as error:
        fate = _Fate(FileState.TAKEN, error.message, JobState.FAILED)
    return replace(fate, path=path)


def _fate_of_table(schedule: ImportSchedule, path: Path) -> _Fate:
    layout = recognise(path)
    same = ImportJob.objects.filter(
        source=schedule.source_id,
        kind=schedule.kind,
        sha256=importing.sha256_of(path),
        is_dry_run=False,
    ).exclude(state=JobState.FAILED)
    if before := same.order_by("pk").first():
        return _Fate(FileState.KNOWN, f"The same content was imported before (import {before.pk}).")
    saved = _saved(schedule)
    if saved is None:
        return _Fate(FileState.TAKEN, _NEVER_SAID, JobState.PARKED, layout=layout)
    try:
        check_file(
            path=path,
            mapping=saved.mapping,
            time_zone=saved.time_zone,
            kind=ImportKind(schedule.kind),
        )
    except (MappingWrong, DatesAmbiguous, TimeZoneUnknown) as error:
        return _Fate(FileState.TAKEN, error.message, JobState.PARKED, layout=layout)
    return _Fate(FileState.TAKEN, "", JobState.QUEUED, layout=layout)


def _saved(schedule: ImportSchedule) -> SavedMapping | None:
    return SavedMapping.objects.filter(source=schedule.source_id, kind=schedule.kind).first()


def waits_for_columns(schedule: ImportSchedule) -> bool:
    """Tell whether nobody ever said which column is what, and a first file asks for it."""
    parked = schedule.jobs.filter(
        state=JobState.PARKED, source=schedule.source_id, kind=schedule.kind
    )
    return _saved(schedule) is None and parked.exists()


def _job(schedule: ImportSchedule, arrival: Arrival, fate: _Fate, now: datetime) -> ImportJob:
    saved = _saved(schedule)
    values = {
        "source": schedule.source,
        "kind": schedule.kind,
        "schedule": schedule,
        "schedule_name": schedule.name,
        "file_name": arrival.name[:200],
        "mapping": saved.mapping if saved else {},
        "time_zone": saved.time_zone if saved else "",
        "state": fate.job_state,
        "error": fate.note,
        "created_at": now,
    }
    if fate.path is None or fate.job_state == JobState.FAILED:
        return ImportJob.objects.create(
            path="", sha256=arrival.sha256, total_bytes=arrival.size, finished_at=now, **values
        )
    return importing.new_job(path=fate.path, layout=fate.layout, **values)


def _note(
    schedule: ImportSchedule, arrival: Arrival, fate: _Fate, job: ImportJob | None, now: datetime
) -> None:
    """Write down what became of a file; of one that is fetched again and again as it is, only once."""
    schedule.files.filter(name=arrival.name, state=FileState.ARRIVING).delete()
    fetched = arrival.modified_ns is None
    if fetched and job is None and schedule.files.filter(sha256=arrival.sha256).exists():
        return
    ScheduledFile.objects.create(
        schedule=schedule,
        name=arrival.name,
        size=arrival.size,
        modified_ns=arrival.modified_ns,
        sha256=arrival.sha256,
        state=fate.state,
        note=fate.note,
        job=job,
        seen_at=now,
    )


# --- files that wait for a person -------------------------------------------------------------------


def confirm(
    *, job_id: int, mapping: dict[str, str], time_zone: str, by: User, now: datetime
) -> ImportJob:
    """Queue a parked file with these columns, and keep them for the next one.

    Other files of the same source and kind that waited and can be read so go in as well, and their schedules
    look at once for what they left lying.

    Raises:
        NotParked: nothing waits here. OrderFileError: it cannot be read so; it waits on.
    """
    with transaction.atomic():
        job = _parked(job_id)
        _queue(job, mapping, time_zone)
        importing.keep_mapping(
            source=job.source, kind=job.kind, mapping=mapping, time_zone=time_zone, now=now
        )
        ImportJob.objects.filter(pk=job.pk).update(created_by=by)
        for other in _parked_jobs().filter(source=job.source_id, kind=job.kind).order_by("pk"):
            _queue_if_fit(other, mapping, time_zone)
        ImportSchedule.objects.filter(
            source=job.source_id, kind=job.kind, is_active=True, next_due_at__gt=now
        ).update(next_due_at=now)
    job.refresh_from_db()
    return job


def drop(*, job_id: int, by: User, now: datetime) -> None:
    """Decide that a parked file is not imported. Its import goes; what was found says so, and keeps it away.

    Raises:
        NotParked
    """
    with transaction.atomic():
        job = _parked(job_id)
        ScheduledFile.objects.filter(job=job).update(job=None, note=_NOT_WANTED)
        if job.schedule is not None:
            words = f"Import {job.pk} was not wanted"
            record_change(target=job.schedule, words=words, by=by, now=now)
        transaction.on_commit(partial(uploads.forget, job.path))
        job.delete()


def _parked_jobs() -> QuerySet[ImportJob]:
    return ImportJob.objects.filter(state=JobState.PARKED).select_for_update()


def _parked(job_id: int) -> ImportJob:
    job: ImportJob | None = _parked_jobs().filter(pk=job_id).first()
    if job is None:
        raise NotParked("This file does not wait for its columns any more.", data={"job": job_id})
    return job


def _queue(job: ImportJob, mapping: dict[str, str], time_zone: str) -> None:
    layout = check_file(
        path=Path(job.path), mapping=mapping, time_zone=time_zone, kind=ImportKind(job.kind)
    )
    job.mapping, job.time_zone, job.error = mapping, time_zone, ""
    job.headers, job.delimiter = list(layout.headers), layout.delimiter
    job.state = JobState.QUEUED
    job.save(update_fields=["mapping", "time_zone", "error", "headers", "delimiter", "state"])


def _queue_if_fit(job: ImportJob, mapping: dict[str, str], time_zone: str) -> None:
    try:
        _queue(job, mapping, time_zone)
    except OrderFileError as error:
        job.error = error.message
        job.save(update_fields=["error"])
