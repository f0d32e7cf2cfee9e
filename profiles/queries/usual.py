"""What is usual for a customer, at a door now or on the customer's own page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from profiles.rules import usual
from profiles.rules.usual import MOST_VISITS, NoUsual, Now, Usual, Visits

EPOCH = date(1970, 1, 1)
# Older habits say little of today, whoever had them.
LOOK_BACK = timedelta(days=400)

# Each visit in the local time of where it was; charges and returns are nobody's usual.
_VISITS = """
    SELECT v.id, v.place_id, v.local::date - DATE '1970-01-01',
           extract(epoch FROM v.local::time)::int, p.id, COALESCE(NULLIF(p.name, ''), p.code)
    FROM (
        SELECT b.id, COALESCE(b.place_id, 0) AS place_id, b.occurred_at,
               b.occurred_at AT TIME ZONE COALESCE(NULLIF(s.time_zone, ''), %(zone)s) AS local
        FROM profiles_purchase b LEFT JOIN profiles_place s ON s.id = b.place_id
        WHERE b.customer_id = %(customer)s
          AND b.occurred_at <= %(now)s AND b.occurred_at > %(from)s
        ORDER BY b.occurred_at DESC, b.id DESC LIMIT %(most)s
    ) v
    JOIN profiles_purchaseline l ON l.purchase_id = v.id AND l.quantity > 0
    JOIN profiles_product p ON p.id = l.product_id AND p.kind = 'goods'
    ORDER BY v.occurred_at, v.id, p.id
"""


@dataclass(frozen=True)
class UsualNow:
    """The usual in words; ``name`` is empty where there honestly is none, and ``why`` says so."""

    name: str
    why: str
    chance: float = 0.0
    product_id: int = 0
    taken_today: bool = False


@dataclass(frozen=True)
class _Past:
    visits: Visits
    names: Mapping[int, str]


def usual_now(
    *, customer_id: int, place_id: int, zone: ZoneInfo, company_zone: ZoneInfo, now: datetime
) -> UsualNow:
    """Name what this customer usually takes at this hour; one query."""
    past = _past(customer_id, company_zone, now)
    local = now.astimezone(zone)
    if not len(past.visits):
        return UsualNow("", "None: no purchases of the last year are known.")
    today = (local.date() - EPOCH).days
    found = usual.the_usual(past.visits, Now(today, local.hour + local.minute / 60, place_id))
    if isinstance(found, NoUsual):
        return UsualNow("", usual.why_none(found))
    return _in_words(found, past, today)


def usuals(*, customer_id: int, company_zone: ZoneInfo, now: datetime) -> Sequence[UsualNow]:
    """Name the usual of working days and of weekends, each at the hour of most visits; one query."""
    past = _past(customer_id, company_zone, now)
    found = (
        usual.the_usual(past.visits, at) for at in _favourite_times(past.visits, now, company_zone)
    )
    named = {one.product: one for one in found if isinstance(one, Usual)}
    return [_in_words(one, past, -1) for one in named.values()]


def _favourite_times(visits: Visits, now: datetime, zone: ZoneInfo) -> Iterable[Now]:
    today = (now.astimezone(zone).date() - EPOCH).days
    for weekend in (False, True):
        hours = visits.hour[usual.is_weekend(visits.day) == weekend]
        if len(hours):
            day = next(
                d for d in range(today, today + 7) if usual.is_weekend(np.array([d]))[0] == weekend
            )
            yield Now(day, usual.busiest_hour(hours))


def _in_words(found: Usual, past: _Past, today: int) -> UsualNow:
    visits = past.visits
    taken = visits.day[visits.line_visit[visits.line_product == found.product]]
    return UsualNow(
        name=past.names[found.product],
        why=usual.why(found),
        chance=found.chance,
        product_id=found.product,
        taken_today=bool((taken == today).any()),
    )


def _past(customer_id: int, zone: ZoneInfo, now: datetime) -> _Past:
    params: dict[str, Any] = {
        "customer": customer_id,
        "zone": zone.key,
        "now": now,
        "from": now - LOOK_BACK,
        "most": MOST_VISITS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VISITS, params)
        rows = cursor.fetchall()
    ids = [row[0] for row in rows]
    first = [n for n, purchase in enumerate(ids) if n == 0 or ids[n - 1] != purchase]
    visits = Visits(
        day=np.array([rows[n][2] for n in first], dtype=np.int64),
        hour=np.array([rows[n][3] / 3600 for n in first], dtype=np.float64),
        place=np.array([rows[n][1] for n in first], dtype=np.int64),
        line_visit=np.cumsum(np.isin(np.arange(len(rows)), first), dtype=np.int64) - 1,
        line_product=np.array([row[4] for row in rows], dtype=np.int64),
    )
    return _Past(visits, {row[4]: row[5] for row in rows})
