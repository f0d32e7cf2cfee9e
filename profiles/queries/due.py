"""The reorder that is due: the moment that profiles can see coming.

One query finds it for one customer or for some thousands. A schedule that the customer stated outranks
the habit: its interval, "I still have plenty", "sooner", pause and stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cxportal.lib.registry import Days, Longs, Occurrences
from profiles.models import Product
from profiles.queries import soon
from profiles.queries.company import company_day, company_zone
from profiles.rules import cadence
from profiles.rules import soon as soon_rules
from profiles.rules.reordering import (
    AHEAD_DAYS,
    IN_TIME_AFTER_DAYS,
    REMIND_BEFORE_DAYS,
    STATED_LIKELIHOOD,
    because,
)

MOMENT = "due_reorder"
EPOCH = date(1970, 1, 1)

# "Sooner" is done with by the next purchase; else each round after it would begin at once.
_SOONER = "CASE WHEN s.sooner_on > h.last_on THEN s.sooner_on END"
# A habit with what its customer says instead. ``opens_on``: the first day for a reminder.
_DUE = f"""
    SELECT h.customer_id, h.product_id, h.last_on, h.purchase_days, h.rhythm_days, h.p_active, h.doubt,
           h.earliest_on, h.latest_on, h.curve, h.learned_on,
           s.every_days IS NOT NULL OR {_SOONER} IS NOT NULL AS is_stated,
           s.every_days, s.paused_at, s.stopped_at, s.not_before_on,
           CASE WHEN s.every_days IS NOT NULL THEN h.last_on + s.every_days ELSE h.expected_on END AS expected_on,
           GREATEST(s.not_before_on, COALESCE({_SOONER}, CASE WHEN s.every_days IS NOT NULL
               THEN h.last_on + GREATEST(1, s.every_days - {REMIND_BEFORE_DAYS})::int
               ELSE h.remind_on END)) AS opens_on,
           CASE WHEN s.every_days IS NOT NULL OR {_SOONER} IS NOT NULL
               THEN {STATED_LIKELIHOOD} ELSE h.window_probability END AS likelihood
    FROM profiles_habit h
    JOIN profiles_product p ON p.id = h.product_id AND p.kind = 'goods'
    LEFT JOIN profiles_reorderschedule s ON s.customer_id = h.customer_id AND s.product_id = h.product_id
"""
# A reminder that the house missed still helps for a few days, and until the expected day.
_UNTIL = "GREATEST(expected_on, opens_on + 3)"

_DETECT = f"""
    SELECT customer_id, product_id, last_on, purchase_days, rhythm_days, expected_on, earliest_on,
           latest_on, every_days, is_stated, curve, learned_on, opens_on, {_UNTIL} AS until, likelihood,
           CASE WHEN stopped_at IS NOT NULL THEN 'stopped_by_customer'
                WHEN paused_at IS NOT NULL THEN 'paused_by_customer'
                WHEN not_before_on > %(today)s THEN 'customer_said_later'
                WHEN doubt <> '' AND NOT is_stated THEN doubt
                ELSE '' END AS doubt
    FROM ({_DUE}) due
    WHERE customer_id = ANY(%(ids)s)
      AND opens_on <= %(today)s::date + {AHEAD_DAYS} AND {_UNTIL} >= %(today)s
      AND NOT EXISTS (SELECT 1 FROM profiles_purchaseline l
          WHERE l.customer_id = due.customer_id AND l.product_id = due.product_id AND l.quantity > 0
            AND l.occurred_at >= ((last_on + 1)::timestamp AT TIME ZONE %(zone)s)
            AND l.occurred_at <= %(now)s)
    ORDER BY customer_id, likelihood DESC, product_id
"""

_AWAITED = f"""
    SELECT h.customer_id FROM profiles_habit h
    WHERE h.doubt = '' AND h.product_id IS NOT NULL AND h.remind_on <= %(today)s::date + {AHEAD_DAYS}
      AND GREATEST(h.expected_on, h.remind_on + 3) >= %(today)s
    UNION
    SELECT due.customer_id FROM ({_DUE}) due
    WHERE (every_days IS NOT NULL OR not_before_on IS NOT NULL)
      AND opens_on <= %(today)s::date + {AHEAD_DAYS} AND {_UNTIL} >= %(today)s
    UNION
    SELECT s.customer_id FROM profiles_reorderschedule s WHERE s.sooner_on <= %(today)s
    ORDER BY 1
