"""Reading the ledger of points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from loyalty.rules import Band, year_before


class PointsEntryQuerySet(QuerySet[Any]):
    """Entries, and sums over them; a balance is never stored."""

    def of(self, customer_ids: Iterable[int]) -> Self:
        return self.filter(customer_id__in=customer_ids)

    def in_the_year_to(self, now: datetime) -> Self:
        """Keep what counts for the tier: the twelve months that end now."""
        return self.filter(occurred_at__gt=year_before(now), occurred_at__lte=now)

    def sums(self, now: datetime) -> QuerySet[Any, tuple[int, int, int]]:
        """Sum up per customer: id, balance, points of the last twelve months."""
        recent = Q(occurred_at__gt=year_before(now), occurred_at__lte=now)
        sums: QuerySet[Any, tuple[int, int, int]] = (
            self.values("customer_id")
            .annotate(balance=Sum("points"), year=Coalesce(Sum("points", filter=recent), 0))
            .values_list("customer_id", "balance", "year")
        )
        return sums

    def close_to_next(self, bands: Sequence[Band], now: datetime) -> QuerySet[Any, tuple[int, int]]:
        """Find customers whose points of twelve months lie in a band: id and points, by id."""
        within = [Q(year__gte=band.low, year__lt=band.high) for band in bands]
        entries = self.in_the_year_to(now) if bands else self.none()
        close: QuerySet[Any, tuple[int, int]] = (
            entries.values("customer_id")
            .annotate(year=Sum("points"))
            .filter(reduce(or_, within, Q()))
            .order_by("customer_id")
            .values_list("customer_id", "year")
        )
        return close
