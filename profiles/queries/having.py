"""What customers have of some products: theirs by now, bought just now, or in the basket. Set-based."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from profiles.queries.at_hand import in_baskets

# What was bought within a day is on its way home: nobody is told of it.
JUST_NOW = timedelta(days=1)

_HAD = """
    SELECT customer_id, product_id, sum(quantity) > 0,
           bool_or(quantity > 0 AND occurred_at > %(just)s)
    FROM profiles_purchaseline
    WHERE customer_id = ANY(%(customers)s) AND product_id = ANY(%(products)s) AND occurred_at <= %(now)s
    GROUP BY 1, 2
"""
_SINCE = """
    SELECT n FROM unnest(%(customers)s::bigint[], %(products)s::bigint[], %(since)s::timestamptz[])
        WITH ORDINALITY AS c(customer, product, since, n)
    WHERE EXISTS (SELECT 1 FROM profiles_purchaseline l
        WHERE l.customer_id = c.customer AND l.product_id = c.product AND l.quantity > 0
          AND l.occurred_at > c.since AND l.occurred_at <= %(now)s)
"""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Having:
    """Customers × products: what is theirs, and what they hold in their hands."""

    owned: Bools
    at_hand: Bools


def having(customer_ids: Sequence[int], product_ids: Sequence[int], now: datetime) -> Having:
    """Say what these customers have of these products, in four queries at most."""
    rows = {customer: row for row, customer in enumerate(customer_ids)}
    columns = {product: column for column, product in enumerate(product_ids)}
    owned = np.zeros((len(rows), len(columns)), dtype=bool)
    at_hand = np.zeros((len(rows), len(columns)), dtype=bool)
    if not (rows and columns):
        return Having(owned, at_hand)
    scope: dict[str, Any] = {
        "customers": list(rows), "products": list(columns), "now": now, "just": now - JUST_NOW,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HAD, scope)
        for customer, product, is_owned, is_new in cursor.fetchall():
            owned[rows[customer], columns[product]] = is_owned
            at_hand[rows[customer], columns[product]] = is_new
    for customer, carried in in_baskets(customer_ids, now).items():
        for one in carried:
            if one.id in columns:
                at_hand[rows[customer], columns[one.id]] = True
    return Having(owned, at_hand)


def bought_since(
    customers: Sequence[int], products: Sequence[int], since: Sequence[datetime], now: datetime
) -> set[int]:
    """Return the places of those pairs of which the product was bought since then."""
    scope: dict[str, Any] = {
        "customers": list(customers), "products": list(products), "since": list(since), "now": now,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, scope)
        return {row[0] - 1 for row in cursor.fetchall()}
