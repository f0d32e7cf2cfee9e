"""Moments of minutes: a visit at a counter, an arrival at a place, a basket that is being filled.

Where somebody is was kept with their consent to location alone; it is asked again here, so that a
no between the event and the decision wins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cxportal.lib.registry import Days, Found, Longs, Occurrences
from profiles.models import ConsentEntry, Place, Product
from profiles.queries.companions import companions_of
from profiles.queries.company import company, company_day
from profiles.queries.due import product_names
from profiles.rules.at_hand import (
    ARRIVAL_LIKELIHOOD,
    BASKET,
    BASKET_LIKELIHOOD,
    VALID,
    VISIT_LIKELIHOOD,
    Put,
    in_basket,
    is_arrival,
    is_at_hand,
    says_where,
)
from profiles.rules.companions import Beside, beside
from profiles.rules.names import Channel, Purpose, TouchpointKind

VISIT_MOMENT, ARRIVAL_MOMENT, BASKET_MOMENT = "visit_now", "arrival", "basket"
MOST_NAMED = 5
# Some more than will be said, as guards may hold back the closest.
MOST_COMPANIONS = 5

# The newest first; of each customer some dozens at most are of the last minutes.
_LATELY = """
    SELECT t.customer_id, t.kind, t.name, t.place_id, coalesce(p.name, ''), coalesce(p.time_zone, ''),
           coalesce(t.data ->> 'product', ''), t.occurred_at
    FROM profiles_touchpoint t LEFT JOIN profiles_place p ON p.id = t.place_id
    WHERE t.customer_id = ANY(%(ids)s) AND t.occurred_at > %(since)s AND t.occurred_at <= %(now)s
      AND (t.place_id IS NOT NULL OR lower(t.name) = ANY(%(basket)s))
    ORDER BY t.customer_id, t.occurred_at DESC, t.id DESC
"""
_ORDERED = """
    SELECT customer_id, max(occurred_at) FROM profiles_purchase
    WHERE customer_id = ANY(%(ids)s) AND occurred_at > %(since)s AND occurred_at <= %(now)s
    GROUP BY customer_id
"""

Row = tuple[int, str, str, int | None, str, str, str, datetime]


def visits(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find who came to a counter within the last minutes."""
    found = _places(customer_ids, now, lambda row: row[1] == TouchpointKind.VISIT)
    return Occurrences.of(found, likelihood=VISIT_LIKELIHOOD)


