"""How each campaign was felt: as help or as intrusion, by what people said of it at any door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from campaigns.queries.overview import Span
from campaigns.rules.attention import UNWELCOME, WELCOME
from campaigns.rules.results import Share

# Of one thing that was told, displeasure counts before help: who called it helpful and then too personal was hurt.
_FELT = """
    SELECT k.code, k.name, count(*), count(*) FILTER (WHERE o.is_welcome AND NOT o.is_unwelcome),
        count(*) FILTER (WHERE o.is_unwelcome)
    FROM campaigns_decision d JOIN campaigns_campaign k ON k.id = d.campaign_id
    LEFT JOIN campaigns_delivery l ON l.decision_id = d.id
    CROSS JOIN LATERAL (
        SELECT count(*) > 0 AS is_answered, coalesce(bool_or(a.kind = ANY(%(welcome)s)), false) AS is_welcome,
            coalesce(bool_or(a.kind = ANY(%(unwelcome)s)), false) AS is_unwelcome
        FROM campaigns_outcome a WHERE a.decision_id = d.id AND a.taken_back_at IS NULL) o
    WHERE d.decided_at >= %(since)s AND d.decided_at <= %(now)s AND d.verdict = 'speak'
        AND (l.state = 'sent' OR (d.door <> 'email' AND o.is_answered))
    GROUP BY k.id, k.code, k.name ORDER BY count(*) DESC, k.code
"""


@dataclass(frozen=True)
class Felt:
    """Of how many things that were told, how many were said to be help, and how many an intrusion."""

    code: str
    name: str
    help: Share
    intrusion: Share

    @property
    def told(self) -> int:
        return self.help.n


def felt(span: Span) -> Sequence[Felt]:
    """Count for each campaign, the one most told first, what people said of it: messages sent, and words at doors.

    Help: called helpful, or its link was followed. Intrusion: not relevant, less of this, too personal, stop. The
    rest said nothing, which is neither.
    """
    scope: dict[str, object] = {
        "since": span.since(),
        "now": span.now,
        "welcome": [str(kind) for kind in WELCOME],
        "unwelcome": [str(kind) for kind in UNWELCOME],
    }
    with connection.cursor() as cursor:
        cursor.execute(_FELT, scope)  # type: ignore[arg-type]
        return [
            Felt(code, name, Share(helped, told), Share(hurt, told))
            for code, name, told, helped, hurt in cursor.fetchall()
        ]
