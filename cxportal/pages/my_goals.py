"""What a customer's own page says of goals: which paths are followed, and which could be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import LearningPath
from campaigns.queries.guidance import Progress, paths_offered, progress
from campaigns.rules.guidance import PACE
from profiles.models import Customer


@dataclass(frozen=True)
class Choice:
    """One pace to choose."""

    days: int
    label: str


PACES = [Choice(days, label) for days, label in PACE.items()]


@dataclass(frozen=True)
class MyGuidance:
    """The part "What you want to do": what is followed, and what could be."""

    followed: Sequence[Progress]
    offered: Sequence[LearningPath]
    paces: Sequence[Choice]

    @property
    def is_empty(self) -> bool:
        return not (self.followed or self.offered)


def my_guidance(*, customer: Customer, now: datetime) -> MyGuidance:
    """Load both, in two queries."""
    followed = [one for one in progress([customer.pk], now) if one.is_on]
    return MyGuidance(followed, paths_offered(customer.pk), PACES)
