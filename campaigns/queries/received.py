"""What a customer was sent, why, and what they answered: for the customer's own eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from campaigns.models import Campaign, Decision, Delivery, Outcome
from campaigns.queries.moments import moment_of
from campaigns.queries.naming import whole_reason
from campaigns.queries.offer_words import offer_said
from campaigns.rules.answers import standing
from campaigns.rules.codes import HELD_BACK, DeliveryState, Door, OutcomeKind
from campaigns.rules.reasons import Reader
from campaigns.rules.telling import HELD_BACK_TOLD
from cxportal.lib.links import LinkPurpose, link
from profiles.models import ConsentEntry, Product
from profiles.queries.company import company
from profiles.rules.names import ConsentState

# What reached the customer, or may have.
_ARRIVED = (DeliveryState.SENT, DeliveryState.UNCERTAIN)


@dataclass(frozen=True)
class Received:
    """One message, by its subject and day, with the address that explains it."""

    title: str
    sent_at: datetime
    why_url: str


@dataclass(frozen=True)
class Agreed:
    """The consent that a message stood on."""

    occurred_at: datetime
    wording: str


@dataclass(frozen=True)
class Why:
    """Everything that the page of one message says."""

    delivery: Delivery
    about: str
    reason: str
    facts: dict[str, Any]
    sent_at: datetime | None
    agreed: Agreed | None
    others: Sequence[str]
    left_out: str
    promise: str
    can_have_plenty: bool
    answers: Sequence[Outcome]
    zone: ZoneInfo

    @property
    def given(self) -> set[str]:
        """The kinds of answers that stand."""
        return {answer.kind for answer in self.answers}

    @property
    def is_ahead(self) -> bool:
        """Whether it was written before the day it was about."""
        day = self.facts.get("expected_on")
        if self.sent_at is None or not isinstance(day, date):
            return False
        return self.sent_at.astimezone(self.zone).date() < day


def received(customer_id: int, *, limit: int = 10) -> Sequence[Received]:
    """Return the newest messages of a customer; one whose words were erased is named by its campaign."""
    rows = (
        Delivery.objects.filter(customer_id=customer_id, state__in=_ARRIVED)
        .select_related("message", "campaign")
        .order_by("-finished_at", "-pk")[:limit]
    )
    return [_received(row) for row in rows]


def _received(delivery: Delivery) -> Received:
    message = getattr(delivery, "message", None)
    return Received(
        title=message.subject if message else delivery.campaign.name,
        sent_at=delivery.finished_at or delivery.due_at,
        why_url=link(LinkPurpose.WHY, "campaigns:why", str(delivery.public_id)),
    )


def delivery_of(public_id: str) -> Delivery | None:
    """Find the message that a signed link is about; its customer is the present one."""
    try:
        key = UUID(public_id)
    except ValueError:
        return None
    found = Delivery.objects.select_related(
        "decision__moment", "decision__customer__merged_into", "campaign", "customer__merged_into"
    )
    delivery = found.filter(public_id=key).first()
    if delivery is not None:
        delivery.customer = delivery.customer.present
    return delivery


def product_of(delivery: Delivery) -> Product | None:
    """Find the product that a message offers or is about; none where it is about something else."""
    if delivery.decision.product_id is not None:
        return delivery.decision.product
    about = delivery.decision.moment
    kind = moment_of(about.kind)
    found = kind is not None and kind.is_about_products
    return Product.objects.filter(pk=about.subject_id).first() if found else None


def why(delivery: Delivery) -> Why:
    """Tell why this message, from the facts that were stored when it was decided."""
    decision = delivery.decision
    moment = moment_of(decision.moment.kind)
    names = dict(moment.subject_name([decision.moment.subject_id])) if moment else {}
    offer = offer_said(decision.facts, Door(decision.door), Reader.CUSTOMER)
    because = moment.explain(decision.facts, "customer") if moment else ""
    about = offer.product if offer else names.get(decision.moment.subject_id)
    return Why(
        delivery=delivery,
        about=about or f"“{delivery.campaign.name}”",
        reason=whole_reason(because, offer),
        facts={name: _as_day(value) for name, value in decision.facts.items()},
        sent_at=delivery.finished_at if delivery.state in _ARRIVED else None,
        agreed=_agreed(delivery),
        others=_others(decision),
        left_out=HELD_BACK_TOLD if any(map(_is_held_back, decision.considered)) else "",
        promise=str(decision.facts.get("promise", "")),
        can_have_plenty="rhythm_days" in decision.facts,
        answers=_answers(decision),
        zone=ZoneInfo(company().time_zone),
    )


def _answers(decision: Decision) -> Sequence[Outcome]:
    """What the customer answered and what of it stands, each kind once."""
    given: dict[OutcomeKind, Outcome] = {}
    for outcome in _of_customer(decision).order_by("occurred_at", "pk"):
        given.pop(OutcomeKind(outcome.kind), None)
        given[OutcomeKind(outcome.kind)] = outcome
    return [given[kind] for kind in standing(list(given))]


def _of_customer(decision: Decision) -> QuerySet[Outcome]:
    return decision.outcomes.filter(actor="customer", taken_back_at=None)


def _as_day(value: Any) -> Any:
    """Facts are kept as JSON; days among them become days again."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _agreed(delivery: Delivery) -> Agreed | None:
    """The newest yes from before the message left."""
    entry = (
        ConsentEntry.objects.filter(
            customer_id=delivery.customer_id,
            purpose=delivery.campaign.purpose,
            channel=delivery.channel,
            state=ConsentState.GRANTED,
            occurred_at__lte=delivery.finished_at or delivery.due_at,
        )
        .select_related("wording")
        .order_by("-occurred_at", "-pk")
        .first()
    )
    return Agreed(entry.occurred_at, entry.wording.text if entry.wording else "") if entry else None


def _is_held_back(considered: Sequence[Any]) -> bool:
    return bool(HELD_BACK & set(considered[3]))


def _others(decision: Decision) -> Sequence[str]:
    """Name what else was weighed, and lost; what does not suit this customer is not held up to them."""
    moments = dict(
        Campaign.objects.filter(pk__in=[row[0] for row in decision.considered]).values_list(
            "pk", "moment"
        )
    )
    subjects: dict[str, list[int]] = {}
    for row in decision.considered:
        if not _is_held_back(row):
            subjects.setdefault(moments.get(row[0], ""), []).append(row[1])
    return [
        name
        for kind, ids in subjects.items()
        if (moment := moment_of(kind))
        for name in moment.subject_name(ids).values()
    ]
