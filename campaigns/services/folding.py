"""Silences that grew old: counted by day and reason, then let go of. Reports go on reading the counts."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from profiles.queries.company import company_zone

# A decision that a later one of the same moment overtook was not the last word on it.
_FOLD = """
    WITH old AS (
        SELECT d.decided_at, d.campaign_id, d.door, d.reasons ->> 0 AS reason, m.kind,
            NOT EXISTS (SELECT FROM campaigns_decision later WHERE later.moment_id = d.moment_id
                AND (later.decided_at, later.id) > (d.decided_at, d.id)) AS is_last
        FROM campaigns_decision d JOIN campaigns_moment m ON m.id = d.moment_id
        WHERE d.id = ANY(%(keys)s)
    )
    INSERT INTO campaigns_silentday AS kept ("on", campaign_id, moment, door, reason, decisions, moments)
    SELECT (decided_at AT TIME ZONE %(zone)s)::date, campaign_id, kind, door, reason,
        count(*), count(*) FILTER (WHERE is_last)
    FROM old GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT ("on", campaign_id, moment, door, reason) DO UPDATE
    SET decisions = kept.decisions + excluded.decisions, moments = kept.moments + excluded.moments
"""
_LET_GO = """
    DELETE FROM campaigns_decision WHERE id = ANY(%(keys)s) RETURNING moment_id
"""
_EMPTY = """
    DELETE FROM campaigns_moment m WHERE m.id = ANY(%(moments)s)
        AND NOT EXISTS (SELECT FROM campaigns_decision d WHERE d.moment_id = m.id)
"""


def fold_silences(keys: Sequence[int]) -> None:
    """Add these silent decisions to the counts of their days, and delete them with the moments they leave empty.

    Three statements, inside the transaction of retention, which alone may delete decisions.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, {"keys": list(keys), "zone": company_zone().key})
        cursor.execute(_LET_GO, {"keys": list(keys)})
        moments = sorted({row[0] for row in cursor.fetchall()})
        cursor.execute(_EMPTY, {"moments": moments})
