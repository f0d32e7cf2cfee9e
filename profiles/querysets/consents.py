"""Which statements of consent hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self, TypeVar

from django.db import models

from profiles.rules.names import Channel, ConsentState, Purpose

Row = TypeVar("Row", bound=models.Model)


class ConsentQuerySet(models.QuerySet[Row]):
    def about(self, purpose: Purpose, channel: Channel) -> Self:
        return self.filter(purpose=purpose, channel=channel)

    def known_at(self, at: datetime) -> Self:
        """Statements made by then."""
        return self.filter(occurred_at__lte=at)

    def newest_first(self) -> Self:
        return self.order_by("-occurred_at", "-pk")

    def current(self, at: datetime) -> Self:
        """The statements that hold at that time: the newest for each customer, purpose, channel."""
        return (
            self.known_at(at)
            .order_by("customer_id", "purpose", "channel", "-occurred_at", "-pk")
            .distinct("customer_id", "purpose", "channel")
        )

    def granting(
        self, customer_ids: Sequence[int], purpose: Purpose, channel: Channel, at: datetime
    ) -> set[int]:
        """Of these customers, those who agree at that time, in one query."""
        statements = self.filter(customer_id__in=customer_ids).about(purpose, channel).current(at)
        said = statements.values_list("customer_id", "state")
        return {customer for customer, state in said if state == ConsentState.GRANTED}
