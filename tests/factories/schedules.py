"""Schedules of imports for tests."""

from __future__ import annotations

from datetime import UTC, datetime

import factory

from profiles.models import ImportSchedule
from profiles.rules.looking import Rhythm, Whence
from profiles.rules.names import ImportKind

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class ImportScheduleFactory(factory.django.DjangoModelFactory):
    """Looks into the folder "till" each hour; due since long ago."""

    class Meta:
        model = ImportSchedule

    name = factory.Sequence("Schedule {}".format)
    source = factory.SubFactory("tests.factories.profiles.SourceFactory")
    kind = ImportKind.ORDERS.value
    whence = Whence.FOLDER.value
    folder = "till"
    pattern = "*.csv"
    address = ""
    rhythm = Rhythm.HOURLY.value
    is_active = True
    next_due_at = LONG_AGO

    class Params:
        fetched = factory.Trait(whence=Whence.ADDRESS.value, folder="", pattern="")
