"""What is known of customers: the rule of ``profiles.rules.facts.present`` as one statement of SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from profiles.models import Attribute, FactValue
from profiles.queries.agreements import stands_sql
from profiles.rules.facts import CUSTOMER, STAFF, Schema, Value, Version, value_in_words
from profiles.rules.names import AttributeType, Manner, Sensitivity

_HOLDS = """(a.holds_days IS NULL
           OR f.occurred_at > %(now)s - a.holds_days * interval '24 hours')"""


def _believed(where: str, columns: str = "", first: str = "") -> str:
    """SQL of the version that is believed of each customer and attribute.

    The conditions in their order: not taken back, not of the future, not too old (``where``), a special
    category told and agreed to, and no deletion but one since which it was told anew in person.
    """
    return f"""
    SELECT DISTINCT ON (f.customer_id, f.attribute_id) f.*, s.code AS source_code,
           s.name AS source_name{columns}
    FROM profiles_factvalue f
    JOIN profiles_attribute a ON a.id = f.attribute_id
    LEFT JOIN profiles_source s ON s.id = f.source_id
    LEFT JOIN profiles_consententry c ON c.id = f.consent_id
    WHERE f.customer_id = ANY(%(customers)s) AND f.value IS NOT NULL
      AND f.taken_back_at IS NULL AND f.occurred_at <= %(now)s
      AND {where}
      AND (a.sensitivity <> '{Sensitivity.SPECIAL}'
           OR (f.manner = '{Manner.TOLD}' AND c.customer_id = f.customer_id
               AND {stands_sql("c")}))
      AND NOT EXISTS (
          SELECT FROM profiles_factvalue d
          WHERE d.customer_id = f.customer_id AND d.attribute_id = f.attribute_id
            AND d.value IS NULL AND d.taken_back_at IS NULL AND d.occurred_at <= %(now)s
            AND NOT (f.manner = '{Manner.TOLD}'
                     AND (f.actor = '{CUSTOMER}' OR starts_with(f.actor, '{STAFF}'))
                     AND (f.occurred_at, f.id) > (d.occurred_at, d.id)))
    ORDER BY f.customer_id, f.attribute_id, {first}
             CASE WHEN f.manner = '{Manner.SEEN}' THEN 3 WHEN f.manner = '{Manner.CONCLUDED}' THEN 4
                  WHEN f.actor = '{CUSTOMER}' THEN 0 WHEN starts_with(f.actor, '{STAFF}') THEN 1
                  ELSE 2 END,
             array_position(a.outranks, s.code) NULLS LAST, f.occurred_at DESC, f.id DESC
    """


PRESENT = _believed(_HOLDS)
# Where nothing is believed any more because of its age, what was believed last; ``holds`` says which.
BELIEVED_LAST = _believed("true", f", {_HOLDS} AS holds", f"{_HOLDS} DESC,")

_KNOWN = f"""
    SELECT p.customer_id, a.code, p.value
    FROM ({PRESENT}) p JOIN profiles_attribute a ON a.id = p.attribute_id AND a.is_active
"""

# Of some attributes in use, with what shows where it came from.
_BELIEVED_OF = f"""
    SELECT p.customer_id, a.code, p.id, p.value, p.manner, p.confidence
    FROM ({_believed(f"{_HOLDS} AND a.is_active AND a.code = ANY(%(codes)s)")}) p
    JOIN profiles_attribute a ON a.id = p.attribute_id
"""

_SHEET = f"""
    WITH present AS ({PRESENT})
    SELECT a.id, a.code, a.name, a.type, a.unit, a.choices, a.purpose, a.sensitivity, a.is_for_staff,
           a.is_active, p.id, p.value, p.manner, p.actor, p.occurred_at, p.confidence,
           coalesce(p.source_name, ''), d.id, d.occurred_at, coalesce(d.actor, '')
    FROM profiles_attribute a
    LEFT JOIN present p ON p.attribute_id = a.id
    LEFT JOIN LATERAL (
        SELECT f.id, f.occurred_at, f.actor FROM profiles_factvalue f
        WHERE f.customer_id = ANY(%(customers)s) AND f.attribute_id = a.id AND p.id IS NULL
          AND f.value IS NULL AND f.taken_back_at IS NULL AND f.occurred_at <= %(now)s
        ORDER BY f.occurred_at DESC, f.id DESC LIMIT 1) d ON true
    WHERE a.is_active OR p.id IS NOT NULL OR d.id IS NOT NULL
    ORDER BY a.name, a.id
