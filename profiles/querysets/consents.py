"""Which statements of consent hold: one query, whether for one customer or for a million.

There is no column of a present state that could disagree with the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self, TypeVar

from django.db import connection, models

from profiles.rules.names import Channel, ConsentState, Purpose

Row = TypeVar("Row", bound=models.Model)


def standing_sql(which: str) -> str:
    """SQL of the statement that holds for each customer, purpose and channel, at ``%(now)s``.

    ``which`` narrows the ledger ``e`` ("e.customer_id = ANY(%(ids)s)"). The columns are id, customer_id,
    purpose, channel, state ("granted" or "withdrawn"), occurred_at, door and wording_id.

    Of each profile the newest statement counts, and a yes that waits for its confirmation is none. While
    profiles are merged the strictest of them wins: a no before any yes. A no that was lifted counts for nothing
    as long as the yes that lifted it belongs to the same customer.
    """
    return f"""
        SELECT DISTINCT ON (n.customer_id, n.purpose, n.channel)
            n.id, n.customer_id, n.purpose, n.channel, n.state, n.occurred_at, n.door, n.wording_id
        FROM (SELECT DISTINCT ON (e.customer_id, e.purpose, e.channel, e.origin_profile_id)
                e.id, e.customer_id, e.purpose, e.channel, e.state, e.occurred_at, e.door, e.wording_id,
                CASE WHEN e.state = 'granted' THEN 1
                     WHEN e.lifted_by_id IS NULL THEN 0
                     WHEN e.customer_id = (SELECT y.customer_id FROM profiles_consententry y
                                           WHERE y.id = e.lifted_by_id) THEN 2
                     ELSE 0 END AS leniency
            FROM profiles_consententry e
            WHERE e.state <> 'asked' AND e.occurred_at <= %(now)s AND {which}
            ORDER BY e.customer_id, e.purpose, e.channel, e.origin_profile_id,
                     e.occurred_at DESC, e.id DESC) n
        ORDER BY n.customer_id, n.purpose, n.channel, n.leniency, n.occurred_at DESC, n.id DESC
    """


_OF_THESE = "e.customer_id = ANY(%(ids)s)"
_STANDING = standing_sql(_OF_THESE)
_GRANTING = f"""
    SELECT s.customer_id FROM (
        {standing_sql(f"{_OF_THESE} AND e.purpose = %(purpose)s AND e.channel = %(channel)s")}) s
    WHERE s.state = 'granted'
"""


class ConsentQuerySet(models.QuerySet[Row]):
    def about(self, purpose: Purpose, channel: Channel) -> Self:
        return self.filter(purpose=purpose, channel=channel)

    def known_at(self, at: datetime) -> Self:
        """Statements made by then."""
        return self.filter(occurred_at__lte=at)

    def newest_first(self) -> Self:
        return self.order_by("-occurred_at", "-pk")

    def decided(self) -> Self:
        """Statements that say yes or no: not those that wait for their confirmation."""
        return self.exclude(state=ConsentState.ASKED)

    def newest_of_each_profile(self) -> Self:
        return self.order_by("origin_profile_id", "-occurred_at", "-pk").distinct(
            "origin_profile_id"
        )

    def standing(
        self, customer_ids: Sequence[int], at: datetime
    ) -> dict[tuple[int, str, str], Row]:
        """The statement that holds for each of these customers, by customer, purpose and channel."""
        found = self.raw(_STANDING, {"ids": list(customer_ids), "now": at})
        return {(row.customer_id, row.purpose, row.channel): row for row in found}  # type: ignore[attr-defined]

    def granting(
        self, customer_ids: Sequence[int], purpose: Purpose, channel: Channel, at: datetime
    ) -> set[int]:
        """Of these customers, those who agree at that time, in one query."""
        about = {"purpose": str(purpose), "channel": str(channel)}
        with connection.cursor() as cursor:
            cursor.execute(_GRANTING, about | {"ids": list(customer_ids), "now": at})
            return {row[0] for row in cursor.fetchall()}
