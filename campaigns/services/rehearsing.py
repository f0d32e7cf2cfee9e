"""Rehearsals: asked for here, run in a process and a database of their own, of which only the report stays.

The child process (``rehearsal_days``) has the rehearsal's database as its only one, so that nothing of the product
can look past the morning it stands at, and no rehearsed message can reach a real channel.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from campaigns.models import Rehearsal
from campaigns.rules.codes import RunState
from campaigns.services import order_days
from campaigns.services.order_days import Reading
from cxportal.lib import uploads
from cxportal.lib.errors import DomainError

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
FOLLOW_SECONDS = 1.0
Progress = Callable[[Mapping[str, Any]], None]
_NAMES_AN_ERROR = re.compile(r"[\w.]+(Error|Exception|Interrupt|NotFound|NoReverseMatch)\b")


class RehearsalFailed(DomainError):
    """The rehearsal could not be finished; the message says why."""

    code = "rehearsal_failed"


@dataclass(frozen=True)
class OrderFile:
    """An order file, and how to read it."""

    path: Path
    name: str
    mapping: Mapping[str, str]
    time_zone: str = "UTC"


def request_rehearsal(
    *, file: OrderFile, as_of: date | None, by: User | None, now: datetime
) -> Rehearsal:
    """Ask for a rehearsal. The same file, read in the same way, and day again is the same, with its report.

    An upload that is not needed for it, since the report is there, is removed.

    Raises:
        NothingToRehearse: there are no orders before or after ``as_of``, and the file shows it soon.
        OrderFileError: the file cannot be read with this mapping. Nothing was queued.
    """
    same: dict[str, Any] = {
        "sha256": _sha256(file.path),
        "as_of": as_of,
        "mapping": dict(file.mapping),
        "time_zone": file.time_zone,
    }
    wanted = {"state": RunState.QUEUED, "path": str(file.path), "file_name": file.name}
    found = Rehearsal.objects.filter(**same).first()
    if found is None or found.state == RunState.FAILED:
        reading = Reading(file.path, file.mapping, file.time_zone, now)
        order_days.check_day(reading=reading, as_of=as_of)
    rehearsal, _ = Rehearsal.objects.get_or_create(
        **same, defaults={**wanted, "created_by": by, "created_at": now}
    )
    Rehearsal.objects.filter(pk=rehearsal.pk, state=RunState.FAILED).update(
        **wanted, error="", progress={}, created_by=by, created_at=now, finished_at=None
    )
    rehearsal.refresh_from_db()
    if rehearsal.path != str(file.path):
        uploads.forget(file.path)
    return rehearsal


def run_next(*, now: datetime) -> bool:
    """Run one rehearsal that waits, or whose worker is gone; tell whether there was one."""
    rehearsal = _claimed(Q())
    if rehearsal is None:
        return False
    _run(rehearsal, now, lambda progress: None)
    return True


def run_one(*, rehearsal: Rehearsal, now: datetime, progress: Progress) -> Rehearsal:
    """Run this rehearsal here, or follow the process that is at it; one that is done stays so.

    Raises:
        RehearsalFailed: it could not be finished.
    """
    while rehearsal.state in (RunState.QUEUED, RunState.RUNNING):
        claimed = _claimed(Q(pk=rehearsal.pk))
        if claimed is not None:
            _run(claimed, now, progress)
        elif rehearsal.progress:
            progress(rehearsal.progress)
        if claimed is None:
            time.sleep(FOLLOW_SECONDS)
        rehearsal.refresh_from_db()
    if rehearsal.state == RunState.FAILED:
        raise RehearsalFailed(rehearsal.error)
    return rehearsal


def _claimed(which: Q) -> Rehearsal | None:
    with transaction.atomic():
        waiting = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=Now())
        found = (
            Rehearsal.objects.filter(which & waiting)
            .order_by("created_at", "pk")
            .select_for_update(skip_locked=True, no_key=True)
            .first()
        )
        if found is None:
            return None
        Rehearsal.objects.filter(pk=found.pk).update(
            state=RunState.RUNNING, lease_until=Now() + LEASE, attempt=F("attempt") + 1
        )
        found.refresh_from_db()
        return found


def _run(rehearsal: Rehearsal, now: datetime, progress: Progress) -> None:
    mine = Rehearsal.objects.filter(
        pk=rehearsal.pk, attempt=rehearsal.attempt, state=RunState.RUNNING
    )

    def told(news: Mapping[str, Any]) -> None:
        if not mine.update(progress=dict(news), lease_until=Now() + LEASE):
            raise RehearsalFailed("Another worker has taken this rehearsal over.")
        progress(news)

    def ended(**values: Any) -> None:
        """Write how it ended; only the report is kept, so the upload goes, unless it is another's now."""
        if mine.update(finished_at=now, lease_until=None, **values):
            uploads.forget(rehearsal.path)

    try:
        report = _in_own_database(rehearsal, told)
    except RehearsalFailed as error:
        ended(state=RunState.FAILED, error=error.message)
    except Exception as error:
        # Left running, it would be taken up again and fail again, every two minutes, for good.
        logger.exception("rehearsal %s failed", rehearsal.pk)
        reason = f"The rehearsal could not be run: {type(error).__name__}."
        ended(state=RunState.FAILED, error=reason)
    else:
        ended(state=RunState.DONE, report=report)


