"""Who is about to rise to a tier, and who is about to lose one.

Points expire and are spent nowhere yet, so that there is nothing to say of points that run out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cxportal.lib.registry import Days, Floats, Found, Ids, Longs, Occurrences
from loyalty.models import PointsEntry, Tier
from loyalty.queries import is_running, tier_steps
from loyalty.rules import (
    AT_RISK_DAYS,
    CLOSE_VALUE,
    EntryKind,
    chance_to_earn,
    close_bands,
    leaves_on,
    year_before,
)
from profiles.queries.company import company_day, company_zone

CLOSE_TO_NEXT, AT_RISK = "close_to_next_tier", "tier_at_risk"

_EARNED = f"""
    SELECT count(e.id), count(e.id) FILTER (WHERE e.points >= c.needed)
    FROM unnest(%(customers)s::bigint[], %(needed)s::bigint[]) WITH ORDINALITY AS c(customer, needed, n)
    LEFT JOIN loyalty_pointsentry e ON e.customer_id = c.customer AND e.kind = '{EntryKind.PURCHASE}'
        AND e.occurred_at > %(year_ago)s AND e.occurred_at <= %(now)s
    GROUP BY c.n ORDER BY c.n
"""
# The oldest points leave the year first. ``gone``: how many have left once this entry has.
_AT_RISK = """
    WITH entries AS (
        SELECT customer_id, points, occurred_at, id FROM loyalty_pointsentry
        WHERE occurred_at > %(year_ago)s AND occurred_at <= %(now)s {narrowed}
    ),
    held AS (
        SELECT t.customer_id, t.total,
               (SELECT max(from_points) FROM loyalty_tier WHERE from_points <= t.total) AS held_from
        FROM (SELECT customer_id, sum(points) AS total FROM entries GROUP BY customer_id) t
    ),
    leaving AS (
        SELECT e.customer_id, e.occurred_at, h.held_from,
               h.total - sum(e.points) OVER (PARTITION BY e.customer_id ORDER BY e.occurred_at, e.id) AS rest
        FROM entries e JOIN held h USING (customer_id)
        WHERE h.held_from > 0 AND e.occurred_at <= %(horizon)s
    )
    SELECT customer_id, held_from, min(occurred_at) FILTER (WHERE rest < held_from),
           max(held_from - rest)
    FROM leaving GROUP BY customer_id, held_from HAVING bool_or(rest < held_from)
    ORDER BY customer_id
"""


def awaiting_next_tier(now: datetime) -> Iterable[int]:
    """Find everybody who is close to the next tier, by id."""
    if not is_running():
        return []
    close = PointsEntry.objects.close_to_next(close_bands(tier_steps()), now)
    return [customer for customer, _ in close]


def close_to_next_tier(customer_ids: Ids, now: datetime) -> Occurrences:
    """Find who of these is close to the next tier: once a calendar month, of the company's time."""
    tiers = tier_steps()
    close: Sequence[tuple[int, int]] = []
    if is_running():
        entries = PointsEntry.objects.of(customer_ids)
        close = list(entries.close_to_next(close_bands(tiers), now))
    customers = np.array([row[0] for row in close], dtype=np.int64)
    points = np.array([row[1] for row in close], dtype=np.int64)
    thresholds = np.array([tier.from_points for tier in tiers], dtype=np.int64)
    ahead = np.searchsorted(thresholds, points, side="right")
    names = np.array([tier.name for tier in tiers], dtype=np.str_)
    today = np.datetime64(company_day(now), "D")
    month = today.astype("datetime64[M]")
    ends = (month + 1).astype("datetime64[D]") - 1
    days_left = float((ends - today).astype(np.int64) + 1)
    needed = thresholds[ahead] - points
    count = len(close)
    return Occurrences(
        customer_id=customers,
        subject_id=np.zeros(count, dtype=np.int64),
        cycle=np.full(count, month.astype("datetime64[D]")),
        until=np.full(count, ends),
        likelihood=_chance(customers, needed, np.full(count, days_left), now),
        value=np.full(count, CLOSE_VALUE),
        doubt=np.full(count, "", dtype=np.str_),
        facts={"points_12m": points, "points_to_next": needed, "next_tier": names[ahead]},
    )


def awaiting_risk(now: datetime) -> Iterable[int]:
    """Find everybody who will lose a tier within these weeks, by id."""
    return [row[0] for row in _losing(now)] if is_running() else []


def tier_at_risk(customer_ids: Ids, now: datetime) -> Occurrences:
    """Find who of these will fall below their tier within these weeks, with nothing earned till then.

    Once for each month in which it would be lost: a purchase that puts the day off by some days is no new risk.
    """
    rows = _losing(now, customer_ids) if is_running() else []
    names = dict(Tier.objects.values_list("from_points", "name")) if rows else {}
    today = company_day(now)
    found, needed, days = [], [], []
    for customer, held_from, falls_on, missing in rows:
        facts = {
            "tier": names[held_from],
            "falls_on": falls_on.isoformat(),
            "points_needed": missing,
        }
        first = falls_on.replace(day=1)
        last = falls_on - timedelta(days=1)
        found.append(Found(customer, 0, first, last, facts, opens=min(first, today)))
        needed.append(missing)
        days.append((falls_on - today).days)
    customers = np.array([row.customer_id for row in found], dtype=np.int64)
    chance = _chance(customers, np.array(needed, np.int64), np.array(days, np.float64), now)
    return Occurrences.of(found, likelihood=chance)


def risk_over(customers: Longs, subjects: Longs, cycles: Days, now: datetime) -> NDArray[np.str_]:
    """Say whose tier is safe by now."""
    losing = {row[0] for row in _losing(now, customers.tolist())} if is_running() else set()
    return np.array(
        ["" if customer in losing else "earned_since" for customer in customers.tolist()],
        dtype=np.str_,
    )


def risen(customers: Longs, subjects: Longs, cycles: Days, now: datetime) -> NDArray[np.str_]:
    """Say who is not close to a tier any more: there by now, or points went back."""
    close = set(close_to_next_tier(customers.tolist(), now).customer_id.tolist())
    return np.array(
        ["" if customer in close else "earned_since" for customer in customers.tolist()],
        dtype=np.str_,
    )


def _losing(now: datetime, customer_ids: Ids | None = None) -> list[tuple[int, int, date, int]]:
    """Customer, where the tier begins, the day on which it is lost, and how many points keep it."""
    scope: dict[str, Any] = {
        "now": now,
        "year_ago": year_before(now),
        "horizon": year_before(now + timedelta(days=AT_RISK_DAYS)),
    }
    narrowed = ""
    if customer_ids is not None:
        narrowed, scope["ids"] = "AND customer_id = ANY(%(ids)s)", list(customer_ids)
    zone = company_zone()
    with connection.cursor() as cursor:
        cursor.execute(_AT_RISK.format(narrowed=narrowed), scope)
        return [
            (customer, held_from, leaves_on(at.astimezone(zone).date()), int(missing))
            for customer, held_from, at, missing in cursor.fetchall()
        ]


def _chance(customers: Longs, needed: Longs, days: Floats, now: datetime) -> Floats:
    if not len(customers):
        return np.zeros(0)
    with connection.cursor() as cursor:
        cursor.execute(
            _EARNED,
            {
                "customers": customers.tolist(),
                "needed": needed.tolist(),
                "now": now,
                "year_ago": year_before(now),
            },
        )
        earned = np.array(cursor.fetchall(), dtype=np.float64).reshape(-1, 2)
    return chance_to_earn(earned[:, 0], earned[:, 1], days)
