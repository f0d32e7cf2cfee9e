"""Rules and offers for tests: written by their services, switched on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from campaigns.models import Offer, Rule
from campaigns.rules.codes import Door
from campaigns.rules.offers import OfferKind, Weight
from campaigns.services import offering, ruling

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
CAR = {"fact": "owns_car", "is": True}


def rule(
    condition: Any, terms: Any, weight: str = "fits", *, name: str = "A rule", is_on: bool = True
) -> Rule:
    """Write a rule."""
    wanted = ruling.Wanted(name, condition, terms, Weight(weight))
    return ruling.create(wanted=wanted, is_on=is_on, by=None, now=WRITTEN)


def wanted_offer(terms: Any, **said: Any) -> offering.Wanted:
    """What an offer shall say: to who comes to a counter, at every door, worth two plain messages."""
    given: dict[str, Any] = {
        "name": "An offer",
        "kind": OfferKind.OFFER,
        "condition": None,
        "moments": ["visit_now"],
        "doors": list(Door),
        "value_customer": 1.0,
        "value_house": 1.0,
        "cost": 0.0,
        "starts_at": WRITTEN,
        "counter_words": "20 % off today",
        "mail_subject": "{{ product.name }}",
        "mail_text": "Hello,\n\n{{ reason }}.",
    }
    return offering.Wanted(terms=terms, **given | said)


def offer(terms: Any, *, stock: int | None = None, is_on: bool = True, **said: Any) -> Offer:
    """Write an offer."""
    wanted = wanted_offer(terms, **said)
    return offering.create(wanted=wanted, stock=stock, is_on=is_on, by=None, now=WRITTEN)
