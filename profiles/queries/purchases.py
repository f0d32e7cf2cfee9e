"""Reads of what was bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from profiles.queries.company import company

_NEWEST = 3


def bought_on(pairs: Sequence[tuple[int, int]], now: datetime) -> dict[tuple[int, int], list[str]]:
    """Return the newest days (ISO, ascending, at most three) on which each (customer, product) was bought."""
    if not pairs:
        return {}
    customers, products = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.customer, k.product, ARRAY (
                SELECT DISTINCT (l.occurred_at AT TIME ZONE %(zone)s)::date AS day
                FROM profiles_purchaseline l
                WHERE l.customer_id = k.customer AND l.product_id = k.product AND l.quantity > 0
                  AND l.occurred_at <= %(now)s ORDER BY day DESC LIMIT %(newest)s)
            FROM unnest(%(customers)s::bigint[], %(products)s::bigint[]) AS k(customer, product)
            """,
            {
                "zone": company().time_zone,
                "now": now,
                "newest": _NEWEST,
                "customers": list(customers),
                "products": list(products),
            },
        )
        return {
            (customer, product): [day.isoformat() for day in reversed(days)]
            for customer, product, days in cursor.fetchall()
        }
