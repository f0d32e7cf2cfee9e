"""Where customers stand in the programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Sum, Window

from cxportal.lib.registry import Ids
from loyalty.models import PointsEntry, Programme, Tier
from loyalty.rules import TierStep, next_tier, tier_for


@dataclass(frozen=True)
class Standing:
    """Where one customer stands; at the top ``next_tier_name`` is "" and ``points_to_next`` 0."""

    balance: int
    points_12m: int
    tier_code: str
    tier_name: str
    next_tier_name: str
    points_to_next: int


@dataclass(frozen=True)
class HistoryLine:
    """One booking, and the balance after it."""

    occurred_at: datetime
    kind: str
    points: int
    balance: int
    purchase_id: int | None


def standing(customer_ids: Ids, now: datetime) -> Mapping[int, Standing]:
    """Tell for each of these customers, also those without any points, in two queries."""
    tiers = tier_steps()
    sums = {
        customer: (balance, year)
        for customer, balance, year in PointsEntry.objects.of(customer_ids).sums(now)
    }
    return {customer: _standing(*sums.get(customer, (0, 0)), tiers) for customer in customer_ids}


def _standing(balance: int, points_12m: int, tiers: Sequence[TierStep]) -> Standing:
    # Returns of what was bought more than a year ago can push the year below nothing.
    counted = max(points_12m, 0)
    held, ahead = tier_for(counted, tiers), next_tier(counted, tiers)
    return Standing(
        balance=balance,
        points_12m=points_12m,
        tier_code=held.code if held else "",
        tier_name=held.name if held else "",
        next_tier_name=ahead.name if ahead else "",
        points_to_next=ahead.from_points - points_12m if ahead else 0,
    )


def tier_steps() -> Sequence[TierStep]:
    """Return the tiers from the lowest up."""
    return [tier.step for tier in Tier.objects.order_by("from_points", "pk")]


def history(customer_id: int, *, limit: int = 50) -> Sequence[HistoryLine]:
    """Return the newest bookings of a customer, each with the balance it led to."""
    balance = Window(Sum("points"), order_by=[F("occurred_at").asc(), F("id").asc()])
    rows = (
        PointsEntry.objects.of([customer_id])
        .annotate(balance=balance)
        .order_by("-occurred_at", "-pk")
        .values_list("occurred_at", "kind", "points", "balance", "purchase_id")[:limit]
    )
    return [HistoryLine(*row) for row in rows]


def tier_codes(customer_ids: Ids, now: datetime) -> Mapping[int, str]:
    """Load the fact ``tier``: the code of the tier held."""
    return {
        customer: held.tier_code
        for customer, held in standing(customer_ids, now).items()
        if held.tier_code
    }


def tiers_asked() -> Mapping[str, str]:
    """Name the tiers as a condition asks for them."""
    return {tier.code: f"has the tier {tier.name}" for tier in tier_steps()}


def is_running() -> bool:
    """Tell whether points are earned at present."""
    return Programme.objects.filter(enabled=True).exists()
