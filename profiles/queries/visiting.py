"""Moments of coming back: who stays away from their own rhythm, and who has come only once.

What was learned says when (``profiles.rules.visiting``); whether somebody came since is asked of the purchases
and visits themselves. Running low at home is not found here: ``queries.due`` knows how long a pack lasts,
and that two last longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cxportal.lib.registry import Days, Found, Longs, Occurrences
from profiles.queries.company import company_day, company_zone

AWAY_MOMENT = "stays_away"
NEWCOMER_MOMENT = "second_visit"

_AWAY, _NEWCOMER = "r.visits > 1", "r.visits = 1"
_CAME_SINCE = """
    EXISTS (SELECT FROM profiles_purchase p WHERE p.customer_id = {customer}
            AND p.occurred_at >= ({day} + 1)::timestamp AT TIME ZONE %(zone)s AND p.occurred_at <= %(now)s)
    OR EXISTS (SELECT FROM profiles_touchpoint t WHERE t.customer_id = {customer} AND t.kind = 'visit'
               AND t.occurred_at >= ({day} + 1)::timestamp AT TIME ZONE %(zone)s AND t.occurred_at <= %(now)s)
"""
_DETECT = f"""
    SELECT r.customer_id, r.visits, r.last_on, r.rhythm_days, r.opens_on, r.closes_on, r.likelihood
    FROM profiles_visitrhythm r
    WHERE r.customer_id = ANY(%(ids)s) AND {{who}}
      AND r.opens_on <= %(today)s AND r.closes_on >= %(today)s
      AND NOT ({_CAME_SINCE.format(customer="r.customer_id", day="r.last_on")})
    ORDER BY r.customer_id
"""
_AWAITED = """
    SELECT r.customer_id FROM profiles_visitrhythm r
    WHERE {who} AND r.opens_on <= %(today)s AND r.closes_on >= %(today)s ORDER BY 1
"""
_ENDED = f"""
    SELECT {_CAME_SINCE.format(customer="c.customer", day="c.cycle")}
    FROM unnest(%(customers)s::bigint[], %(cycles)s::date[]) WITH ORDINALITY AS c(customer, cycle, n)
    ORDER BY c.n
"""


def away(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find who has not come for three of their own rhythms: once for each absence."""
    return _found(customer_ids, _AWAY, now)


def awaiting_away(now: datetime) -> Iterable[int]:
    """Yield who may stay away by now, ascending."""
    return _awaited(_AWAY, now)


def newcomers(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find whose second visit is to be expected about now."""
    return _found(customer_ids, _NEWCOMER, now)


def awaiting_newcomers(now: datetime) -> Iterable[int]:
    """Yield who may come for the second time about now, ascending."""
    return _awaited(_NEWCOMER, now)


def _found(customer_ids: Sequence[int], who: str, now: datetime) -> Occurrences:
    scope: dict[str, Any] = {
        "ids": list(customer_ids),
        "today": company_day(now),
        "now": now,
        "zone": company_zone().key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DETECT.format(who=who), scope)
        rows = cursor.fetchall()
    found = [
        Found(
            customer_id=customer,
            subject_id=0,
            cycle=last_on,
            until=closes_on,
            opens=opens_on,
            facts={
                "visits": visits,
                "rhythm_of_visits": round(days, 1),
                "last_on": last_on.isoformat(),
            },
        )
        for customer, visits, last_on, days, opens_on, closes_on, _ in rows
    ]
    return Occurrences.of(found, likelihood=np.array([row[6] for row in rows], dtype=np.float64))


def _awaited(who: str, now: datetime) -> Iterable[int]:
    with connection.cursor() as cursor:
        cursor.execute(_AWAITED.format(who=who), {"today": company_day(now)})
        for row in cursor.fetchall():
            yield row[0]


def came_since(customers: Longs, subjects: Longs, cycles: Days, now: datetime) -> NDArray[np.str_]:
    """Say who has come since their last visit."""
    scope = {
        "customers": customers.tolist(),
        "cycles": cycles.astype("datetime64[D]").tolist(),
        "now": now,
        "zone": company_zone().key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, scope)
        return np.array(
            ["came_since" if row[0] else "" for row in cursor.fetchall()], dtype=np.str_
        )
