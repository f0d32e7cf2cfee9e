"""Uploads that nobody is to read any more go; those that wait for a worker stay."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from campaigns.services import sweeping
from profiles.models import ImportJob
from tests.factories.profiles import SourceFactory
from tests.pages import rows

pytestmark = pytest.mark.django_db


def upload(settings, name: str, written_at: datetime) -> Path:
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("orders")
    os.utime(path, (written_at.timestamp(),) * 2)
    return path


def test_left_overs_older_than_a_day_go(settings, now):
    old, young = now - timedelta(days=1, minutes=1), now - timedelta(hours=23)
    left, awaited = upload(settings, "left", old), upload(settings, "awaited", old)
    to_rehearse, new = upload(settings, "to_rehearse", old), upload(settings, "new", young)
    over = upload(settings, "over", old)
    ImportJob.objects.create(source=SourceFactory(), state="running", path=str(awaited))
    rows.rehearsal(state="queued", path=str(to_rehearse))
    rows.rehearsal(state="failed", path=str(over), sha256="1" * 64)
    assert sweeping.sweep_uploads(now=now) == 2
    assert [path.exists() for path in (left, over, awaited, to_rehearse, new)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_without_any_upload_there_is_nothing_to_sweep(now):
    assert sweeping.sweep_uploads(now=now) == 0
