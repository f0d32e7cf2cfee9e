"""What customers and staff answer to a decision, at any door, and what follows from it at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from campaigns.models import Decision, Delivery, Outcome
from campaigns.queries.eligibility import LESS_DAYS
from campaigns.rules.answers import CAN_TAKE_BACK
from campaigns.rules.codes import Door, OutcomeKind, Verdict
from campaigns.services import promising
from campaigns.services.deciding import Choice, Context, decide
from campaigns.services.planning import store_choices
from cxportal.lib.errors import DomainError
from feedback.rules import CaseKind
from feedback.services import cases
from profiles.models import Customer, Product
from profiles.queries.company import company_day
from profiles.queries.due import MOMENT as DUE_REORDER
from profiles.rules.names import Channel, Purpose
from profiles.services import consenting, scheduling

# How long an answer holds that is not for good.
PLENTY_DAYS = 14
HOLDS_DAYS = {
    OutcomeKind.NOT_NOW: 7,
    OutcomeKind.PLENTY: PLENTY_DAYS,
    OutcomeKind.LESS: LESS_DAYS,
}


class NothingToAnswer(DomainError):
    """The suggestion is no longer open: bought, said or answered meanwhile."""

    code = "nothing_to_answer"


class StandsForGood(DomainError):
    """An answer that is not simply taken back: a stop is a consent withdrawn, a person is on it already."""

    code = "stands_for_good"


def record_outcome(
    *, decision: Decision, kind: OutcomeKind, door: Door, actor: str, now: datetime
) -> Outcome:
    """Record an answer and carry it out in the same transaction.

    Repeatable: the same answer of the same actor again returns the first; one that holds for a time counts
    anew on a later day, and one that was taken back counts anew at once. It is obeyed before the next
    decision, and by whatever is planned already, since each claim asks again.
    """
    until = company_day(now) + timedelta(days=HOLDS_DAYS[kind]) if kind in HOLDS_DAYS else None
    with transaction.atomic():
        outcome, is_new = Outcome.objects.get_or_create(
            decision=decision,
            kind=kind,
            actor=actor,
            until=until,
            taken_back_at=None,
            defaults={
                "customer_id": decision.customer_id,
                "door": door,
                "occurred_at": now,
            },
        )
        # Who said stop, agreed again, and stops once more from the same message must be heard; both
        # do nothing where they hold already.
        if is_new or kind in (OutcomeKind.STOP, OutcomeKind.PERSON):
            _carry_out(outcome, now)
    return outcome


def record_at_counter(
    *, customer: Customer, choice: tuple[str, int], kind: OutcomeKind, actor: str, now: datetime
) -> Outcome:
    """Record what staff said or heard of one suggestion ("moment", subject id) of the counter's page.

    Raises:
        NothingToAnswer: the same question, asked again now, no longer brings that suggestion up.
    """
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        open_choices = decide(customers=[customer.pk], context=COUNTER, now=now)
        matching = [c for c in open_choices if (c.moment, c.subject_id) == choice]
        if not matching or matching[0].verdict != Verdict.SPEAK:
            raise NothingToAnswer(
                "This suggestion is no longer open: it was said, answered or bought."
            )
        decision = _stored(matching[0], now)
        return record_outcome(decision=decision, kind=kind, door=Door.COUNTER, actor=actor, now=now)


COUNTER = Context(Door.COUNTER, limit=3)


def take_back(*, outcome: Outcome, door: Door, now: datetime) -> Outcome:
    """Let an answer count no more, and put back what it changed; repeatable.

    Raises:
        StandsForGood: this answer has a way back of its own, or none (``CAN_TAKE_BACK``).
    """
    if outcome.kind not in CAN_TAKE_BACK:
        raise StandsForGood("This answer cannot be taken back here.")
    with transaction.atomic():
        standing = Outcome.objects.select_for_update().get(pk=outcome.pk)
        if standing.taken_back_at is not None:
            return standing
        standing.taken_back_at = now
        standing.save(update_fields=["taken_back_at"])
        if standing.kind == OutcomeKind.SAID:
            promising.take_back(outcome=standing, now=now)
        said = _said(standing, now) if standing.kind == OutcomeKind.PLENTY else None
        if said:
            words = replace(said, door=door)
            scheduling.take_back(said=words, kind="plenty", said_at=standing.occurred_at)
    return standing


def take_back_answers(*, decision: Decision, kind: OutcomeKind, door: Door, now: datetime) -> None:
    """Take back every standing answer of this kind that the customer gave to one decision."""
    for outcome in decision.outcomes.filter(kind=kind, actor="customer", taken_back_at=None):
        take_back(outcome=outcome, door=door, now=now)


def _stored(choice: Choice, now: datetime) -> Decision:
    """The decision as staff saw it; the newest one of the moment where the answer is no news."""
    stored = store_choices(choices=[choice], door=Door.COUNTER, now=now)
    if stored:
        return stored[0]
    return (
        Decision.objects.filter(
            customer_id=choice.customer_id,
            moment__kind=choice.moment,
            moment__subject_id=choice.subject_id,
            moment__cycle=choice.cycle,
        )
        .order_by("-decided_at", "-pk")
        .first()
    ) or _impossible()


def _impossible() -> Decision:
    raise NothingToAnswer("This suggestion is no longer open.")


def _carry_out(outcome: Outcome, now: datetime) -> None:
    kind = OutcomeKind(outcome.kind)
    if kind == OutcomeKind.SAID:
        promising.keep_at_door(outcome=outcome, now=now)
    elif kind == OutcomeKind.PLENTY:
        said = _said(outcome, now)
        if said:
            scheduling.still_have_plenty(said=said, days=PLENTY_DAYS)
    elif kind == OutcomeKind.STOP:
        stop(decision=outcome.decision, door=outcome.door, actor=outcome.actor, now=now)
    elif kind == OutcomeKind.PERSON:
        cases.open_case(
            customer=outcome.customer.present,
            kind=CaseKind.PERSON,
            source_ref=f"decision:{outcome.decision_id}",
            detail="Asked for a person from a message.",
            opened_by=outcome.actor,
            now=now,
        )


def _said(outcome: Outcome, now: datetime) -> scheduling.Said | None:
    moment = outcome.decision.moment
    if moment.kind != DUE_REORDER:
        return None
    product = Product.objects.get(pk=moment.subject_id)
    return scheduling.Said(
        customer=outcome.customer.present, product=product, door=outcome.door, now=now
    )


def stop(*, decision: Decision, door: str, actor: str, now: datetime) -> None:
    """Withdraw the consent that this message stood on; the ledger keeps who, when and where."""
    consenting.withdraw(
        customer=decision.customer.present,
        purpose=Purpose(decision.campaign.purpose),
        channel=Channel.EMAIL,
        door=door,
        actor=actor,
        occurred_at=now,
    )


def stop_delivery(*, delivery: Delivery, door: str, now: datetime) -> Outcome:
    """One-click stop of the kind of message that this delivery was (RFC 8058); repeatable."""
    return record_outcome(
        decision=delivery.decision,
        kind=OutcomeKind.STOP,
        door=Door.EMAIL if door == "email" else Door.PAGE,
        actor="customer",
        now=now,
    )
