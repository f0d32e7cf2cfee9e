"""What became of the messages to these customers, read where it happened: one query, nothing kept beside it.

A table of counts would have to follow every answer, purchase, merge and undo; reading is what cannot go wrong, and
touches some ten rows of a customer by their indexes (``benchmarks/attention``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from campaigns.models import SendingPolicy
from campaigns.queries.moments import known_moments
from campaigns.queries.policy import sending_policy
from campaigns.rules.attention import (
    MEMORY_DAYS,
    NOTICE_DAYS,
    UNWELCOME,
    WELCOME,
    Patience,
    Received,
    Spread,
    allowance_of,
    in_words,
    spread,
)
from campaigns.rules.codes import OutcomeKind
from profiles.models import ContactPreference

# Only what certainly arrived can have been ignored. ``own_at`` is when the customer last did something of their
# own: answered at any door (whatever they took back of it), followed a link, agreed, changed how often they want
# to hear of us, or bought what a message was about; what was sent before that is forgiven.
_RECEIVED = f"""
    WITH sent AS MATERIALIZED (
        SELECT d.customer_id, d.decision_id, d.finished_at AS at, m.subject_id,
            m.kind = ANY(%(about_products)s) AS is_about_product
        FROM campaigns_delivery d
        JOIN campaigns_decision x ON x.id = d.decision_id JOIN campaigns_moment m ON m.id = x.moment_id
        WHERE d.customer_id = ANY(%(ids)s) AND d.state = 'sent' AND NOT d.is_transactional
            AND d.due_at > %(now)s - interval '{MEMORY_DAYS} days' AND d.finished_at <= %(now)s
    ), seen AS (
        SELECT s.customer_id, s.at, a.is_welcome, a.is_unwelcome, a.is_answered,
            CASE WHEN s.is_about_product THEN (
                SELECT min(b.occurred_at) FROM profiles_purchaseline b
                WHERE b.customer_id = s.customer_id AND b.product_id = s.subject_id AND b.quantity > 0
                    AND b.occurred_at > s.at
                    AND b.occurred_at <= LEAST(s.at + interval '{NOTICE_DAYS} days', %(now)s))
            ELSE (
                SELECT min(b.occurred_at) FROM profiles_purchase b
                WHERE b.customer_id = s.customer_id AND b.occurred_at > s.at
                    AND b.occurred_at <= LEAST(s.at + interval '{NOTICE_DAYS} days', %(now)s))
            END AS bought_at
        FROM sent s LEFT JOIN LATERAL (
            SELECT bool_or(o.kind = ANY(%(welcome)s)) AS is_welcome,
                bool_or(o.kind = ANY(%(unwelcome)s)) AS is_unwelcome, count(*) > 0 AS is_answered
            FROM campaigns_outcome o WHERE o.decision_id = s.decision_id AND o.kind <> '{OutcomeKind.SAID}'
                AND o.taken_back_at IS NULL AND o.occurred_at <= %(now)s) a ON true
    ), own AS (
        SELECT c.id, o.unwelcome, GREATEST(o.at, p.updated_at, e.at, b.at) AS own_at
        FROM unnest(%(ids)s::bigint[]) AS c(id)
        LEFT JOIN (SELECT customer_id, max(bought_at) AS at FROM seen GROUP BY 1) b ON b.customer_id = c.id
        LEFT JOIN profiles_contactpreference p ON p.customer_id = c.id
        LEFT JOIN LATERAL (
            SELECT max(o.occurred_at) AS at,
                count(DISTINCT o.decision_id) FILTER (
                    WHERE o.kind = ANY(%(unwelcome)s) AND o.taken_back_at IS NULL
                AND o.occurred_at > %(now)s - interval '{MEMORY_DAYS} days') AS unwelcome
            FROM campaigns_outcome o WHERE o.customer_id = c.id AND o.kind <> '{OutcomeKind.SAID}'
                AND (o.taken_back_at IS NULL OR o.actor = 'customer') AND o.occurred_at <= %(now)s) o ON true
        LEFT JOIN LATERAL (
            SELECT max(e.occurred_at) AS at FROM profiles_consententry e
            WHERE e.customer_id = c.id AND e.state = 'granted' AND e.actor = 'customer') e ON true
    )
    SELECT own.id,
        count(seen.at) FILTER (WHERE is_answered OR bought_at IS NOT NULL OR is_over) AS judged,
        count(seen.at) FILTER (
            WHERE (is_welcome OR bought_at IS NOT NULL) AND is_unwelcome IS NOT TRUE) AS welcome,
        own.unwelcome,
        count(seen.at) FILTER (WHERE is_over AND NOT is_answered AND bought_at IS NULL
            AND seen.at > coalesce(own_at, '-infinity')) AS ignored
    FROM own LEFT JOIN (SELECT *, at <= %(now)s - interval '{NOTICE_DAYS} days' AS is_over FROM seen) seen
        ON seen.customer_id = own.id
    GROUP BY own.id, own.unwelcome
"""


def spread_of(
    customer_ids: Sequence[int], policy: SendingPolicy, now: datetime
) -> dict[int, Spread]:
    """Say for each customer how much less is written than might be; a rehearsal learns nothing from silence."""
    patience = Patience(policy.fewer_after, policy.silent_after)
    found = {} if policy.is_rehearsal else received_by(customer_ids, now)
    return {one: spread(found.get(one, Received()), patience) for one in customer_ids}


@dataclass(frozen=True)
class Quieter:
    """That we write less to somebody than we might; ``may_be_lifted``: by a word of theirs."""

    text: str
    may_be_lifted: bool


def quieter(customer_id: int, now: datetime, *, to_customer: bool) -> Quieter | None:
    """Say whether we write less to a customer, and why; in one query besides the policy where we do not."""
    policy = sending_policy()
    held = spread_of([customer_id], policy, now)[customer_id]
    if not held.is_quieter:
        return None
    said = ContactPreference.objects.filter(customer_id=customer_id).first()
    allowance = allowance_of(policy.max_per_week, said.max_per_week if said else None)
    text = in_words(held, allowance, to_customer=to_customer)
    return Quieter(text, may_be_lifted=held.ignored > 0) if text else None


def received_by(customer_ids: Sequence[int], now: datetime) -> dict[int, Received]:
    """Count for each customer what became of what they were sent."""
    scope: dict[str, list[int] | list[str] | datetime] = {
        "ids": list(customer_ids),
        "now": now,
        "about_products": [key for key, one in known_moments().items() if one.is_about_products],
        "welcome": [str(kind) for kind in WELCOME],
        "unwelcome": [str(kind) for kind in UNWELCOME],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVED, scope)
        return {row[0]: Received(*row[1:]) for row in cursor.fetchall()}
