"""Hands out the customers of whom something came in this moment, each row once."""

from __future__ import annotations

from django.db import connection

_TAKE = """
    WITH taken AS (
        DELETE FROM profiles_freshtouch WHERE touchpoint_id IN (
            SELECT touchpoint_id FROM profiles_freshtouch
            ORDER BY touchpoint_id LIMIT %s FOR UPDATE SKIP LOCKED)
        RETURNING touchpoint_id)
    SELECT taken.touchpoint_id, t.customer_id
    FROM taken LEFT JOIN profiles_touchpoint t ON t.id = taken.touchpoint_id
"""


def take(*, most: int) -> tuple[int, list[int]]:
    """Take out the oldest rows; return how many there were, and whose they are.

    Belongs into the transaction of whoever decides: a worker that is killed leaves the rows to the next.
    A touchpoint that was erased meanwhile is nobody's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [most])
        rows = cursor.fetchall()
    return len(rows), sorted({customer for _, customer in rows if customer is not None})
