"""Imports files: the row of the job is the queue, a worker holds it by a lease.

``import_file`` is the whole of an import without a job. A job adds progress and the rows kept
aside, and may be killed at any point: the next worker starts it again, and nothing is stored twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction

from cxportal.lib import uploads
from cxportal.lib.db import database_now
from cxportal.lib.errors import DomainError
from profiles.models import ImportedRow, ImportJob, ImportReject, SavedMapping, Source
from profiles.rules.cells import stretches
from profiles.rules.names import ImportKind, JobState
from profiles.rules.orders import RejectReason
from profiles.services import order_staging
from profiles.services.import_kinds import (
    Proposal,
    check_file,
    import_file,
    propose_mapping,
    source_named,
)
from profiles.services.order_files import Reject, Row, read_rows, reread
from profiles.services.order_layouts import Layout
from profiles.services.order_rows import Counts
from profiles.services.order_staging import Watch
from profiles.services.people_rows import PeopleCounts

__all__ = [
    "Counts",
    "Proposal",
    "Reject",
    "Row",
    "check_file",
    "import_file",
    "propose_mapping",
    "read_rows",
    "source_named",
    "start_import",
]

Progress = Callable[[ImportJob], None]

#: Longer than any batch takes; what a dead worker held is free again after it.
LEASE = timedelta(seconds=90)
_ATTEMPTS = 5
_OUR_ERROR = (
    "An error of ours stopped the import; what was stored stays. Send the file again, and ask for help"
    " with the number of this import when it stops again."
)
#: So many rows kept aside are stored with their text, and some of each reason whatever came before it: whoever
#: has to mend more than that mends the file. All of them are counted.
KEPT_ASIDE = 10_000
KEPT_OF_EACH_REASON = 500
# Reading and storing take about as long.
_READING_SHARE = 0.4


class ImportBusy(DomainError):
    """Another worker holds the job."""

    code = "import_busy"


class SentTwice(DomainError):
    """This very upload is being imported already; ``data["job"]`` says by which import."""

    code = "sent_twice"


class FileGone(DomainError):
    """The file of a dry run was imported already, or is no longer kept."""

    code = "file_gone"


class ImportLost(DomainError):
    """The lease ran out and another worker took the job; nothing of this batch was stored."""

    code = "import_lost"


# --- jobs -----------------------------------------------------------------------------------------


def start_import(
    *,
    path: Path,
    file_name: str,
    source: Source,
    mapping: Mapping[str, str],
    time_zone: str,
    by: User | None,
    now: datetime,
    kind: ImportKind = ImportKind.ORDERS,
    is_dry_run: bool = False,
) -> ImportJob:
    """Queue a file, and keep its mapping for the next one of its source and kind.

    Raises:
        OrderFileError: it cannot be read with this mapping; nothing was queued.
        SentTwice: it is queued already, by a second click; nothing was queued.
    """
    layout = check_file(path=path, mapping=mapping, time_zone=time_zone, kind=kind)
    with transaction.atomic():
        _check_once(path)
        keep_mapping(source=source, kind=kind, mapping=mapping, time_zone=time_zone, now=now)
        return new_job(
            path=path,
            layout=layout,
            source=source,
            kind=kind,
            is_dry_run=is_dry_run,
            file_name=file_name[:200],
            mapping=dict(mapping),
            time_zone=time_zone,
            state=JobState.QUEUED,
            created_by=by,
            created_at=now,
        )


def _check_once(path: Path) -> None:
    """Pass for a path that no job is about, and hold it until this transaction is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{path}"])
    under_way = ImportJob.objects.filter(
        path=str(path), state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    if job := under_way.order_by("pk").first():
        raise SentTwice("This file is being imported already.", data={"job": job.pk})


def keep_mapping(
    *, source: Source, kind: str, mapping: Mapping[str, str], time_zone: str, now: datetime
) -> None:
    """Remember which column is what, for the next file of a source and kind."""
    SavedMapping.objects.update_or_create(
        source=source,
        kind=kind,
        defaults={"mapping": dict(mapping), "time_zone": time_zone, "saved_at": now},
    )


def new_job(*, path: Path, layout: Layout | None, **values: Any) -> ImportJob:
    """Write down a file that came, and how it is written as far as that is known."""
    return ImportJob.objects.create(
        path=str(path),
        sha256=sha256_of(path),
        total_bytes=path.stat().st_size,
        headers=list(layout.headers) if layout else [],
        delimiter=layout.delimiter if layout else "",
        **values,
    )


def may_run_after(job: ImportJob) -> bool:
    """Tell whether a dry run is done and its file still here."""
    return job.is_dry_run and job.state == JobState.DONE and Path(job.path).is_file()


def import_after_dry_run(*, job: ImportJob, by: User | None, now: datetime) -> ImportJob:
    """Queue the file of a dry run, as it was tried; once.

    Raises:
        FileGone: it was imported already, or is no longer kept.
    """
    path = Path(job.path)
    with transaction.atomic():
        there = ImportJob.objects.filter(pk=job.pk, is_dry_run=True, state=JobState.DONE)
        if not (may_run_after(job) and there.exclude(path="").update(path="")):
            raise FileGone("The file is not here any more. Send it again.")
        return start_import(
            path=path,
            file_name=job.file_name,
            source=job.source,
            mapping=job.mapping,
            time_zone=job.time_zone,
            by=by,
            now=now,
            kind=ImportKind(job.kind),
        )


def _first_sent(job: ImportJob) -> datetime:
    """When this very file was first sent: what it says without a time is of then."""
    same = ImportJob.objects.filter(source=job.source, kind=job.kind, sha256=job.sha256)
    sent: datetime = same.order_by("created_at", "pk").values_list("created_at", flat=True)[0]
    return sent


def sha256_of(path: Path) -> str:
    """The digest of a file, by which the same content is recognised."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def claim_next(*, now: datetime) -> ImportJob | None:
    """Claim the oldest job that waits, or whose worker let its lease run out, or return None.

    Leases run by the database's clock. A job that failed its workers again and again is given up.
    """
    with transaction.atomic():
        job = ImportJob.objects.claimable(database_now()).for_claim().first()
        return _claimed(job, now) if job else None


def _claim(job_id: int, now: datetime) -> ImportJob:
    with transaction.atomic():
        job = ImportJob.objects.select_for_update(no_key=True).get(pk=job_id)
        held = job.lease_until is not None and job.lease_until > database_now()
        if job.state == JobState.RUNNING and held:
            raise ImportBusy("This import is running already.", data={"job": job_id})
        return job if job.state == JobState.DONE else _claimed(job, now)


def _claimed(job: ImportJob, now: datetime) -> ImportJob:
    job.attempt += 1
    if job.state == JobState.RUNNING and job.attempt > _ATTEMPTS:
        job.state, job.finished_at, job.lease_until = JobState.FAILED, now, None
        job.error = "The import was broken off five times. Divide the file, or ask for help."
    else:
        job.state, job.error, job.done_bytes = JobState.RUNNING, "", 0
        job.lease_until = database_now() + LEASE
    job.save()
    return job


def run_import(
    *, job_id: int, now: datetime, attempt: int | None = None, progress: Progress | None = None
) -> ImportJob:
    """Do the whole work of a job and return it, done or failed.

    ``attempt`` is the claim that the caller holds; without it the job is claimed here. Repeatable:
    a job that is done stays so; one that was broken off is read from its beginning again.

    Raises:
        ImportBusy: another worker holds it. ImportLost: another worker took it over meanwhile.
    """
    job = ImportJob.objects.get(pk=job_id) if attempt else _claim(job_id, now)
    if attempt not in (None, job.attempt):
        raise _lost(job)
    if job.state != JobState.RUNNING:
        _forget_file(job)
        return job
    work = _Work(job, progress)
    try:
        counts = work.run(now)
    except ImportLost:
        raise
    except DomainError as error:
        return _finished(
            job,
            now,
            state=JobState.FAILED,
            error=error.message,
            counts={"rejected": work.counted()},
            rows_rejected=work.kept_aside.total(),
        )
    except OperationalError:
        raise  # the database was away: the lease runs out, and the next worker begins again
    except Exception:
        with suppress(ImportLost):
            _finished(job, now, state=JobState.FAILED, error=_OUR_ERROR)
        raise
    return _finished(
        job,
        now,
        state=JobState.DONE,
        counts=asdict(counts),
        rows_read=counts.rows_read,
        rows_rejected=counts.rows_rejected,
        done_bytes=job.total_bytes,
    )


def _finished(job: ImportJob, now: datetime, **values: Any) -> ImportJob:
    if not _held(job).update(finished_at=now, lease_until=None, **values):
        raise _lost(job)
    job.refresh_from_db()
    _forget_file(job)
    return job


def _forget_file(job: ImportJob) -> None:
    """Remove an upload that nobody reads any more; after a dry run it may still be imported."""
    if not (job.is_dry_run and job.state == JobState.DONE):
        uploads.forget(job.path)


def _lost(job: ImportJob) -> ImportLost:
    return ImportLost("Another worker took this import over.", data={"job": job.pk})


def _held(job: ImportJob) -> Any:
    """The job's row as long as this worker holds it: the attempt is the fence."""
    return ImportJob.objects.filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING)


