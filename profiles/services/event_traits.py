"""Keeps what identify events say of people: their names, and facts where managers made an attribute for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from profiles.models import Attribute
from profiles.rules.events import EventType, person_name
from profiles.rules.names import Manner, folded
from profiles.services import noting
from profiles.services.event_rows import Row

# These have columns of their own, or lead to the person.
_NOT_FACTS = frozenset({"email", "phone", "name", "first_name", "last_name", "id"})
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# By event, which facts were not kept and why.
Untold = Mapping[int, Mapping[str, str]]


def tell(*, rows: Sequence[Row], now: datetime) -> Untold:
    """Keep names and facts; return what was refused, by event and attribute, as codes.

    A name is kept where the customer has none: what staff or the customer wrote is not overwritten.
    """
    told = [row for row in rows if row.event.type == EventType.IDENTIFY and row.event.traits]
    if not told:
        return {}
    _name(told)
    return _note(told, now)


def attribute_code(trait: str) -> str:
    """Bring the name of a trait into the form of an attribute's code.

    >>> attribute_code("ownsCar"), attribute_code("Smoke free")
    ('owns_car', 'smoke_free')
    """
    return re.sub(r"[^a-z0-9]+", "_", _CAPITAL.sub("_", trait).lower()).strip("_")


def _name(rows: Sequence[Row]) -> None:
    keep_names(names={row.profile_id: person_name(row.event.traits) for row in rows})


def keep_names(*, names: Mapping[int, str]) -> set[int]:
    """Keep the names that profiles were told by, where their customers have none; return whose were new.

    Runs in the transaction of its caller.
    """
    known = [(profile, name) for profile, name in names.items() if name]
    if not known:
        return set()
    columns: list[list[Any]] = [
        [profile for profile, _ in known],
        [name for _, name in known],
        [folded(name)[:200] for _, name in known],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_OWN_NAME, columns)
        named = {profile for (profile,) in cursor.fetchall()}
        cursor.execute(_LENT_NAME, columns)
    return named


# The customer that the profile was made with keeps the name, so that it stays theirs when a merge is undone.
_OWN_NAME = """
    UPDATE profiles_customer c
       SET name = n.name, search_name = n.search_name,
           borrowed = array_remove(array_remove(c.borrowed, 'name'), 'search_name')
      FROM unnest(%s::bigint[], %s::text[], %s::text[]) n (profile, name, search_name)
      JOIN profiles_profile p ON p.id = n.profile
     WHERE c.id = p.home_customer_id AND (c.name = '' OR 'name' = ANY (c.borrowed))
       AND c.erased_at IS NULL
 RETURNING n.profile
"""
_LENT_NAME = """
    UPDATE profiles_customer c
       SET name = n.name, search_name = n.search_name,
           borrowed = c.borrowed || ARRAY['name', 'search_name']::varchar[]
      FROM unnest(%s::bigint[], %s::text[], %s::text[]) n (profile, name, search_name)
      JOIN profiles_profile p ON p.id = n.profile
     WHERE c.id = p.customer_id AND c.id <> p.home_customer_id AND c.name = '' AND c.erased_at IS NULL
"""


def _note(rows: Sequence[Row], now: datetime) -> Untold:
    said = [
        (row, attribute_code(trait), _plain(value))
        for row in rows
        for trait, value in row.event.traits.items()
        if value is not None
    ]
    codes = {code for _, code, _ in said} - _NOT_FACTS
    kept = set(
        Attribute.objects.filter(code__in=codes, is_active=True).values_list("code", flat=True)
    )
    stated = [(row, code, value) for row, code, value in said if code in kept]
    if not stated:
        return {}
    noted = noting.note_all(
        statements=[
            noting.Statement(
                profile_id=row.profile_id,
                attribute=code,
                value=value,
                manner=Manner.TOLD,
                actor=f"api:{row.source_code}"[:60],
                occurred_at=row.event.occurred_at,
                source_id=row.source_id,
            )
            for row, code, value in stated
        ],
        now=now,
    )
    untold: dict[int, dict[str, str]] = {}
    for place, error in noted.refused.items():
        row, code, _ = stated[place]
        untold.setdefault(row.id, {})[code] = error.code
    return untold


_ADDRESS = ("street", "postalCode", "postal_code", "city", "state", "country")


def _plain(value: Any) -> Any:
    """Write an address, the one trait that clients send in parts, in one line."""
    if not isinstance(value, dict):
        return value
    parts = [str(value[key]).strip() for key in _ADDRESS if isinstance(value.get(key), str | int)]
    return ", ".join(filter(None, parts)) or None
