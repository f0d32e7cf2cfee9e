"""The log of decisions: what was said or kept silent about, and the whole record of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from campaigns.models import Campaign, Decision, Delivery, Outcome
from campaigns.queries.naming import (
    Subject,
    because,
    kind_in_words,
    subject_names,
    whole_reason,
)
from campaigns.queries.offer_words import offers_said
from campaigns.rules.codes import Door
from campaigns.rules.reasons import Reader
from profiles.models import ConsentEntry
from profiles.queries.due import product_names
from profiles.queries.people import component
from profiles.rules.names import Channel, ConsentState

ROWS = 50


@dataclass(frozen=True)
class Asked:
    """Which decisions; empty leaves open. ``since`` is included, ``until`` is not."""

    customer_id: int | None = None
    moment: str = ""
    moment_id: int | None = None
    campaign: str = ""
    verdict: str = ""
    reason: str = ""
    door: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def rows(self) -> QuerySet[Decision]:
        """These decisions, with what a line of the log needs."""
        related = ("moment", "campaign", "customer__merged_into")
        return Decision.objects.filter(self._where()).select_related(*related)

    def _where(self) -> Q:
        where = Q(customer__erased_at=None)
        if self.customer_id is not None:
            where &= Q(customer_id__in=component(self.customer_id) or [self.customer_id])
        if self.reason:
            # What came in between a decision and its message stands with the message.
            where &= Q(reasons__0=self.reason) | Q(reasons=[], delivery__reason=self.reason)
        plain = {
            "moment__kind": self.moment,
            "moment_id": self.moment_id,
            "campaign__code": self.campaign,
            "verdict": self.verdict,
            "door": self.door,
            "decided_at__gte": self.since,
            "decided_at__lt": self.until,
        }
        return where & Q(**{name: value for name, value in plain.items() if value})


@dataclass(frozen=True)
class Entry:
    """One decision as a line: what it is about, and the sentence for managers."""

    decision: Decision
    kind: str
    about: str
    sentence: str


@dataclass(frozen=True)
class Log:
    """Some entries, newest first; ``next`` is where older ones begin, None at the end."""

    entries: Sequence[Entry]
    next: tuple[datetime, int] | None


def log(asked: Asked, before: tuple[datetime, int] | None = None) -> Log:
    """Return a page of the log; one query, and one for each kind of moment on it."""
    rows = asked.rows
    if before is not None:
        at, key = before
        # The first condition is a range of the index, the second tells rows of one instant apart.
        rows = rows.filter(Q(decided_at__lte=at) & (Q(decided_at__lt=at) | Q(pk__lt=key)))
    found = list(rows.order_by("-decided_at", "-pk")[: ROWS + 1])
    page = found[:ROWS]
    last = page[-1] if len(found) > ROWS else None
    return Log(entries(page), (last.decided_at, last.pk) if last else None)


def entries(decisions: Sequence[Decision], reader: str = "manager") -> Sequence[Entry]:
    """Put decisions into words; one query for each kind of moment among them."""
    names = subject_names({(d.moment.kind, d.moment.subject_id) for d in decisions})
    offers = offers_said([one.facts for one in decisions], Door.COUNTER, Reader(reader))
    return [
        Entry(
            decision,
            kind_in_words(decision.moment.kind),
            offer.title
            if offer
            else names.get((decision.moment.kind, decision.moment.subject_id), ""),
            whole_reason(because(decision.moment.kind, decision.facts, reader), offer),
        )
        for decision, offer in zip(decisions, offers, strict=True)
    ]


# --- the whole record of one ----------------------------------------------------------------------


@dataclass(frozen=True)
class Considered:
    """What else was weighed; ``decision`` is its own record, None where it was no moment."""

    campaign: str
    kind: str
    about: str
    worth: float
    reasons: Sequence[str]
    decision: Decision | None


@dataclass(frozen=True)
class StoodOn:
    """The consent that stood when it was decided."""

    purpose: str
    channel: str
    agreed_at: datetime
    wording: str


@dataclass(frozen=True)
class Record:
    """Everything that is kept of one decision."""

    entry: Entry
    considered: Sequence[Considered]
    beside: Sequence[Entry]
    consent: StoodOn | None
    answers: Sequence[Outcome]
    delivery: Delivery | None

    @property
    def decision(self) -> Decision:
        return self.entry.decision


def decision_of(public_id: UUID) -> Decision | None:
    """Find a decision by the id that other systems know."""
    related = ("moment", "campaign", "customer__merged_into", "delivery")
    return Decision.objects.select_related(*related).filter(public_id=public_id).first()


def record(decision: Decision, reader: str = "manager") -> Record:
    """Read what is kept of a decision: chosen, weighed and refused, the consent, and what came of it."""
    (entry,) = entries([decision], reader)
    return Record(
        entry=entry,
        considered=_considered(decision),
        beside=entries(_beside(decision), reader),
        consent=_stood_on(decision),
        answers=list(decision.outcomes.order_by("occurred_at", "pk")),
        delivery=getattr(decision, "delivery", None),
    )


def _considered(decision: Decision) -> Sequence[Considered]:
    campaigns = Campaign.objects.in_bulk({row[0] for row in decision.considered})
    subjects: list[Subject] = [
        (campaigns[row[0]].moment, row[1]) for row in decision.considered if row[0] in campaigns
    ]
    names, own = subject_names(subjects), _own_records(decision)
    offered = product_names([row[4] for row in decision.considered if len(row) > 4])
    return [
        Considered(
            campaigns[campaign].name,
            kind_in_words(campaigns[campaign].moment),
            offered.get(product[0], "")
            if product
            else names.get((campaigns[campaign].moment, subject), ""),
            worth,
            reasons,
            own.get((campaign, subject)),
        )
        for campaign, subject, worth, reasons, *product in decision.considered
        if campaign in campaigns
    ]


def _own_records(decision: Decision) -> Mapping[tuple[int, int], Decision]:
    """The newest record, up to then, of each of the others that were weighed."""
    if not decision.considered:
        return {}
    rows = Decision.objects.filter(
        customer_id=decision.customer_id,
        campaign_id__in={row[0] for row in decision.considered},
        moment__subject_id__in={row[1] for row in decision.considered},
        decided_at__lte=decision.decided_at,
    ).exclude(pk=decision.pk)
    newest = rows.order_by("campaign_id", "moment__subject_id", "-decided_at", "-pk")
    return {
        (row.campaign_id, row.moment.subject_id): row
        for row in newest.distinct("campaign_id", "moment__subject_id").select_related("moment")
    }


def _beside(decision: Decision) -> Sequence[Decision]:
    """What else was decided for the same customer in the same breath."""
    rows = Asked(customer_id=decision.customer_id).rows.filter(decided_at=decision.decided_at)
    return list(rows.exclude(pk=decision.pk).order_by("pk")[:ROWS])


def _stood_on(decision: Decision) -> StoodOn | None:
    """The newest word on such messages before it was decided, where it was a yes; met in person needs none."""
    if decision.door != Door.EMAIL:
        return None
    said: QuerySet[Any] = ConsentEntry.objects.filter(
        customer_id=decision.customer_id,
        purpose=decision.campaign.purpose,
        channel=Channel.EMAIL,
        occurred_at__lte=decision.decided_at,
    )
    newest = said.select_related("wording").order_by("-occurred_at", "-pk").first()
    if newest is None or newest.state != ConsentState.GRANTED:
        return None
    words = newest.wording.text if newest.wording else ""
    return StoodOn(newest.purpose, newest.channel, newest.occurred_at, words)
