"""Importing order files in tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine

from profiles.models import ImportJob, Source
from profiles.queries.company import company
from profiles.services import importing
from tests.factories.profiles import SourceFactory
from tests.profiles.api import System
from tests.profiles.files import MAPPING


@pytest.fixture
def source():
    return SourceFactory()


@pytest.fixture
def bring(source, now):
    """Import a file as the command and the rehearsal do."""

    def bring(
        path: Path,
        mapping: dict[str, str] = MAPPING,
        zone: str = "UTC",
        source: Source = source,
    ):
        return importing.import_file(
            path=path, source=source, mapping=mapping, time_zone=zone, now=now
        )

    return bring


@pytest.fixture
def queued(source, now):
    """Queue a file as an upload does."""

    def queue(path: Path, mapping: dict[str, str] = MAPPING) -> ImportJob:
        return importing.start_import(
            path=path,
            file_name=path.name,
            source=source,
            mapping=mapping,
            time_zone="UTC",
            by=None,
            now=now,
        )

    return queue


@pytest.fixture
def shop(db, now):
    """A system that may read and write; the clock stands still."""
    with time_machine.travel(now, tick=False):
        company()
        yield System("read", "write", "decisions", now=now)
