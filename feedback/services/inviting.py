"""Asking customers about what they bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from feedback.models import Survey
from feedback.rules import ASK_AGAIN_AFTER, ASK_FROM, ASK_UNTIL, OPEN_FOR


@dataclass(frozen=True)
class Counts:
    """What one run did."""

    invited: int = 0


# There is no cursor: every run looks at the same few days of purchases by the index on time, and
# leaves out who was asked. So a purchase whose transaction commits late is found by the next run,
# and an old order file asks nobody. Who waits for a case to be solved is not asked either.
_INVITE = """
    WITH asked AS (
        SELECT DISTINCT ON (p.customer_id) p.id, p.customer_id, p.origin_profile_id, p.occurred_at
        FROM profiles_purchase AS p
        WHERE p.occurred_at > %(from)s AND p.occurred_at <= %(until)s
          AND EXISTS (SELECT FROM profiles_purchaseline AS l
                      WHERE l.purchase_id = p.id AND l.quantity > 0)
          AND NOT EXISTS (SELECT FROM feedback_invitation AS i
                          WHERE i.customer_id = p.customer_id AND i.invited_at > %(asked_since)s)
          AND NOT EXISTS (SELECT FROM feedback_case AS c
                          WHERE c.customer_id = p.customer_id AND c.state = 'open')
        ORDER BY p.customer_id, p.occurred_at DESC, p.id DESC
    ), written AS (
        INSERT INTO feedback_invitation (
            customer_id, origin_profile_id, survey_id, purchase_id, public_id,
            invited_at, closes_at)
        SELECT customer_id, origin_profile_id, %(survey)s, id, gen_random_uuid(),
               %(now)s, %(closes)s
        FROM asked ORDER BY occurred_at, id LIMIT %(limit)s
        RETURNING id
    )
    SELECT count(*) FROM written
"""


def invite_after_purchases(*, now: datetime, limit: int) -> Counts:
    """Put the live question to who bought something in the last days, ``limit`` customers at most.

    Each customer is asked about their newest purchase, and not again within 90 days. Holds the row
    of the question; a second run at the same time leaves the work to the first.
    """
    with transaction.atomic():
        live = Survey.objects.select_for_update(skip_locked=True, no_key=True).filter(is_live=True)
        survey = live.first()
        if survey is None:
            return Counts()
        with connection.cursor() as sql:
            sql.execute(
                _INVITE,
                {
                    "survey": survey.pk,
                    "from": now - ASK_UNTIL,
                    "until": now - ASK_FROM,
                    "asked_since": now - ASK_AGAIN_AFTER,
                    "now": now,
                    "closes": now + OPEN_FOR,
                    "limit": limit,
                },
            )
            return Counts(invited=sql.fetchone()[0])
