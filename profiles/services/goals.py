"""Goals that customers state: choices of one attribute, so that guards, rules and segments can ask for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import Attribute, Customer, Profile
from profiles.queries.facts import believed
from profiles.rules.facts import CUSTOMER
from profiles.rules.names import AttributeType, Manner
from profiles.services import noting

GOALS = "goals"
_NAME = "Goals"
_PURPOSE = "to guide you towards them, and to offer you nothing that works against them"


class GoalsTaken(DomainError):
    """The attribute of goals is switched off, or is of another type."""

    code = "goals_taken"


def offer_goal(*, name: str) -> None:
    """Let customers state this goal. Repeatable; locks the attribute of goals.

    Raises:
        GoalsTaken: nothing was written.
    """
    with transaction.atomic():
        Attribute.objects.get_or_create(
            code=GOALS,
            defaults={
                "name": _NAME,
                "type": AttributeType.CHOICES.value,
                "choices": [name],
                "purpose": _PURPOSE,
            },
        )
        held = Attribute.objects.select_for_update().get(code=GOALS)
        if held.type != AttributeType.CHOICES or not held.is_active:
            raise GoalsTaken(
                f"The attribute “{held.name}” ({GOALS}) has to be in use, and of several choices."
            )
        if name not in held.choices:
            held.choices = [*held.choices, name]
            held.save(update_fields=["choices"])


def pursue(*, customer: Customer, name: str, now: datetime) -> None:
    """Write down that the customer told us of this goal. Repeatable."""
    stated = _stated(customer, now)
    if name not in stated:
        _tell(customer, [*stated, name], now)


def give_up(*, customer: Customer, name: str, now: datetime) -> None:
    """Write down that it is no goal of theirs any more. Repeatable."""
    stated = _stated(customer, now)
    if name in stated:
        _tell(customer, [one for one in stated if one != name], now)


def _stated(customer: Customer, now: datetime) -> list[str]:
    found = believed([customer.pk], [GOALS], now)
    return list(found[0].value) if found and isinstance(found[0].value, list | tuple) else []


def _tell(customer: Customer, goals: list[str], now: datetime) -> None:
    profile = Profile.objects.filter(customer=customer).order_by("pk").first()
    if profile is None:
        return
    noting.note(
        statement=noting.Statement(
            profile_id=profile.pk,
            attribute=GOALS,
            value=goals or None,
            manner=Manner.TOLD,
            actor=CUSTOMER,
            occurred_at=now,
        ),
        now=now,
    )
