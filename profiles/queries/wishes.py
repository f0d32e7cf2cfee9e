"""What many customers wish, as a list at a counter shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from profiles.queries.facts import PRESENT
from profiles.rules.facts import Schema, value_in_words
from profiles.rules.names import AttributeType, Manner, Sensitivity

# Only what was told, never what we made of it.
_WISHES = f"""
    SELECT p.customer_id, a.name, p.value, a.type, a.unit, a.choices, a.sensitivity
    FROM ({PRESENT}) p
    JOIN profiles_attribute a ON a.id = p.attribute_id AND a.is_active AND a.is_for_staff
    WHERE p.manner = '{Manner.TOLD}'
    ORDER BY p.customer_id, a.name, a.id
"""


def wishes_of(customer_ids: Sequence[int], now: datetime) -> Mapping[int, Sequence[str]]:
    """Return what staff should know of these customers, as "Newspaper: Le Monde", in one query."""
    found: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_WISHES, {"customers": list(customer_ids), "now": now})
        for customer_id, name, value, kind, unit, choices, sensitivity in cursor.fetchall():
            schema = Schema(AttributeType(kind), unit, tuple(choices), Sensitivity(sensitivity))
            words = value_in_words(json.loads(value), schema)
            found.setdefault(customer_id, []).append(f"{name}: {words}")
    return found
