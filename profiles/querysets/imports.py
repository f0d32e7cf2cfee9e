"""Which imports."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import Count, Q

from profiles.rules.names import JobState

Row = TypeVar("Row", bound=models.Model)


class ImportJobQuerySet(models.QuerySet[Row]):
    def claimable(self, at: datetime) -> Self:
        """Jobs that wait, and those whose worker let its lease run out, the oldest first."""
        waits = Q(state=JobState.QUEUED)
        left = Q(state=JobState.RUNNING) & (Q(lease_until=None) | Q(lease_until__lte=at))
        return self.filter(waits | left).order_by("created_at", "pk")

    def for_claim(self) -> Self:
        """Lock for claiming; what another worker is claiming right now is passed over."""
        return self.select_for_update(skip_locked=True, of=("self",), no_key=True)

    def newest_first(self) -> Self:
        return self.select_related("source", "created_by").order_by("-created_at", "-pk")


class ImportRejectQuerySet(models.QuerySet[Row]):
    def by_reason(self) -> dict[str, int]:
        """How many rows there are for each reason."""
        return dict(self.order_by().values_list("reason").annotate(Count("pk")))
