"""Corrects what stands on a customer themselves: name, language, zone, store, and by what they are found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import Customer, Identifier
from profiles.rules.names import folded
from profiles.services import identifying

CHANGEABLE = frozenset({"name", "language", "time_zone", "home_place"})
_LONGEST_NAME = 200


class IdentifierUnknown(DomainError):
    """This customer is not known by it."""

    code = "identifier_unknown"


def correct(*, customer: Customer, values: Mapping[str, Any]) -> Customer:
    """Set some of ``CHANGEABLE``, and return the customer as they are now.

    Locks the customer. Repeatable. What was shown of somebody merged into them and is written anew is their
    own from now on.

    Raises:
        CustomerTimeZoneUnknown: nothing was changed.
    """
    identifying.check_zone(values.get("time_zone", ""))
    with transaction.atomic():
        held = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        for name in values.keys() & CHANGEABLE:
            setattr(held, name, values[name])
        if "name" in values:
            held.name = " ".join(values["name"].split())[:_LONGEST_NAME]
            held.search_name = folded(held.name)[:_LONGEST_NAME]
        own = {_column(name) for name in values} | ({"search_name"} if "name" in values else set())
        held.borrowed = [column for column in held.borrowed if column not in own]
        held.save(update_fields=[*(values.keys() & CHANGEABLE), "search_name", "borrowed"])
    return held


def _column(name: str) -> str:
    return "home_place_id" if name == "home_place" else name


def remove_identifier(*, customer: Customer, identifier_id: int) -> None:
    """Let a customer be found by this no longer.

    Raises:
        IdentifierUnknown: they are not.
    """
    with transaction.atomic():
        _held(customer, identifier_id).delete()


def verify_identifier(*, customer: Customer, identifier_id: int, now: datetime) -> Identifier:
    """Write down that it was proven to be theirs, and works. Repeatable: the first time stands.

    Raises:
        IdentifierUnknown: they are not found by it.
    """
    with transaction.atomic():
        held = _held(customer, identifier_id)
        if held.verified_at is None or held.bounced_at is not None:
            held.verified_at, held.bounced_at = held.verified_at or now, None
            held.save(update_fields=["verified_at", "bounced_at"])
    return held


def _held(customer: Customer, identifier_id: int) -> Identifier:
    held = Identifier.objects.select_for_update().filter(pk=identifier_id, customer=customer)
    identifier = held.first()
    if identifier is None:
        raise IdentifierUnknown("This customer is not known by it.")
    return identifier
