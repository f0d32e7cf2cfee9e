"""What became of offers: to whom each product of them was said, who wants no more of it, and how many are left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from campaigns.models import Delivery, Offer, OfferVersion
from campaigns.models.deliveries import OPEN_STATES
from profiles.queries.company import company_day

# The same product of an offer is not said again for so long, wherever it was said; nor another offer of a group
# of which one is told. Ours: no source sets it.
AGAIN_DAYS = 30
EXCLUSIVE_DAYS = 90

_TOLD = """
    SELECT x.customer_id, k.offer_id, x.product_id,
        bool_or(coalesce(o.kind = 'not_relevant' OR o.kind = 'not_now' AND o.until > %(today)s, false)),
        max(x.decided_at) FILTER (WHERE d.state IN ('planned', 'claimed', 'sent', 'uncertain')
            OR x.reasons = '["control_group"]' OR o.kind = 'said')
    FROM campaigns_decision x
    JOIN campaigns_campaign k ON k.id = x.campaign_id
    LEFT JOIN campaigns_delivery d ON d.decision_id = x.id
    LEFT JOIN campaigns_outcome o ON o.decision_id = x.id AND o.taken_back_at IS NULL
    WHERE x.customer_id = ANY(%(customers)s) AND x.product_id IS NOT NULL AND k.offer_id IS NOT NULL
    GROUP BY 1, 2, 3
"""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Told:
    """What customers heard and answered. ``silenced``: (customer, offer, product) that is not said (again) now.

    ``refused``: only what they want no more of, or not now. ``groups``: groups of which (customer, group) heard,
    with the offer that it was.
    """

    silenced: frozenset[tuple[int, int, int]]
    refused: frozenset[tuple[int, int, int]]
    groups: Mapping[tuple[int, str], frozenset[int]]

    def excludes(self, customer: int, offer: int, group: str) -> bool:
        """Tell whether another offer of this group was told to a customer."""
        return bool(group and self.groups.get((customer, group), frozenset()) - {offer})


def told(customer_ids: Sequence[int], now: datetime) -> Told:
    """Read what these customers were told of offers, in two queries."""
    scope: dict[str, Any] = {"customers": list(customer_ids), "today": company_day(now)}
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, scope)
        rows = cursor.fetchall()
    again, exclusive = now - timedelta(days=AGAIN_DAYS), now - timedelta(days=EXCLUSIVE_DAYS)
    refused = {row[:3] for row in rows if row[3]}
    said = {row[:3] for row in rows if row[4] and row[4] > again}
    heard = [row[:2] for row in rows if row[4] and row[4] > exclusive]
    return Told(frozenset(refused | said), frozenset(refused), _groups(heard))


def _groups(heard: Iterable[Pair]) -> Mapping[tuple[int, str], frozenset[int]]:
    heard = list(heard)
    newest = OfferVersion.objects.filter(offer__in={offer for _, offer in heard})
    named = newest.order_by("offer_id", "-number").distinct("offer_id")
    group_of = dict(named.values_list("offer_id", "exclusivity")) if heard else {}
    found: dict[tuple[int, str], set[int]] = {}
    for customer, offer in heard:
        if group_of.get(offer):
            found.setdefault((customer, group_of[offer]), set()).add(offer)
    return {key: frozenset(offers) for key, offers in found.items()}


def left(offer_ids: Iterable[int], *, but_planned: bool) -> Mapping[int, int]:
    """How many of each offer are left, of those that have a stock; ``but_planned``: without what is on its way."""
    stock = dict(
        Offer.objects.filter(pk__in=list(offer_ids), stock__isnull=False).values_list("pk", "stock")
    )
    found = {offer: number or 0 for offer, number in stock.items()}
    if found and but_planned:
        on_their_way = Delivery.objects.filter(
            campaign__offer__in=found, state__in=OPEN_STATES, handed_at=None
        )
        for offer in on_their_way.values_list("campaign__offer_id", flat=True):
            found[offer] -= 1
    return found
