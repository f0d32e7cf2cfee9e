"""What speaks against saying something: set-based, each refusal with its code.

Three queries whatever the number of customers: how each customer stands with us (consent, address, attention
spent, quiet hours), what became of what they were sent, and what was already said or answered about each subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from campaigns.models import SendingPolicy
from campaigns.queries.attention import spread_of
from campaigns.rules.attention import MOST_WEEKS, Spread, allowance_of
from campaigns.rules.codes import REFUSAL_BIT, Refusal
from campaigns.rules.windows import QuietHours, next_open_of
from cxportal.lib.registry import Days, Longs, registry
from profiles.queries.company import ZONE_SQL, company_day
from profiles.querysets.consents import standing_sql
from profiles.querysets.customers import present_sql

# "Less of this" keeps a campaign silent for a quarter of a year.
LESS_DAYS = 90
# How far back a message may count against the allowance, however long that is spread.
_COUNTED_DAYS = 7 * MOST_WEEKS

# What counts as said: what left or is on its way, what staff said, and, for the control group,
# what would have been said (else the group would be asked more often than the treated).
_STANDING = f"""
    SELECT c.id, {ZONE_SQL} AS zone,
        p.quiet_from, p.quiet_until, p.max_per_week, {present_sql("c")} AS is_present,
        EXISTS (SELECT 1 FROM profiles_identifier i
            WHERE i.customer_id = c.id AND i.kind = 'email' AND i.bounced_at IS NULL) AS has_address,
        ARRAY (SELECT d.due_at FROM campaigns_delivery d WHERE d.customer_id = c.id AND NOT d.is_transactional
            AND d.due_at > %(now)s - interval '{_COUNTED_DAYS} days'
            AND d.state IN ('planned', 'claimed', 'sent', 'uncertain'))
        || ARRAY (SELECT x.decided_at FROM campaigns_decision x WHERE x.customer_id = c.id
            AND x.decided_at > %(now)s - interval '{_COUNTED_DAYS} days'
            AND x.reasons = '["control_group"]')
        || ARRAY (SELECT o.occurred_at FROM campaigns_outcome o WHERE o.customer_id = c.id AND o.kind = 'said'
            AND o.taken_back_at IS NULL
            AND o.occurred_at > %(now)s - interval '{_COUNTED_DAYS} days') AS said_at,
        ARRAY (SELECT s.purpose FROM (
                {standing_sql("e.customer_id = c.id AND e.channel = 'email'")}) s
            WHERE s.state = 'granted') AS granted,
        ARRAY (SELECT DISTINCT x.campaign_id FROM campaigns_outcome o
            JOIN campaigns_decision x ON x.id = o.decision_id
            WHERE o.customer_id = c.id AND o.kind = 'less_of_this' AND o.taken_back_at IS NULL
              AND o.occurred_at > %(now)s - interval '{LESS_DAYS} days') AS less
    FROM profiles_customer c LEFT JOIN profiles_contactpreference p ON p.customer_id = c.id
    WHERE c.id = ANY(%(ids)s)
"""

_ANSWERED = """
    SELECT c.n,
        EXISTS (SELECT 1 FROM campaigns_moment m JOIN campaigns_decision x ON x.moment_id = m.id
            JOIN campaigns_outcome o ON o.decision_id = x.id
            WHERE m.customer_id = c.customer AND m.kind = c.kind AND m.subject_id = c.subject
              AND x.product_id IS NULL
              AND o.kind = 'not_relevant' AND o.taken_back_at IS NULL) AS dismissed,
        EXISTS (SELECT 1 FROM campaigns_outcome o JOIN campaigns_decision x ON x.id = o.decision_id
            JOIN campaigns_moment m ON m.id = x.moment_id
            WHERE o.customer_id = c.customer AND o.kind = 'too_personal' AND o.taken_back_at IS NULL
              AND m.kind = c.kind) AS too_personal,
        EXISTS (SELECT 1 FROM campaigns_moment m JOIN campaigns_decision x ON x.moment_id = m.id
            JOIN campaigns_outcome o ON o.decision_id = x.id
            WHERE m.customer_id = c.customer AND m.kind = c.kind AND m.subject_id = c.subject
              AND x.product_id IS NULL
              AND o.kind = 'not_now' AND o.until > %(today)s AND o.taken_back_at IS NULL) AS later,
        EXISTS (SELECT 1 FROM campaigns_moment m JOIN campaigns_decision x ON x.moment_id = m.id
            LEFT JOIN campaigns_delivery d ON d.decision_id = x.id
            WHERE m.customer_id = c.customer AND m.kind = c.kind AND m.subject_id = c.subject
              AND m.cycle = c.cycle
              AND (d.state IN ('planned', 'claimed', 'sent', 'uncertain')
                   OR x.reasons = '["control_group"]'
                   OR EXISTS (SELECT 1 FROM campaigns_outcome o
                              WHERE o.decision_id = x.id AND o.kind = 'said'
                                AND o.taken_back_at IS NULL))) AS said
    FROM unnest(%(customers)s::bigint[], %(kinds)s::text[], %(subjects)s::bigint[], %(cycles)s::date[])
        WITH ORDINALITY AS c(customer, kind, subject, cycle, n)
    ORDER BY c.n