def arrivals(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find who came to a place within the last minutes, as their device or our beacon says."""
    found = _places(customer_ids, now, lambda row: is_arrival(row[2]))
    return Occurrences.of(found, likelihood=ARRIVAL_LIKELIHOOD)


@dataclass(frozen=True)
class Carried:
    """A product that lies in a basket."""

    id: int
    name: str
    category_id: int | None


def baskets(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find who put something into a basket within the last minutes and has not bought since.

    Each is about a product that goes with the basket, the closest first; where none is known, about none.
    """
    lie = {
        customer: [(one.id, one.name) for one in carried]
        for customer, carried in in_baskets(customer_ids, now).items()
    }
    learned = companions_of({product for basket in lie.values() for product, _ in basket})
    wanted = {
        customer: beside(
            [product for product, _ in basket],
            [row for product, _ in basket for row in learned.get(product, ())],
            MOST_COMPANIONS,
        )
        for customer, basket in lie.items()
    }
    names = product_names([one.product for found in wanted.values() for one in found])
    today = company_day(now)
    found, chances = [], []
    for customer, basket in lie.items():
        goes_with: Sequence[Beside | None] = wanted[customer] or [None] * bool(basket)
        for one in goes_with:
            facts = _basket_facts(basket, one, names)
            found.append(Found(customer, one.product if one else 0, today, today, facts))
            chances.append(one.chance if one else BASKET_LIKELIHOOD)
    return Occurrences.of(found, likelihood=np.array(chances, dtype=np.float64))


def in_baskets(customer_ids: Sequence[int], now: datetime) -> Mapping[int, Sequence[Carried]]:
    """What lies in the baskets of these customers, of what the catalogue knows, what was put in last first."""
    rows = [row for row in _lately(customer_ids, now) if row[2].lower() in BASKET]
    ordered = dict(_read(_ORDERED, customer_ids, now)) if rows else {}
    put = {
        customer: in_basket(
            Put(row[2].lower(), row[6], row[7])
            for row in of_one
            if customer not in ordered or row[7] > ordered[customer]
        )
        for customer, of_one in groupby(rows, key=lambda row: row[0])
    }
    known = _carried({one.code for basket in put.values() for one in basket})
    found = {
        customer: [known[one.code] for one in basket if one.code in known]
        for customer, basket in put.items()
    }
    return {customer: carried for customer, carried in found.items() if carried}


def _basket_facts(
    basket: Sequence[tuple[int, str]], one: Beside | None, names: Mapping[int, str]
) -> Mapping[str, Any]:
    """What lies in the basket, and what is known of the companion; "" and 0 where there is none."""
    return {
        "basket": [name for _, name in basket[:MOST_NAMED]],
        "companion": names[one.product] if one else "",
        "beside": dict(basket)[one.beside] if one else "",
        "together": one.together if one else 0,
        "baskets": one.baskets if one else 0,
    }


# Who did what an urgent moment waits for, what is at hand, or came to a place, is awake.
_AWAKE = """
    SELECT t.customer_id, t.kind, t.name, t.place_id IS NOT NULL
    FROM profiles_touchpoint t
    WHERE t.customer_id = ANY(%(ids)s) AND t.occurred_at > %(since)s AND t.occurred_at <= %(now)s
"""


def awake(customer_ids: Sequence[int], names: Collection[str], now: datetime) -> set[int]:
    """Of these customers, those who did something within the last minutes: quiet hours hold nothing urgent back.

    ``names`` are events, in small letters, that say so besides what is at hand anyway.
    """
    rows = _read(_AWAKE, customer_ids, now) if customer_ids else []
    return {
        customer
        for customer, kind, name, has_place in rows
        if name.lower() in names or is_at_hand(kind, name, has_place=has_place)
    }


def nobody(now: datetime) -> Iterable[int]:
    """No plan of a morning waits for what lasts minutes: events bring it."""
    return ()


def place_names(ids: Sequence[int]) -> Mapping[int, str]:
    """Name places for people."""
    return dict(Place.objects.filter(pk__in=ids).values_list("pk", "name"))


def _places(
    customer_ids: Sequence[int], now: datetime, is_coming: Callable[[Row], bool]
) -> list[Found]:
    """The newest event about a place of each customer, where it says that they came."""
    rows = [row for row in _lately(customer_ids, now) if row[3] and says_where(row[1], row[2])]
    newest = [next(of_one) for _, of_one in groupby(rows, key=lambda row: row[0])]
    come = [row for row in newest if is_coming(row)]
    agreeing = (
        ConsentEntry.objects.granting([row[0] for row in come], Purpose.LOCATION, Channel.NONE, now)
        if come
        else set()
    )
    today, house = company_day(now), company().time_zone
    return [
        Found(
            customer_id=row[0],
            subject_id=row[3] or 0,
            cycle=today,
            until=today,
            facts={
                "place": row[4],
                "at": f"{row[7].astimezone(ZoneInfo(row[5] or house)):%H:%M}",
            },
        )
        for row in come
        if row[0] in agreeing
    ]


def _lately(customer_ids: Sequence[int], now: datetime) -> list[Row]:
    return _read(_LATELY, customer_ids, now, basket=list(BASKET))


def _read(query: str, customer_ids: Sequence[int], now: datetime, **more: Any) -> list[Any]:
    scope: dict[str, Any] = {"ids": list(customer_ids), "since": now - VALID, "now": now, **more}
    with connection.cursor() as cursor:
        cursor.execute(query, scope)
        rows: list[Any] = cursor.fetchall()
    return rows


def _carried(codes: set[str]) -> dict[str, Carried]:
    if not codes:
        return {}
    found = Product.objects.filter(code__in=codes).values_list("pk", "code", "name", "category_id")
    return {code: Carried(pk, name or code, category) for pk, code, name, category in found}


# --- over -----------------------------------------------------------------------------------------


def over(
    detect: Callable[[Sequence[int], datetime], Occurrences],
) -> Callable[[Longs, Longs, Days, datetime], NDArray[np.str_]]:
    """Say which moments of minutes have passed: whatever is not found any more came too late."""

    def ended(customers: Longs, subjects: Longs, cycles: Days, now: datetime) -> NDArray[np.str_]:
        found = detect(customers.tolist(), now)
        open_now = set(zip(found.customer_id.tolist(), found.subject_id.tolist(), strict=True))
        asked = zip(customers.tolist(), subjects.tolist(), strict=True)
        return np.array(["" if one in open_now else "too_late" for one in asked], dtype=np.str_)

    return ended
