"""Entries of the ledger for tests: sequences, no chance."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from loyalty.rules import EntryKind


class PointsEntryFactory(DjangoModelFactory):
    class Meta:
        model = "loyalty.PointsEntry"

    customer = factory.SubFactory("tests.factories.profiles.CustomerFactory")
    kind = EntryKind.BONUS
    points = 100
    source_ref = factory.Sequence(lambda n: f"test:{n}")
    actor = "programme"
    occurred_at = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
    recorded_at = factory.SelfAttribute("occurred_at")
