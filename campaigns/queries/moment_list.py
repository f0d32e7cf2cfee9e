"""All moments that can be seen, what became of each lately, and which campaigns answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Campaign
from campaigns.queries.moments import known_moments
from campaigns.queries.overview import Fate, Kind, moments, span_until
from cxportal.lib.registry import Moment
from profiles.queries.own_moment_pages import MomentRow, moment_rows


@dataclass(frozen=True)
class Answer:
    """A campaign that answers a moment; without words it speaks where the customer is met."""

    campaign: Campaign
    has_words: bool

    @property
    def label(self) -> str:
        if not self.campaign.is_live:
            return f"{self.campaign.name} (off)"
        return (
            self.campaign.name if self.has_words else f"{self.campaign.name} (where they are met)"
        )


@dataclass(frozen=True)
class ListedMoment:
    """One kind of moment; ``own`` is what managers wrote, None for one that is built in."""

    moment: Moment
    own: MomentRow | None
    kind: Kind
    answers: Sequence[Answer]

    @property
    def caught(self) -> str:
        return f"{self.kind.fates[Fate.CAUGHT]:,}"

    @property
    def silent(self) -> str:
        return f"{self.kind.fates[Fate.SILENT]:,}"

    @property
    def missed(self) -> str:
        return f"{self.kind.fates[Fate.MISSED]:,}"

    @property
    def how(self) -> str:
        """How it is seen, in a word."""
        if self.moment.is_urgent:
            return "at once, by an event"
        return "by an event" if self.moment.comes_by_event else "each morning"


def listed_moments(now: datetime) -> Sequence[ListedMoment]:
    """Every moment, those of managers' own first, in a fixed number of queries."""
    by_kind = moments(span_until(now)).by_kind
    own = {row.version.definition.key: row for row in moment_rows()}
    answered = answers_by_moment()
    listed = [
        ListedMoment(one, own.get(key), by_kind.get(key, Kind()), answered.get(key, []))
        for key, one in known_moments().items()
    ]
    return sorted(listed, key=lambda one: (one.own is None, one.moment.label.casefold()))


def answers_by_moment() -> Mapping[str, list[Answer]]:
    """The campaigns by what they answer."""
    worded = set(Campaign.objects.filter(templates__isnull=False).values_list("pk", flat=True))
    found: dict[str, list[Answer]] = {}
    for campaign in Campaign.objects.order_by("name", "pk"):
        found.setdefault(campaign.moment, []).append(Answer(campaign, campaign.pk in worded))
    return found
