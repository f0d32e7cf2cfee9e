"""Reading questions and cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db.models import QuerySet

from feedback.rules import CaseState


class InvitationQuerySet(QuerySet[Any]):
    """Questions that were put to customers."""

    def for_answer(self) -> Self:
        """Lock for giving or changing the answer: one at a time."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def waiting(self, now: datetime) -> Self:
        """Keep what can still be answered and was not."""
        return self.filter(closes_at__gt=now, answer=None)


class CaseQuerySet(QuerySet[Any]):
    """Cases, by state and urgency."""

    def of(self, customer_ids: Iterable[int]) -> Self:
        return self.filter(customer_id__in=customer_ids)

    def open(self) -> Self:
        return self.filter(state=CaseState.OPEN.value)

    def solved(self) -> Self:
        return self.filter(state=CaseState.SOLVED.value)

    def by_urgency(self) -> Self:
        """Order by the deadline, then by age."""
        return self.order_by("due_at", "opened_at", "pk")

    def for_change(self) -> Self:
        """Lock for changing state, owner or history."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")