class _Work:
    """One attempt at a job: keeps its lease, its progress and the rows that are kept aside."""

    def __init__(self, job: ImportJob, progress: Progress | None) -> None:
        self._job = job
        self._progress = progress
        self._read_bytes = 0
        self.kept_aside: Counter[str] = Counter()
        self._stored = 0

    def counted(self) -> dict[str, int]:
        """How many rows were kept aside so far, by reason."""
        return dict(sorted(self.kept_aside.items()))

    def run(self, now: datetime) -> Counts | PeopleCounts:
        job = self._job
        is_about_people = job.kind != ImportKind.ORDERS
        with self._holding():
            ImportReject.objects.filter(job=job).delete()  # of an attempt that was broken off
        return import_file(
            path=Path(job.path),
            source=job.source,
            mapping=job.mapping,
            time_zone=job.time_zone,
            now=now,
            kind=ImportKind(job.kind),
            is_dry_run=job.is_dry_run,
            as_of=_first_sent(job),
            made=self._note_made,
            progress=self._note_bytes,
            watch=Watch(
                rejects=self._keep_aside,
                read=self._note_people if is_about_people else self._note_read,
                batch=lambda share: (
                    self._note_people() if is_about_people else self._note_batch(share)
                ),
                conflicts=self._keep_lines_aside,
            ),
        )

    def _note_bytes(self, count: int) -> None:
        self._read_bytes = count

    def _note_made(self, rows: Mapping[str, Sequence[int]]) -> None:
        """Remember which rows this job made, as stretches of ids."""
        ImportedRow.objects.bulk_create(
            ImportedRow(job=self._job, model=model, first_id=first, last_id=last)
            for model, ids in rows.items()
            for first, last in stretches(ids)
        )

    def _note_read(self) -> None:
        self._extend(self._read_bytes * _READING_SHARE)

    def _note_people(self) -> None:
        """Rows about people are stored as they are read."""
        self._extend(self._read_bytes)

    def _note_batch(self, share: float) -> None:
        total = self._job.total_bytes
        self._extend(total * (_READING_SHARE + share * (1 - _READING_SHARE)))

    def _extend(self, done_bytes: float) -> None:
        """Keep the lease and tell the progress; inside a batch it also undoes what is late."""
        self._job.done_bytes = round(done_bytes)
        with self._holding():
            pass
        if self._progress is not None:
            self._progress(self._job)

    @contextmanager
    def _holding(self) -> Iterator[None]:
        """Keep the lease, and the job's row locked: a worker that lost it writes nothing of its own."""
        job = self._job
        lease_until = database_now() + LEASE
        with transaction.atomic():
            if not _held(job).update(done_bytes=job.done_bytes, lease_until=lease_until):
                raise _lost(job)
            yield

    def _keep_aside(self, rejects: Sequence[Reject]) -> None:
        """Store rejects by COPY, as many as somebody may want to read; a file can have millions."""
        stored = []
        for reject in rejects:
            if self._stored < KEPT_ASIDE or self.kept_aside[reject.reason] < KEPT_OF_EACH_REASON:
                stored.append((self._job.pk, *reject))
                self._stored += 1
            self.kept_aside[str(reject.reason)] += 1
        if not stored:
            return
        with self._holding():
            order_staging.copy_rows(
                "profiles_importreject (job_id, line_number, reason, raw)", stored, texts="raw"
            )

    def _keep_lines_aside(self, lines: Sequence[int]) -> None:
        """Read the file again for the text of lines whose order belongs to another customer."""
        job = self._job
        rejects = reread(
            Path(job.path),
            lines,
            RejectReason.OTHER_CUSTOMER,
            progress=lambda _: self._extend(job.done_bytes),
        )
        while some := list(islice(rejects, 10_000)):
            self._keep_aside(some)
