"""One timeline of what all apps know of a customer: what an app hands in, and how it reads its share.

Every app loads its newest rows before a position and no more than a page, so that merging them by time reads a
bounded number of rows, however long a timeline is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

# For the rows ``x`` of one customer. As a comparison of rows it is a range of an index on (time, id).
WINDOW = """x.customer_id = %(customer)s AND (x.occurred_at, x.id) < (%(before_at)s, %(before_id)s)
    AND x.occurred_at >= %(since)s"""
NEWEST = "ORDER BY x.occurred_at DESC, x.id DESC LIMIT %(limit)s"
OF_SOURCE = "(%(source)s::bigint IS NULL OR x.source_id = %(source)s)"


@dataclass(frozen=True)
class Item:
    """One thing that happened, in plain words for staff; ``id`` tells it from others of its kind.

    ``source`` says by which system or door it came, ``href`` leads to where it can be read whole.
    """

    occurred_at: datetime
    id: int
    source: str
    title: str
    text: str = ""
    href: str = ""


@dataclass(frozen=True)
class Slice:
    """Which part of a timeline is asked for: before a time and id, not before ``since``, of one source or all."""

    customer_id: int
    before_at: datetime
    before_id: int
    since: datetime
    limit: int
    source_id: int | None = None


def rows(sql: str, part: Slice) -> list[tuple[Any, ...]]:
    """Run one statement for a slice; ``sql`` has ``WINDOW`` and ``NEWEST`` in it."""
    params: dict[str, Any] = {
        "customer": part.customer_id,
        "before_at": part.before_at,
        "before_id": part.before_id,
        "since": part.since,
        "limit": part.limit,
        "source": part.source_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
