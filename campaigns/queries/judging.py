"""Was the reminder in time? What a rehearsal did, held against what customers then really bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from campaigns.rules.results import wilson
from profiles.queries.company import company

# In time: bought from 3 days before to 7 days after the reminder, and after the purchase it counts from.
BEFORE_DAYS, AFTER_DAYS = 3, 7
SLOW_DAYS = 14
# The baseline asks of a pair what our own habits need at least: three purchase days.
FEWEST_DAYS = 3

_PAIR_DAYS = """
    days AS (
        SELECT DISTINCT l.customer_id, l.product_id, (l.occurred_at AT TIME ZONE %(zone)s)::date AS day
        FROM profiles_purchaseline l JOIN profiles_product p ON p.id = l.product_id
        WHERE l.quantity > 0 AND p.kind = 'goods'
    ),
    gaps AS (
        SELECT *, row_number() OVER pair AS nth, lead(day) OVER pair AS next_day,
            day - lag(day) OVER pair AS gap
        FROM days WINDOW pair AS (PARTITION BY customer_id, product_id ORDER BY day)
    )
"""

_OURS = f"""
    WITH reminders AS (
        SELECT m.customer_id, m.subject_id AS product_id, m.cycle,
            (d.due_at AT TIME ZONE %(zone)s)::date AS on_day
        FROM campaigns_delivery d JOIN campaigns_decision x ON x.id = d.decision_id
        JOIN campaigns_moment m ON m.id = x.moment_id
        WHERE m.kind = 'due_reorder'
          AND (d.state = 'sent' OR (d.state = 'skipped' AND d.reason = 'bought_since' AND NOT %(left)s))
    ),
    concerned AS MATERIALIZED (SELECT DISTINCT customer_id, product_id FROM reminders),
    days AS MATERIALIZED (
        SELECT DISTINCT l.customer_id, l.product_id, (l.occurred_at AT TIME ZONE %(zone)s)::date AS day
        FROM profiles_purchaseline l JOIN concerned USING (customer_id, product_id)
        WHERE l.quantity > 0
    ),
    gaps AS MATERIALIZED (
        SELECT *, day - lag(day) OVER (PARTITION BY customer_id, product_id ORDER BY day) AS gap FROM days
    ),
    judged AS (
        SELECT r.*, percentile_cont(0.5) WITHIN GROUP (ORDER BY g.gap) FILTER (WHERE g.day <= r.cycle) AS median,
            bool_or(g.day > r.cycle AND g.day BETWEEN r.on_day - {BEFORE_DAYS} AND r.on_day + {AFTER_DAYS}) AS hit
        FROM reminders r JOIN gaps g USING (customer_id, product_id)
        WHERE r.on_day + {AFTER_DAYS} <= %(last)s
        GROUP BY r.customer_id, r.product_id, r.cycle, r.on_day
    )
    SELECT count(*), count(*) FILTER (WHERE hit),
        count(*) FILTER (WHERE median >= {SLOW_DAYS}), count(*) FILTER (WHERE median >= {SLOW_DAYS} AND hit)
    FROM judged
"""

_AFTER_7 = f"""
    WITH {_PAIR_DAYS},
    asked AS MATERIALIZED (
        SELECT * FROM gaps
        WHERE nth >= {FEWEST_DAYS} AND day + 7 >= %(first)s AND day + 7 + {AFTER_DAYS} <= %(last)s
          AND (NOT %(left)s OR next_day IS NULL OR next_day >= day + 7)
    ),
    medians AS (
        SELECT a.customer_id, a.product_id, a.day,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY g.gap) AS median
        FROM asked a JOIN gaps g USING (customer_id, product_id)
        WHERE g.day <= a.day GROUP BY a.customer_id, a.product_id, a.day
    ),
    ranked AS (
        SELECT a.nth, median >= {SLOW_DAYS} AS slow, a.customer_id, a.product_id, a.day,
            COALESCE(next_day BETWEEN a.day + 7 - {BEFORE_DAYS} AND a.day + 7 + {AFTER_DAYS}, false) AS hit
        FROM asked a JOIN medians USING (customer_id, product_id, day)
    ),
    most_bought AS (
        SELECT * FROM ranked WHERE slow OR NOT %(slow)s
        ORDER BY nth DESC, customer_id, product_id, day LIMIT %(most)s
    )
    SELECT count(*), count(*) FILTER (WHERE hit) FROM most_bought
"""


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % interval (Wilson 1927)."""

    n: int
    hit: int

    def as_dict(self) -> dict[str, Any]:
        low, high = wilson(self.hit, self.n)
        rate = self.hit / self.n if self.n else None
        return {"n": self.n, "hit": self.hit, "rate": rate, "low": low, "high": high}


def timing(*, first: date, last: date) -> dict[str, dict[str, dict[str, Any]]]:
    """Judge the reminders from ``first`` on, beside "always after 7 days" at the same number.

    "all" and "slow" count the reminders that were set, also those withdrawn because it was bought
    just before their day; "all_left" and "slow_left" only those not bought before they left, on both
    sides. Reminders with less than 7 days of the file after them are not judged. The baseline takes the
    pairs bought most often first, which is its strongest form.
    """
    scope: dict[str, Any] = {"zone": company().time_zone, "first": first, "last": last}
    judged = {}
    for suffix, left in (("", False), ("_left", True)):
        with connection.cursor() as cursor:
            cursor.execute(_OURS, scope | {"left": left})
            n, hit, slow_n, slow_hit = cursor.fetchone()
        judged[f"all{suffix}"] = _beside(Rate(n, hit), scope, slow=False, left=left)
        judged[f"slow{suffix}"] = _beside(Rate(slow_n, slow_hit), scope, slow=True, left=left)
    return judged


def _beside(
    ours: Rate, scope: dict[str, Any], *, slow: bool, left: bool
) -> dict[str, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_AFTER_7, scope | {"slow": slow, "most": ours.n, "left": left})
        baseline = Rate(*cursor.fetchone())
    return {"ours": ours.as_dict(), "after_7_days": baseline.as_dict()}