def _in_own_database(rehearsal: Rehearsal, progress: Progress) -> dict[str, Any]:
    name = f"rehearsal_{rehearsal.pk}"
    try:
        _drop(name)
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
            # It is dropped whatever happens, so nothing of it has to outlive a power cut.
            cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        return _child(rehearsal, name, progress)
    finally:
        _drop(name)


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def database_url(name: str) -> str:
    """Address of another database on the same server."""
    parts = urlsplit(settings.DATABASE_URL)
    return urlunsplit(parts._replace(path=f"/{name}"))


def _child(rehearsal: Rehearsal, database: str, progress: Progress) -> dict[str, Any]:
    spec = {
        "path": rehearsal.path,
        "mapping": rehearsal.mapping,
        "time_zone": rehearsal.time_zone,
        "as_of": rehearsal.as_of.isoformat() if rehearsal.as_of else "",
    }
    surroundings = {
        **os.environ,
        "DATABASE_URL": database_url(database),
        "CXPORTAL_REHEARSING": "1",
        "EMAIL_URL": "sandbox://",
        "LOG_LEVEL": "ERROR",
    }
    # What it complains of goes to a file: a pipe that nobody reads would fill up and stop it.
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            _command(spec), stdout=subprocess.PIPE, stderr=complaints, text=True, env=surroundings
        ) as process,
    ):
        try:
            return _listen(process, complaints, progress)
        finally:
            process.kill()


def _command(spec: Mapping[str, Any]) -> list[str]:
    manage = str(settings.BASE_DIR / "manage.py")
    return [sys.executable, manage, "rehearse_days", json.dumps(spec)]


def _listen(
    process: subprocess.Popen[str], complaints: IO[str], progress: Progress
) -> dict[str, Any]:
    """Read the child's lines: {"progress": …}, and at the end {"report": …} or {"error": …}."""
    assert process.stdout is not None
    for line in process.stdout:
        news = json.loads(line)
        if "report" in news:
            return dict(news["report"])
        if "error" in news:
            raise RehearsalFailed(news["error"])
        progress(news["progress"])
    process.wait()
    complaints.seek(0)
    raise RehearsalFailed(f"The rehearsal stopped before its end: {_reason(complaints.read())}")


def _reason(told: str) -> str:
    """Find the line of a traceback that names the error; what follows it may be a piece of SQL."""
    errors = [line for line in told.splitlines() if _NAMES_AN_ERROR.match(line)]
    return errors[-1] if errors else told.strip()[-200:] or "no reason given"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