"""

_CHOSEN = """
    SELECT DISTINCT chosen FROM profiles_factvalue f
    JOIN profiles_attribute a ON a.id = f.attribute_id AND a.type IN ('choice', 'choices')
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE WHEN jsonb_typeof(f.value) = 'array' THEN f.value ELSE jsonb_build_array(f.value) END
    ) AS chosen
    WHERE f.attribute_id = %(attribute)s AND f.value IS NOT NULL
"""


@dataclass(frozen=True)
class Known:
    """An attribute with what is believed of a customer, if anything.

    ``deletion_id`` is the deletion that stands, where nothing is believed since.
    """

    attribute_id: int
    code: str
    name: str
    purpose: str
    schema: Schema
    is_for_staff: bool
    is_active: bool
    version: Version | None
    confidence: float
    source: str
    deletion_id: int | None
    deleted_at: datetime | None
    deleted_by: str

    @property
    def is_special(self) -> bool:
        return self.schema.sensitivity == Sensitivity.SPECIAL

    @property
    def words(self) -> str:
        """The value as people say it; "" where nothing is known."""
        value = self.version.value if self.version else None
        return "" if value is None else value_in_words(value, self.schema)


def schema_of(attribute: Attribute) -> Schema:
    """What decides over an attribute's values."""
    return Schema(
        type=AttributeType(attribute.type),
        unit=attribute.unit,
        choices=tuple(attribute.choices),
        sensitivity=Sensitivity(attribute.sensitivity),
        holds_days=attribute.holds_days,
        outranks=tuple(attribute.outranks),
    )


def known(customer_ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[str, Value]]:
    """Return what is believed of these customers, by code of the attribute, in one query."""
    found: dict[int, dict[str, Value]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"customers": list(customer_ids), "now": now})
        for customer_id, code, value in cursor.fetchall():
            found.setdefault(customer_id, {})[code] = json.loads(value)
    return found


@dataclass(frozen=True)
class Believed:
    """What is believed of one attribute of one customer, by the version that says it."""

    customer_id: int
    code: str
    version_id: int
    value: Value
    manner: Manner
    confidence: float


def believed(
    customer_ids: Sequence[int], codes: Sequence[str], now: datetime
) -> Sequence[Believed]:
    """Return what is believed of these attributes, of these customers, in one query."""
    params: dict[str, Any] = {"customers": list(customer_ids), "codes": list(codes), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_BELIEVED_OF, params)
        return [
            Believed(customer_id, code, key, json.loads(value), Manner(manner), confidence)
            for customer_id, code, key, value, manner, confidence in cursor.fetchall()
        ]


def sheet(customer_id: int, now: datetime) -> Sequence[Known]:
    """Return every attribute in use or with a value, and what is believed of one customer, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_SHEET, {"customers": [customer_id], "now": now})
        return [_known(row) for row in cursor.fetchall()]


def _known(row: tuple[Any, ...]) -> Known:
    attribute_id, code, name, kind, unit, choices, purpose, sensitivity, for_staff = row[:9]
    is_active, version_id, value, manner, actor, occurred_at, confidence, source = row[9:17]
    deletion_id, deleted_at, deleted_by = row[17:]
    return Known(
        attribute_id=attribute_id,
        code=code,
        name=name,
        purpose=purpose,
        schema=Schema(AttributeType(kind), unit, tuple(choices), Sensitivity(sensitivity)),
        is_for_staff=for_staff,
        is_active=is_active,
        version=Version(version_id, json.loads(value), Manner(manner), actor, occurred_at)
        if version_id
        else None,
        confidence=confidence or 0.0,
        source=source,
        deletion_id=deletion_id,
        deleted_at=deleted_at,
        deleted_by=deleted_by,
    )


def for_staff(customer_id: int, now: datetime) -> Sequence[Known]:
    """Return what staff who serve a customer should know: only what was told, never what we made of it."""
    return [
        one
        for one in sheet(customer_id, now)
        if one.is_for_staff and one.version and one.version.manner == Manner.TOLD
    ]


@dataclass(frozen=True)
class Stored:
    """How many versions of an attribute there are, and how many of them nobody told and agreed to."""

    versions: int
    unagreed: int


def stored_of(attribute_id: int) -> Stored:
    """Count what stands on an attribute."""
    versions = FactValue.objects.filter(attribute_id=attribute_id)
    unagreed = versions.filter(value__isnull=False).exclude(
        manner=Manner.TOLD, consent__isnull=False
    )
    return Stored(versions.count(), unagreed.count())


def choices_in_use(attribute_id: int) -> set[str]:
    """Return the choices that some version names."""
    with connection.cursor() as cursor:
        cursor.execute(_CHOSEN, {"attribute": attribute_id})
        return {row[0] for row in cursor.fetchall()}
