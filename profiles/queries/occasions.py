"""Days that come again each year: the moments "birthday" and "so many years with the same".

A birthday begins at midnight of the customer's own zone. What lasts is stated with its product group
(``Category.lasts_years``); how long something was used counts from its last purchase in the house's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cxportal.lib.registry import Days, Found, Longs, Occurrences
from profiles.queries.company import ZONE_SQL, company_day, company_zone
from profiles.queries.facts import PRESENT
from profiles.querysets.customers import present_sql
from profiles.rules.cleanness import BIRTHDAY
from profiles.rules.names import Manner
from profiles.rules.occasions import (
    AHEAD_DAYS,
    ANNIVERSARY_DAYS,
    ANNIVERSARY_LIKELIHOOD,
    BIRTHDAY_LIKELIHOOD,
    days_of_year,
    kept_from,
)

BIRTHDAY_MOMENT = "birthday"
ANNIVERSARY_MOMENT = "years_with_the_same"

# Some version, whether believed or not, names a day near today: few customers of many.
_NEAR = f"""
    SELECT DISTINCT f.customer_id FROM profiles_factvalue f
    WHERE f.attribute_id = (SELECT id FROM profiles_attribute
                            WHERE code = '{BIRTHDAY}' AND type = 'date' AND is_active)
      AND f.value IS NOT NULL AND right(f.value #>> '{{}}', 5) = ANY(%(days)s)
"""
# A day of birth that we only concluded is nothing to congratulate on.
_BORN = f"""
    SELECT c.id, {ZONE_SQL} AS zone, (p.value #>> '{{}}')::date
    FROM ({PRESENT}) p
    JOIN profiles_attribute a ON a.id = p.attribute_id AND a.code = '{BIRTHDAY}'
    JOIN profiles_customer c ON c.id = p.customer_id AND {present_sql("c")}
    WHERE p.manner <> '{Manner.CONCLUDED}'
    ORDER BY c.id
"""


def birthdays(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find whose birthday is today, or tomorrow, by their own clock."""
    with connection.cursor() as cursor:
        near = f"{_NEAR} AND f.customer_id = ANY(%(ids)s)"
        cursor.execute(near, {"days": days_of_year(company_day(now)), "ids": list(customer_ids)})
        ids = [row[0] for row in cursor.fetchall()]
        born: list[tuple[int, str, date]] = []
        if ids:
            cursor.execute(_BORN, {"customers": ids, "now": now})
            born = cursor.fetchall()
    rows = [_birthday(*row, now) for row in born]
    return Occurrences.of([row for row in rows if row], likelihood=BIRTHDAY_LIKELIHOOD)


def _birthday(customer: int, zone: str, born_on: date, now: datetime) -> Found | None:
    day = kept_from(born_on, now.astimezone(ZoneInfo(zone)).date())
    if day is None:
        return None
    is_leap_day = (born_on.month, born_on.day) == (2, 29)
    facts = {"kept_on": day.isoformat(), "is_leap_day": is_leap_day}
    return Found(customer, 0, day, day, facts)


def awaiting_birthday(now: datetime) -> Iterable[int]:
    """Yield who may have a birthday today or tomorrow, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_NEAR} ORDER BY 1", {"days": days_of_year(company_day(now))})
        for row in cursor.fetchall():
            yield row[0]


def birthday_over(
    customers: Longs, subjects: Longs, cycles: Days, now: datetime
) -> NDArray[np.str_]:
    """Say of which birthdays the day was corrected or deleted since."""
    found = birthdays(customers.tolist(), now)
    kept = set(zip(found.customer_id.tolist(), found.cycle.tolist(), strict=True))
    asked = zip(customers.tolist(), cycles.astype("datetime64[D]").tolist(), strict=True)
    # One that was yesterday is too late, which whoever sends sees by itself.
    today = company_day(now)
    return np.array(
        ["" if one in kept or one[1] < today else "not_so_any_more" for one in asked],
        dtype=np.str_,
    )


# --- years with the same --------------------------------------------------------------------------

# Of each group of lasting things what a customer bought last and kept, with the newest anniversary.
_LASTING = f"""
    SELECT b.customer_id, b.product_id, b.bought_on, y.years,
           (b.bought_on + make_interval(years => y.years))::date AS kept_on
    FROM (
        SELECT DISTINCT ON (l.customer_id, p.category_id) l.customer_id, l.product_id, k.lasts_years,
               (l.occurred_at AT TIME ZONE %(zone)s)::date AS bought_on
        FROM profiles_category k
        JOIN profiles_product p ON p.category_id = k.id AND p.kind = 'goods'
        JOIN profiles_purchaseline l ON l.product_id = p.id
        WHERE k.lasts_years IS NOT NULL AND NOT k.is_delicate
          AND l.quantity > 0 AND l.occurred_at <= %(now)s {{customers}}
          AND (SELECT sum(x.quantity) FROM profiles_purchaseline x
               WHERE x.customer_id = l.customer_id AND x.product_id = l.product_id
                 AND x.occurred_at <= %(now)s) > 0
        ORDER BY l.customer_id, p.category_id, l.occurred_at DESC, l.id DESC
    ) b
    CROSS JOIN LATERAL (
        SELECT n - (b.bought_on + make_interval(years => n) > %(today)s::date + {AHEAD_DAYS})::int AS years
        FROM (SELECT (extract(year FROM %(today)s::date + {AHEAD_DAYS})
                      - extract(year FROM b.bought_on))::int AS n) whole
    ) y
    WHERE y.years >= b.lasts_years
      AND b.bought_on + make_interval(years => y.years) >= %(today)s::date - {ANNIVERSARY_DAYS}
    ORDER BY b.customer_id, b.product_id
"""


def anniversaries(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find what has served these customers as long as such things do, since a day of these weeks."""
    found = [
        Found(
            customer_id=customer,
            subject_id=product,
            cycle=kept_on,
            until=date.fromordinal(kept_on.toordinal() + ANNIVERSARY_DAYS),
            facts={"since": bought_on.isoformat(), "years": years},
        )
        for customer, product, bought_on, years, kept_on in _lasting(
            "AND l.customer_id = ANY(%(ids)s)", now, ids=list(customer_ids)
        )
    ]
    return Occurrences.of(found, likelihood=ANNIVERSARY_LIKELIHOOD)


def awaiting_anniversary(now: datetime) -> Iterable[int]:
    """Yield who has something for so long, ascending, each once."""
    return sorted({row[0] for row in _lasting("", now)})


def anniversary_over(
    customers: Longs, products: Longs, cycles: Days, now: datetime
) -> NDArray[np.str_]:
    """Say where it was bought anew, or brought back, since."""
    rows = _lasting("AND l.customer_id = ANY(%(ids)s)", now, ids=customers.tolist())
    kept = {(row[0], row[1], row[4]) for row in rows}
    asked = zip(
        customers.tolist(),
        products.tolist(),
        cycles.astype("datetime64[D]").tolist(),
        strict=True,
    )
    return np.array(["" if one in kept else "bought_since" for one in asked], dtype=np.str_)


def _lasting(narrowed: str, now: datetime, **params: Any) -> list[tuple[int, int, date, int, date]]:
    zone = company_zone()
    scope: dict[str, Any] = {
        "zone": zone.key, "now": now, "today": now.astimezone(zone).date(), **params,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LASTING.format(customers=narrowed), scope)
        rows: list[tuple[int, int, date, int, date]] = cursor.fetchall()
    return rows
