"""Who lives with a customer, and what must be minded for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from profiles.models import Customer, Identifier
from profiles.queries.agreements import stands_sql
from profiles.rules.households import person_in_words, warning_in_words
from profiles.rules.names import IdentifierKind, normal_identifier

LONGEST_CONTACT = 254

# Customers who were merged may have brought a household each: they live in all of them.
_HOUSEHOLD = f"""
    WITH home AS (
        SELECT DISTINCT household_id FROM profiles_householdmember
        WHERE customer_id = %(customer)s AND left_at IS NULL)
    SELECT m.id, m.customer_id, coalesce(c.name, m.name), m.role, m.born_on,
           w.id, w.allergen, w.text, w.told_by, w.told_at
    FROM profiles_householdmember m
    JOIN home ON home.household_id = m.household_id
    LEFT JOIN profiles_customer c ON c.id = m.customer_id
    LEFT JOIN (
        SELECT w.* FROM profiles_householdwarning w
        JOIN profiles_consententry e ON e.id = w.consent_id AND {stands_sql("e")}
        WHERE w.removed_at IS NULL) w ON w.member_id = m.id
    WHERE m.left_at IS NULL
    ORDER BY (m.customer_id = %(customer)s) DESC NULLS LAST, m.role, m.id, w.id
"""

_MINDED = f"""
    SELECT mine.customer_id, w.allergen, min(w.id)
    FROM profiles_householdmember mine
    JOIN profiles_householdmember m ON m.household_id = mine.household_id AND m.left_at IS NULL
    JOIN profiles_householdwarning w ON w.member_id = m.id AND w.removed_at IS NULL
    JOIN profiles_consententry e ON e.id = w.consent_id AND {stands_sql("e")}
    WHERE mine.customer_id = ANY(%(customers)s) AND mine.left_at IS NULL
    GROUP BY 1, 2
"""

# Who is a customer too tells the own age; it is not for decisions about others.
_AGES = """
    SELECT DISTINCT mine.customer_id, m.role, m.id, m.born_on
    FROM profiles_householdmember mine
    JOIN profiles_householdmember m ON m.household_id = mine.household_id AND m.left_at IS NULL
    WHERE mine.customer_id = ANY(%(customers)s) AND mine.left_at IS NULL
      AND m.customer_id IS DISTINCT FROM mine.customer_id
    ORDER BY 1, 3
"""


@dataclass(frozen=True)
class Warning:
    """What must be minded; ``told_by`` is the actor."""

    id: int
    allergen: str
    text: str
    told_by: str
    told_at: datetime

    @property
    def words(self) -> str:
        return warning_in_words(self.allergen, self.text)


@dataclass(frozen=True)
class Member:
    """Somebody of the household; ``customer_id`` None: no customer of ours."""

    id: int
    customer_id: int | None
    name: str
    role: str
    born_on: date | None
    is_self: bool
    warnings: Sequence[Warning]

    def words(self, day: date) -> str:
        """Name and, where it is known, age on this day."""
        return person_in_words(self.name, self.born_on, day)


def household(customer_id: int, now: datetime) -> Sequence[Member]:
    """Return who lives with a customer, themselves first, with what must be minded; in one query.

    Empty for a customer without a household. A warning is shown once for each thing to mind.
    """
    people: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HOUSEHOLD, {"customer": customer_id, "now": now})
        for row in cursor.fetchall():
            key = ("customer", row[1]) if row[1] else ("member", row[0])
            people.setdefault(key, []).append(row)
    return [_member(rows, customer_id) for rows in people.values()]


def _member(rows: Sequence[tuple[Any, ...]], customer_id: int) -> Member:
    member_id, member_customer, name, role, born_on = rows[0][:5]
    warnings: dict[tuple[str, str], Warning] = {}
    for row in rows:
        if row[5]:
            warning = Warning(*row[5:])
            warnings.setdefault((warning.allergen, warning.text), warning)
    return Member(
        id=member_id,
        customer_id=member_customer,
        name=name,
        role=role,
        born_on=born_on,
        is_self=member_customer == customer_id,
        warnings=list(warnings.values()),
    )


def known_by(contact: str, region: str) -> Customer | None:
    """Return the customer who is known by this whole e-mail address, phone or card number, if one is."""
    kinds = (IdentifierKind.EMAIL, IdentifierKind.PHONE, IdentifierKind.CARD)
    asked = Q(pk=None)
    for kind in kinds:
        value = normal_identifier(kind, contact[:LONGEST_CONTACT], region).replace("\0", "")
        asked |= Q(kind=kind, scope="", value=value)
    found = Identifier.objects.filter(asked, customer__erased_at=None).select_related("customer")
    customers = {identifier.customer_id: identifier.customer for identifier in found}
    return next(iter(customers.values())) if len(customers) == 1 else None


def minded(customer_ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[str, int]]:
    """Return what must be minded in the household of these customers, in one query.

    By allergen ("" for what was told in words alone), the key of the first warning that says so.
    """
    found: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MINDED, {"customers": list(customer_ids), "now": now})
        for customer_id, allergen, warning_id in cursor.fetchall():
            found.setdefault(customer_id, {})[allergen] = warning_id
    return found


def minded_allergens(customer_ids: Sequence[int], now: datetime) -> Mapping[int, frozenset[str]]:
    """Return what nobody in the household of these customers may be offered, in one query."""
    told = {one: frozenset(by) - {""} for one, by in minded(customer_ids, now).items()}
    return {customer_id: allergens for customer_id, allergens in told.items() if allergens}


@dataclass(frozen=True)
class Relative:
    """Somebody who lives with a customer, by role; ``born_on`` None: not told, or a customer too."""

    member_id: int
    role: str
    born_on: date | None


def relatives(customer_ids: Sequence[int]) -> Mapping[int, Sequence[Relative]]:
    """Return who lives with these customers, in one query."""
    found: dict[int, list[Relative]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_AGES, {"customers": list(customer_ids)})
        for customer_id, role, member_id, born_on in cursor.fetchall():
            found.setdefault(customer_id, []).append(Relative(member_id, role, born_on))
    return found
