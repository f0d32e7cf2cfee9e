"""What the tests of looks do: bring files, let time pass, and read what became of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings as django_settings

from profiles.models import (
    ImportJob,
    ImportSchedule,
    ScheduledFile,
)
from profiles.services import (
    import_looks,
    importing,
)
from tests.profiles.files import HEADER, order_file

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OTHER = "C7,O7,2026-01-07T08:00:00Z,P7,Tea,Tea,1,3.00,Main Street"


class Killed(BaseException):
    """What the end of a process looks like from inside."""


def bring(folder: Path, name: str, *lines: str, header: str = HEADER, at: int = 1) -> Path:
    """Put a file into a folder, last changed ``at`` seconds after 1970."""
    path = order_file(folder, *lines, name=name, header=header)
    os.utime(path, (at, at))
    return path


def look_twice(now: datetime) -> datetime:
    """Look, and again when the files have settled; return when."""
    assert import_looks.look_next(now=now)
    assert import_looks.look_next(now=now + MINUTE)
    return now + MINUTE


def work_off(now: datetime) -> list[ImportJob]:
    """Run the imports that wait, in the order in which workers take them."""
    done = []
    while job := importing.claim_next(now=now):
        done.append(importing.run_import(job_id=job.pk, now=now, attempt=job.attempt))
    return done


def uploads_left() -> list[Path]:
    folder = Path(django_settings.UPLOAD_DIR)
    return sorted(folder.iterdir()) if folder.exists() else []


def found(*, by: str = "name") -> list[tuple[str, str]]:
    return list(ScheduledFile.objects.order_by(by, "pk").values_list("name", "state"))


def jobs(*fields: str) -> list[tuple[object, ...]]:
    return list(ImportJob.objects.order_by("pk").values_list(*fields))


def told(schedule: ImportSchedule) -> tuple[str, str, int]:
    schedule.refresh_from_db()
    return schedule.outcome, schedule.reason, schedule.failures


def expire() -> None:
    """Let the leases of workers that are gone run out."""
    ImportSchedule.objects.update(lease_until=datetime(2026, 1, 1, tzinfo=UTC))