"""


@dataclass(frozen=True)
class Standing:
    """How one customer stands with us at an instant; who is merged or erased is not ``is_present``.

    ``allowance`` is how many messages there may be in the weeks of ``spread``; ``said`` is what was said in that
    time, and ``last_week`` in the last seven days, at any door.
    """

    zone: ZoneInfo
    quiet: tuple[QuietHours, ...]
    allowance: int
    spread: Spread
    said: int
    last_week: int
    has_address: bool
    granted: frozenset[str]
    less: frozenset[int]
    selling_forbidden: bool
    is_present: bool

    def opens(self, at: datetime, *, is_urgent: bool = False) -> datetime:
        """The first instant from ``at`` on at which a message may arrive."""
        return next_open_of(at, self.zone, self.quiet, is_urgent=is_urgent)

    @property
    def room(self) -> int:
        """How many messages of the allowance are left."""
        return max(0, self.allowance - self.said) if self.spread.weeks else 0

    def spent(self, *, counted: int = 0) -> Refusal:
        """Why no room is left; ``counted`` of what was said are asked about themselves."""
        fits_the_week = self.last_week - counted < self.allowance
        return Refusal.LESS_OFTEN if self.spread.is_quieter and fits_the_week else Refusal.BUDGET

    def refusals(self, *, purpose: str, campaign_id: int) -> int:
        """Mask of what forbids a message of this purpose and campaign."""
        found = [
            refusal
            for refusal, holds in (
                (Refusal.OPEN_CASE, self.selling_forbidden),
                (Refusal.NO_CONSENT, purpose not in self.granted),
                (Refusal.NO_ADDRESS, not self.has_address),
                (Refusal.UNNOTICED, self.spread.weeks == 0),
                (Refusal.DISMISSED, campaign_id in self.less),
            )
            if holds
        ]
        return sum(REFUSAL_BIT[refusal] for refusal in found)


def standings(
    customer_ids: Sequence[int], policy: SendingPolicy, now: datetime
) -> dict[int, Standing]:
    """Read how these customers stand, in two queries and one per registered fact that forbids selling."""
    ids = list(customer_ids)
    spreads = spread_of(ids, policy, now)
    forbidden = selling_forbidden(ids, now)
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"ids": ids, "now": now})
        return {
            row[0]: _standing(row, policy, row[0] in forbidden, spreads[row[0]], now)
            for row in cursor.fetchall()
        }


def selling_forbidden(customer_ids: Sequence[int], now: datetime) -> set[int]:
    """Ask every app whether something is open that silences selling."""
    facts = [fact for fact in registry.facts.values() if fact.forbids_selling]
    return {
        customer_id
        for fact in facts
        for customer_id, holds in fact.load(customer_ids, now).items()
        if holds
    }


def _standing(
    row: tuple[Any, ...],
    policy: SendingPolicy,
    forbidden: bool,
    spread: Spread,
    now: datetime,
) -> Standing:
    _, zone, quiet_from, quiet_until, own_limit, is_present, has_address, said_at, granted, less = (
        row
    )

    def said_within(weeks: int) -> int:
        return sum(at > now - timedelta(weeks=weeks) for at in said_at)

    own_hours = () if quiet_from is None else ((quiet_from, quiet_until),)
    return Standing(
        zone=ZoneInfo(zone),
        # A customer's own hours and limit can only be stricter than the house's.
        quiet=((policy.quiet_from, policy.quiet_until), *own_hours),
        allowance=allowance_of(policy.max_per_week, own_limit),
        spread=spread,
        said=said_within(max(1, spread.weeks)),
        last_week=said_within(1),
        has_address=has_address and is_present,
        granted=frozenset(granted),
        less=frozenset(less),
        selling_forbidden=forbidden,
        is_present=is_present,
    )


def answered(
    customers: Longs, kinds: Sequence[str], subjects: Longs, cycles: Days, now: datetime
) -> NDArray[np.int64]:
    """Mask per row of what was already said or answered about this subject."""
    params = {
        "customers": customers.tolist(),
        "kinds": list(kinds),
        "subjects": subjects.tolist(),
        "cycles": cycles.astype("datetime64[D]").tolist(),
        "today": company_day(now),
    }
    refusals = (
        Refusal.DISMISSED,
        Refusal.TOO_PERSONAL,
        Refusal.NOT_YET,
        Refusal.ALREADY_SAID,
    )
    bits = [REFUSAL_BIT[refusal] for refusal in refusals]
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, params)
        rows = cursor.fetchall()
    return np.array(
        [sum(bit for bit, holds in zip(bits, row[1:], strict=True) if holds) for row in rows],
        dtype=np.int64,
    )


def said_by_staff(moment_ids: Sequence[int]) -> set[int]:
    """Moments in which staff have already said it at a counter."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT x.moment_id FROM campaigns_outcome o JOIN campaigns_decision x"
            " ON x.id = o.decision_id WHERE o.kind = 'said' AND o.taken_back_at IS NULL AND x.moment_id = ANY(%s)",
            [list(moment_ids)],
        )
        return {row[0] for row in cursor.fetchall()}
