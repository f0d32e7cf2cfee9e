"""Moments of managers' own for tests: written by the service, switched on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from profiles.models import MomentDefinition
from profiles.services import defining

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
LOW = {"event": "Allowance Low", "where": [{"property": "remaining_mb", "at_most": 10}]}


def wanted(trigger: Any = LOW, **changes: Any) -> defining.Wanted:
    """What a moment shall be: by default that an allowance is nearly used up."""
    said: dict[str, Any] = {
        "name": "Allowance nearly used up",
        "because": "you have {remaining_mb} MB left" if "event" in trigger else "it is time",
        "lasts": timedelta(days=2),
    }
    return defining.Wanted(trigger=trigger, **(said | changes))


def own_moment(trigger: Any = LOW, *, is_on: bool = True, **changes: Any) -> MomentDefinition:
    """Write a moment, and switch it on."""
    definition = defining.create(wanted=wanted(trigger, **changes), by=None, now=WRITTEN)
    if is_on:
        defining.switch(definition_id=definition.pk, is_on=True, by=None, now=WRITTEN)
    return definition
