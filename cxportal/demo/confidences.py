"""What people of the stories told the house beside buying: a household with an allergy, facts, a wish."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from cxportal.demo import story_people
from cxportal.demo.enrolling import customer_of
from profiles.models import Attribute, Customer
from profiles.rules.names import Allergen, Manner, MemberRole
from profiles.rules.purposes import WARNINGS_WORDING
from profiles.services import households, noting, telling

AIDENS_AGE_DAYS = 6 * 365 + 200
# Of whom, which attribute, what, and by whom it was told; what was seen and concluded comes after.
TOLD = (
    (story_people.DOLORES, "name_said", "doh-LOR-es", "customer"),
    (story_people.DOLORES, "birthday", "1986-05-17", "customer"),
    (story_people.EVERY_SIX_WEEKS, "diet", "vegetarian", "customer"),
    (story_people.EVERY_SIX_WEEKS, "newspaper", "The Times", "staff"),
    (story_people.DETERGENT, "owns_car", False, "customer"),
)
NOTICED = (
    (story_people.DOLORES, "drinks_coffee", True, Manner.SEEN, 1.0),
    (story_people.DOLORES, "owns_car", True, Manner.CONCLUDED, 0.6),
    (story_people.EVERY_SIX_WEEKS, "drinks_coffee", True, Manner.SEEN, 1.0),
)


def confide(*, today: date, staff_id: int, now: datetime) -> None:
    """Let them tell it, at a time when all of them are customers already."""
    _tell_of_aiden(today, now)
    in_use = {row.code: row for row in Attribute.objects.filter(is_active=True)}
    for code, attribute, value, by in TOLD:
        if attribute in in_use:
            actor = f"staff:{staff_id}" if by == "staff" else by
            told = telling.Told(customer_of(code), "counter", actor, now)
            telling.tell_fact(told=told, attribute=in_use[attribute], value=value)
    noting.note_all(
        statements=[
            _noticed(customer_of(code), attribute, value, manner, sure, now)
            for code, attribute, value, manner, sure in NOTICED
            if attribute in in_use
        ],
        now=now,
    )


def _tell_of_aiden(today: date, now: datetime) -> None:
    """S02: Aiden is in Dolores' household, with a nut allergy."""
    dolores = customer_of(story_people.DOLORES)
    aiden = households.add_person(
        customer=dolores,
        name="Aiden",
        role=MemberRole.CHILD,
        born_on=today - timedelta(days=AIDENS_AGE_DAYS),
        by="customer",
        now=now,
    )
    told = telling.Told(dolores, "page", "customer", now, agreed_to=WARNINGS_WORDING)
    telling.tell_warning(told=told, member_id=aiden.pk, allergen=Allergen.NUTS)


def _noticed(
    customer: Customer, attribute: str, value: Any, manner: Manner, sure: float, now: datetime
) -> noting.Statement:
    return noting.Statement(
        profile_id=customer.profiles.order_by("pk")[0].pk,
        attribute=attribute,
        value=value,
        manner=manner,
        actor="rule:purchases",
        occurred_at=now,
        confidence=sure,
    )
