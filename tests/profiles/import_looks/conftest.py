"""A folder of files, and a schedule that looks into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from profiles.models import (
    ImportSchedule,
    SavedMapping,
)
from profiles.queries.company import company
from tests.factories.schedules import ImportScheduleFactory
from tests.profiles.files import MAPPING


@pytest.fixture
def till(tmp_path, settings) -> Path:
    folder = tmp_path / "imports" / "till"
    folder.mkdir(parents=True)
    settings.IMPORT_FOLDER = str(tmp_path / "imports")
    company()
    return folder


@pytest.fixture
def schedule(till, now) -> ImportSchedule:
    """A schedule of a source whose columns were confirmed before."""
    made = ImportScheduleFactory()
    SavedMapping.objects.create(
        source=made.source, kind=made.kind, mapping=MAPPING, time_zone="UTC", saved_at=now
    )
    return made
