"""Attributes, statements and agreements for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from profiles.models import Attribute, Customer, FactValue, HouseholdMember
from profiles.rules.names import Allergen, AttributeType, Manner, MemberRole
from profiles.rules.purposes import WARNINGS_WORDING, special_wording
from profiles.services import households, noting, telling


class AttributeFactory(DjangoModelFactory):
    class Meta:
        model = "profiles.Attribute"

    code = factory.Sequence(lambda n: f"attribute-{n}")
    name = factory.Sequence(lambda n: f"Attribute {n}")
    type = AttributeType.TEXT
    purpose = "to serve you well"


def attribute(code: str) -> Attribute:
    """Return one of the attributes that every installation begins with."""
    return Attribute.objects.get(code=code)


def told(customer: Customer, now: datetime, **changes: Any) -> telling.Told:
    """Let the customer speak on their page."""
    return telling.Told(customer, "page", "customer", now, **changes)


def tell(customer: Customer, code: str, value: Any, now: datetime) -> FactValue:
    """Let the customer tell one fact, and agree where that is needed."""
    one = attribute(code)
    sentence = special_wording(one.name, one.purpose) if one.sensitivity == "special" else ""
    return telling.tell_fact(
        told=told(customer, now, agreed_to=sentence), attribute=one, value=value
    )


def note(customer: Customer, code: str, value: Any, now: datetime, **changes: Any) -> FactValue:
    """Write down what somebody else says; by default what we concluded."""
    said: dict[str, Any] = {
        "profile_id": customer.profiles.order_by("pk")[0].pk,
        "attribute": code,
        "value": value,
        "manner": Manner.CONCLUDED,
        "actor": "rule:baskets",
        "occurred_at": now,
        "confidence": 0.7,
    }
    return noting.note(statement=noting.Statement(**(said | changes)), now=now)


def child(
    customer: Customer, now: datetime, name: str = "Aiden", **changes: Any
) -> HouseholdMember:
    """Put a child into the customer's household."""
    said = {"role": MemberRole.CHILD, "by": "customer"} | changes
    return households.add_person(customer=customer, name=name, now=now, **said)


def warn_of(
    customer: Customer,
    now: datetime,
    member: HouseholdMember | None = None,
    allergen: Allergen | None = Allergen.NUTS,
    text: str = "",
) -> Any:
    """Let the customer tell of an allergy, with the yes that it needs."""
    return telling.tell_warning(
        told=told(customer, now, agreed_to=WARNINGS_WORDING),
        member_id=member.pk if member else None,
        allergen=allergen,
        text=text,
    )
