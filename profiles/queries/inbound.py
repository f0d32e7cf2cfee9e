"""Events that wait to be worked off, and those that were parked, as managers see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet

from profiles.models import InboundEvent
from profiles.rules.events import REASON_IN_WORDS, Reason

# What says nothing of a person; of all else only the kind and length are shown.
_PLAIN = frozenset(
    """
    type event messageId timestamp originalTimestamp sentAt channel order_id orderId currency products
    product_id sku price quantity category affiliation total revenue version library
    """.split()
)


@dataclass(frozen=True)
class Group:
    """Parked events with one reason."""

    reason: str
    words: str
    count: int


@dataclass(frozen=True)
class Waiting:
    """How many events wait, and since when."""

    count: int
    since: datetime | None


def parked(reason: str = "") -> QuerySet[InboundEvent]:
    """Return parked events, the newest first; with a ``reason`` only those."""
    events = InboundEvent.objects.exclude(reason="").select_related("source")
    if reason:
        events = events.filter(reason=reason)
    return events.order_by("-received_at", "-pk")


def groups() -> list[Group]:
    """Count parked events by their reason."""
    counted = InboundEvent.objects.exclude(reason="").values_list("reason").annotate(n=Count("pk"))
    return [Group(code, in_words(code), n) for code, n in counted.order_by("-n", "reason")]


def waiting() -> Waiting:
    """Say how far behind the timeline is."""
    found = InboundEvent.objects.filter(reason="").aggregate(
        n=Count("pk"), since=Min("received_at")
    )
    return Waiting(found["n"], found["since"])


def in_words(reason: str) -> str:
    """Say a reason to people."""
    return REASON_IN_WORDS[Reason(reason)] if reason in set(Reason) else reason


def shown(payload: Any) -> str:
    """Write an event down without what it says of a person.

    >>> print(shown({"event": "Opened", "traits": {"email": "d@example.com"}}))
    {
      "event": "Opened",
      "traits": {
        "email": "(13 letters)"
      }
    }
    """
    return json.dumps(_masked(payload, is_plain=False), indent=2, ensure_ascii=False)


def _masked(value: Any, *, is_plain: bool) -> Any:
    if isinstance(value, dict):
        return {key: _masked(each, is_plain=key in _PLAIN) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, is_plain=is_plain) for each in value]
    if value is None or isinstance(value, bool) or is_plain:
        return value
    return f"({len(value)} letters)" if isinstance(value, str) else "(a number)"


def keys_of(events: QuerySet[InboundEvent]) -> Sequence[int]:
    return list(events.values_list("pk", flat=True))
