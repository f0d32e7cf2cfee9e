"""Who is known by a phone number, with what one wants to know while it rings; one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

# Contacts of so long are about the same thing.
LATELY = timedelta(days=7)
MOST = 10

# Normally one customer; a number that stands in several scopes may lead to more.
_CALLERS = """
    SELECT c.id, c.public_id, c.name, c.created_at, coalesce(p.id, 0), coalesce(p.name, ''),
           b.at, coalesce(b.names, '{}'), t.calls,
           ARRAY (SELECT DISTINCT coalesce(nullif(o.name, ''), m.name)
                  FROM profiles_householdmember mine
                  JOIN profiles_householdmember m ON m.household_id = mine.household_id
                      AND m.left_at IS NULL AND m.customer_id <> c.id
                  JOIN profiles_customer o ON o.id = m.customer_id AND o.erased_at IS NULL
                  WHERE mine.customer_id = c.id AND mine.left_at IS NULL
                  ORDER BY 1 LIMIT %(most)s)
    FROM (SELECT DISTINCT customer_id FROM profiles_identifier
          WHERE kind = 'phone' AND value = %(number)s AND right(value, 4) = right(%(number)s, 4)
          ORDER BY customer_id LIMIT %(most)s) i
    JOIN profiles_customer c ON c.id = i.customer_id AND c.erased_at IS NULL
    LEFT JOIN profiles_place p ON p.id = c.home_place_id
    LEFT JOIN LATERAL (
        SELECT n.occurred_at AS at, ARRAY (
            SELECT coalesce(nullif(a.name, ''), a.code) FROM profiles_purchaseline l
            JOIN profiles_product a ON a.id = l.product_id AND a.kind = 'goods'
            WHERE l.purchase_id = n.id ORDER BY l.id LIMIT 2) AS names
        FROM profiles_purchase n WHERE n.customer_id = c.id AND n.occurred_at <= %(now)s
        ORDER BY n.occurred_at DESC, n.id DESC LIMIT 1) b ON true
    CROSS JOIN LATERAL (
        SELECT count(*) AS calls FROM profiles_touchpoint x
        WHERE x.customer_id = c.id AND x.kind = 'call'
          AND x.occurred_at > %(since)s AND x.occurred_at <= %(now)s) t
    ORDER BY c.id
"""


@dataclass(frozen=True)
class KnownCaller:
    """A customer of this number: since when, where at home, what was bought last, calls of the last week.

    ``household``: names of other customers who live there, and may be the one who calls.
    """

    customer_id: int
    public_id: str
    name: str
    since: datetime
    place_id: int
    place: str
    bought_at: datetime | None
    bought: Sequence[str]
    calls: int
    household: Sequence[str]


def known_callers(number: str, now: datetime) -> Sequence[KnownCaller]:
    """Find whom a number in E.164 belongs to."""
    params: dict[str, Any] = {"number": number, "now": now, "since": now - LATELY, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(_CALLERS, params)
        return [KnownCaller(row[0], str(row[1]), *row[2:]) for row in cursor.fetchall()]
