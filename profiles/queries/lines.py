"""What customers bought, out of the database as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cxportal.lib import columns
from profiles.queries.company import company
from profiles.rules.diary import Floats, Ints, Purchases

EPOCH = date(1970, 1, 1)

_LINES = """
    SELECT l.customer_id, l.product_id::bigint, COALESCE(p.category_id, 0)::bigint,
           ((l.occurred_at AT TIME ZONE %(zone)s)::date - DATE '1970-01-01')::bigint,
           (l.quantity * 1000)::bigint
    FROM profiles_purchaseline l JOIN profiles_product p ON p.id = l.product_id
    WHERE l.quantity > 0 AND p.kind = 'goods' AND l.occurred_at < %(now)s AND {customers}
"""
_OF_THESE = "l.customer_id = ANY(%(ids)s)"
_OF_A_SHARE = "mod(hashint8(l.customer_id)::bigint + 2147483648, %(every)s) = 0"


def day_number(day: date) -> int:
    """Days since 1970, which is how the rules count."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class Lines:
    """Lines of purchases in columns; category 0: none."""

    customer: Ints
    product: Ints
    category: Ints
    day: Ints
    quantity: Floats

    def of(self, subject: str) -> Purchases:
        """The purchases of products, or of groups of them."""
        if subject == "product":
            return Purchases(self.customer, self.product, self.day, self.quantity, self.category)
        known = self.category > 0
        return Purchases(
            self.customer[known], self.category[known], self.day[known], self.quantity[known]
        )


def lines_of(customer_ids: Sequence[int], now: datetime) -> Lines:
    """Read what these customers bought before ``now``."""
    return _lines(_OF_THESE, {"ids": list(customer_ids)}, now)


def lines_of_a_share(every: int, now: datetime) -> Lines:
    """Read what one in ``every`` customers bought before ``now``, always the same ones."""
    return _lines(_OF_A_SHARE, {"every": every}, now)


def _lines(customers: str, params: dict[str, Any], now: datetime) -> Lines:
    query = _LINES.format(customers=customers)
    zone = {"zone": company().time_zone, "now": now}
    customer, product, category, day, milli = columns.read_longs(query, params | zone, 5)
    return Lines(customer, product, category, day, milli / 1000)