"""

_ENDED = """
    SELECT n, EXISTS (SELECT 1 FROM profiles_purchaseline l
        WHERE l.customer_id = c.customer AND l.product_id = c.product AND l.quantity > 0
          AND l.occurred_at >= ((c.cycle + 1)::timestamp AT TIME ZONE %(zone)s)
          AND l.occurred_at <= %(now)s) AS bought,
        s.stopped_at IS NOT NULL, s.paused_at IS NOT NULL, s.not_before_on > %(today)s
    FROM unnest(%(customers)s::bigint[], %(products)s::bigint[], %(cycles)s::date[])
        WITH ORDINALITY AS c(customer, product, cycle, n)
    LEFT JOIN profiles_reorderschedule s ON s.customer_id = c.customer AND s.product_id = c.product
    ORDER BY n
"""


def detect(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find what these customers need again about now, with our doubts, likeliest first."""
    zone = company_zone()
    today = now.astimezone(zone).date()
    params: dict[str, Any] = {
        "ids": list(customer_ids),
        "today": today,
        "now": now,
        "zone": zone.key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DETECT, params)
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    columns: dict[str, list[Any]] = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    facts = (
        "purchase_days",
        "rhythm_days",
        "expected_on",
        "earliest_on",
        "latest_on",
        "every_days",
    )
    return Occurrences(
        customer_id=np.array(columns["customer_id"], dtype=np.int64),
        subject_id=np.array(columns["product_id"], dtype=np.int64),
        cycle=np.array(columns["last_on"], dtype="datetime64[D]"),
        until=np.array(columns["until"], dtype="datetime64[D]"),
        likelihood=_likelihood(columns, today, now),
        value=np.ones(len(rows)),
        doubt=np.array(columns["doubt"], dtype=np.str_),
        facts={name: np.array(columns[name], dtype=object) for name in facts},
        opens=np.array(columns["opens_on"], dtype="datetime64[D]"),
    )


def _likelihood(columns: dict[str, list[Any]], today: date, now: datetime) -> NDArray[np.float64]:
    """The chance that a reminder on its day is in time: bought from today until a week after it.

    What was learned weeks ago is read as of today: nothing was bought since, and each day says more. What
    is known this morning of the week ahead moves all of it (``profiles.rules.soon``).
    A schedule that the customer stated has its own chance; so has a habit without a curve.
    """
    chance = np.array(columns["likelihood"], dtype=np.float64)
    stated, curves = columns["is_stated"], columns["curve"]
    rows = [n for n, curve in enumerate(curves) if len(curve) and not stated[n]]
    if not rows:
        return chance
    ahead = np.array([(columns["opens_on"][n] - today).days for n in rows], dtype=np.int64)
    curve = np.stack([np.frombuffer(curves[n], dtype="<i2") for n in rows])
    learned_on = np.array([(columns["learned_on"][n] - EPOCH).days for n in rows], dtype=np.int64)

    def within(days: Longs | int) -> NDArray[np.float64]:
        return cadence.chance_on_curve(curve, learned_on, (today - EPOCH).days, days)

    customer, product = (
        np.array([columns[name][n] for n in rows], dtype=np.int64)
        for name in ("customer_id", "product_id")
    )
    week = soon.chances(sorted({*customer.tolist()}), now).of(customer, product)
    chance[rows] = soon_rules.carried(
        within(np.maximum(ahead, 0) + IN_TIME_AFTER_DAYS + 1), within(soon_rules.DAYS), week
    )
    return chance


def awaited(now: datetime) -> Iterable[int]:
    """Yield the customers for whom a reminder may have to be set this morning, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(_AWAITED, {"today": company_day(now)})
        for row in cursor.fetchall():
            yield row[0]


def ended(customers: Longs, products: Longs, cycles: Days, now: datetime) -> NDArray[np.str_]:
    """Say why a reminder has become needless: bought since, or the customer said so."""
    zone = company_zone()
    params = {
        "customers": customers.tolist(),
        "products": products.tolist(),
        "cycles": cycles.astype("datetime64[D]").tolist(),
        "now": now,
        "today": now.astimezone(zone).date(),
        "zone": zone.key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENDED, params)
        rows = cursor.fetchall()
    return np.array([_why_ended(*row[1:]) for row in rows], dtype=np.str_)


def _why_ended(bought: bool, stopped: bool, paused: bool, later: bool | None) -> str:
    if bought:
        return "bought_since"
    if stopped:
        return "stopped_by_customer"
    if paused:
        return "paused_by_customer"
    return "customer_said_later" if later else ""


def product_names(ids: Sequence[int]) -> Mapping[int, str]:
    """Name products for people; the code where there is no name."""
    found = Product.objects.filter(pk__in=ids).values_list("pk", "name", "code")
    return {pk: name or code for pk, name, code in found}


def explain(facts: Mapping[str, Any], reader: str) -> str:
    """Say why this product now."""
    return because(facts, reader)
