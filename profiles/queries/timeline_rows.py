"""The share of profiles in a customer's timeline: purchases, touchpoints, consents, facts, orders ahead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from cxportal.lib.timeline import NEWEST, OF_SOURCE, WINDOW, Item, Slice, rows
from profiles.queries.company import company
from profiles.rules.facts import Schema, value_in_words
from profiles.rules.happenings import (
    bought_in_words,
    came_in_words,
    consented_in_words,
    door_in_words,
    learned_in_words,
    origin_of,
    properties_in_words,
    touched_in_words,
)
from profiles.rules.names import AttributeType, Sensitivity
from profiles.rules.telling import amount_in_words

_PURCHASES = f"""
    SELECT b.occurred_at, b.id, s.name, coalesce(p.name, ''), l.names, l.amount, l.is_return
    FROM (SELECT * FROM profiles_purchase x WHERE {WINDOW} AND {OF_SOURCE} {NEWEST}) b
    JOIN profiles_source s ON s.id = b.source_id
    LEFT JOIN profiles_place p ON p.id = b.place_id
    CROSS JOIN LATERAL (
        SELECT array_agg(coalesce(nullif(a.name, ''), a.code) ORDER BY a.kind DESC, g.id) AS names,
               sum(g.quantity * g.unit_price_minor) AS amount, bool_and(g.quantity < 0) AS is_return
        FROM profiles_purchaseline g JOIN profiles_product a ON a.id = g.product_id
        WHERE g.purchase_id = b.id) l
    ORDER BY b.occurred_at DESC, b.id DESC
"""

_TOUCHPOINTS = f"""
    SELECT t.occurred_at, t.id, s.name, coalesce(p.name, ''), t.kind, t.name, t.data, t.origin_url
    FROM (SELECT * FROM profiles_touchpoint x WHERE {WINDOW} AND {OF_SOURCE} {NEWEST}) t
    JOIN profiles_source s ON s.id = t.source_id
    LEFT JOIN profiles_place p ON p.id = t.place_id
    ORDER BY t.occurred_at DESC, t.id DESC
"""

_CONSENTS = f"""
    SELECT x.occurred_at, x.id, x.door, x.state, x.purpose, x.channel
    FROM profiles_consententry x WHERE {WINDOW} {NEWEST}
"""

# Of a special category only that it was told: the value is for those whom it was told for.
_FACTS = f"""
    SELECT f.occurred_at, f.id, coalesce(s.name, ''), f.actor, f.manner, a.name,
           CASE WHEN a.sensitivity = '{Sensitivity.SPECIAL}' THEN NULL ELSE f.value END,
           f.value IS NULL, f.taken_back_at IS NOT NULL, a.type, a.unit, a.choices, a.sensitivity
    FROM (SELECT * FROM profiles_factvalue x WHERE {WINDOW} AND {OF_SOURCE} {NEWEST}) f
    JOIN profiles_attribute a ON a.id = f.attribute_id
    LEFT JOIN profiles_source s ON s.id = f.source_id
    ORDER BY f.occurred_at DESC, f.id DESC
"""

_PICKUPS = f"""
    SELECT x.occurred_at, x.id, x.source, x.kind, x.state, x.place,
           coalesce(nullif(x.what, ''), (
               SELECT string_agg(coalesce(nullif(a.name, ''), a.code), ', ' ORDER BY l.id)
               FROM profiles_pickupline l JOIN profiles_product a ON a.id = l.product_id
               WHERE l.pickup_id = x.pickup_id)),
           x.wish, x.pickup_id
    FROM (SELECT e.occurred_at, e.id, k.customer_id, k.source_id, s.name AS source, k.kind, e.state,
                 p.name AS place, k.resource AS what, k.wish, k.id AS pickup_id
          FROM profiles_pickup k
          JOIN profiles_pickupevent e ON e.pickup_id = k.id
          JOIN profiles_source s ON s.id = k.source_id
          JOIN profiles_place p ON p.id = k.place_id) x
    WHERE {WINDOW} AND {OF_SOURCE} {NEWEST}
"""


def purchases(part: Slice) -> Sequence[Item]:
    """Load what was bought and brought back; two queries with the company's currency."""
    currency = company().currency
    return [
        Item(
            at,
            number,
            source,
            bought_in_words(names or [], is_return=bool(is_return), place=place),
            amount_in_words(round(amount or 0), currency),
            reverse("admin:profiles_purchase_change", args=[number]),
        )
        for at, number, source, place, names, amount, is_return in rows(_PURCHASES, part)
    ]


def touchpoints(part: Slice) -> Sequence[Item]:
    """Load what was done and met; a link leads to the system that it came from."""
    return [
        Item(
            at,
            number,
            source,
            touched_in_words(kind, name, place),
            properties_in_words(_loaded(data)),
            origin_of(url),
        )
        for at, number, source, place, kind, name, data, url in rows(_TOUCHPOINTS, part)
    ]


def consents(part: Slice) -> Sequence[Item]:
    """Load what was agreed to and taken back."""
    return [
        Item(
            at,
            number,
            door_in_words(door),
            consented_in_words(state, purpose, channel),
            href=reverse("admin:profiles_consententry_change", args=[number]),
        )
        for at, number, door, state, purpose, channel in rows(_CONSENTS, part)
    ]


def facts(part: Slice) -> Sequence[Item]:
    """Load how facts changed."""
    return [_fact(row) for row in rows(_FACTS, part)]


def _fact(row: tuple[Any, ...]) -> Item:
    at, number, source, actor, manner, name, value, is_gone, is_back = row[:9]
    kind, unit, choices, sensitivity = row[9:]
    schema = Schema(AttributeType(kind), unit, tuple(choices), Sensitivity(sensitivity))
    words = "" if value is None else value_in_words(json.loads(value), schema)
    return Item(
        at,
        number,
        source or _by(actor),
        learned_in_words(manner, name, None if is_gone else words, is_back=is_back),
    )


def _by(actor: str) -> str:
    """Name who said it where no source did."""
    who = actor.partition(":")[0]
    return {"customer": "Customer", "staff": "Staff", "rule": "Learned"}.get(
        who, door_in_words(who)
    )


def pickups(part: Slice) -> Sequence[Item]:
    """Load what became of orders ahead, stays and bookings."""
    return [
        Item(
            at,
            number,
            source,
            came_in_words(kind, state, place),
            ", ".join(filter(None, [what, wish])),
            reverse("admin:profiles_pickup_change", args=[pickup]),
        )
        for at, number, source, kind, state, place, what, wish, pickup in rows(_PICKUPS, part)
    ]


def _loaded(data: Any) -> dict[str, Any]:
    loaded = json.loads(data) if isinstance(data, str) else data
    return loaded if isinstance(loaded, dict) else {}
