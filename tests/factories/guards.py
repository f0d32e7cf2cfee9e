"""Guards for tests: written by the service, switched on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from profiles.models import Category, Guard, Product
from profiles.rules.guards import GuardKind, WhenUnknown
from profiles.services import guarding

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
COFFEE = {"fact": "drinks_coffee", "is": True}


def wanted(condition: Any = COFFEE, kind: str = "needs", unknown: str = "refuse", note: str = ""):
    """What a guard shall say."""
    return guarding.Wanted(GuardKind(kind), condition, WhenUnknown(unknown), note)


def guard_on(subject: Product | Category, *said: Any, is_on: bool = True, **kwargs: Any) -> Guard:
    """Write a guard."""
    return guarding.create(
        subject=subject, wanted=wanted(*said, **kwargs), is_on=is_on, by=None, now=WRITTEN
    )
