"""Which imports."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

from profiles.rules.names import JobState

Row = TypeVar("Row", bound=models.Model)


class ImportJobQuerySet(models.QuerySet[Row]):
    def claimable(self, at: datetime) -> Self:
        """Jobs that wait, and those whose worker let its lease run out, the oldest first.

        Files of one schedule go in one after the other, as they were found: the later one has the last word.
        """
        waits = Q(state=JobState.QUEUED)
        left = Q(state=JobState.RUNNING) & (Q(lease_until=None) | Q(lease_until__lte=at))
        before = self.model._base_manager.filter(
            schedule=OuterRef("schedule"),
            pk__lt=OuterRef("pk"),
            state__in=[JobState.QUEUED, JobState.RUNNING],
        )
        return self.filter(waits | left, ~Exists(before)).order_by("created_at", "pk")

    def for_claim(self) -> Self:
        """Lock for claiming; what another worker is claiming right now is passed over."""
        return self.select_for_update(skip_locked=True, of=("self",), no_key=True)

    def newest_first(self) -> Self:
        return self.select_related("source", "created_by").order_by("-created_at", "-pk")


class ImportRejectQuerySet(models.QuerySet[Row]):
    def by_reason(self) -> dict[str, int]:
        """How many rows there are for each reason."""
        return dict(self.order_by().values_list("reason").annotate(Count("pk")))


class ImportScheduleQuerySet(models.QuerySet[Row]):
    def due(self, at: datetime, *, free_at: datetime) -> Self:
        """Schedules to look by, no worker's lease on them at ``free_at``; whoever waits longest first."""
        free = Q(lease_until=None) | Q(lease_until__lte=free_at)
        return self.filter(free, next_due_at__lte=at).order_by("next_due_at", "pk")

    def for_claim(self) -> Self:
        """Lock for claiming; what another worker is claiming right now is passed over."""
        return self.select_for_update(skip_locked=True, of=("self",), no_key=True)

    def for_look(self) -> Self:
        """Lock one whose look is written down; a worker that claims it waits."""
        return self.select_for_update(of=("self",), no_key=True)
