"""What comes with being told (bonus points, one of an offer's stock): given once, at whichever door it was said.

A promise of a message is kept as it leaves, one of a counter when staff say it. It stands in the facts of the
decision as it was promised, so that a campaign which is changed later changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from campaigns.models import Decision, Delivery, Moment, Outcome
from campaigns.rules.codes import OutcomeKind
from campaigns.services import offering
from cxportal.lib.registry import registry


def keep_in_message(*, delivery: Delivery, now: datetime) -> None:
    """Give what a message that leaves now promises; repeatable, and nothing where a counter gave it already.

    Raises:
        OutOfStock: none is left of the offer.
    """
    if not _promises(delivery.decision):
        return
    _hold(delivery.decision)
    if not _said(delivery.decision).exists():
        _give(delivery.decision, delivery.customer_id, f"delivery:{delivery.pk}", now)


def keep_at_door(*, outcome: Outcome, now: datetime) -> None:
    """Give what was promised with what staff said; nothing where a message or another counter gave it already.

    Raises:
        OutOfStock: none is left of the offer.
    """
    decision = outcome.decision
    if not _promises(decision):
        return
    _hold(decision)
    if not _sent(decision).exists() and not _said(decision).exclude(pk=outcome.pk).exists():
        _give(decision, outcome.customer.present.pk, _reference(outcome), now)


def take_back(*, outcome: Outcome, now: datetime) -> None:
    """Take back what was given with an answer that counts no more, unless it was also said elsewhere."""
    decision = outcome.decision
    if not _promises(decision):
        return
    _hold(decision)
    action = registry.actions.get(decision.facts.get("action", ""))
    if action:
        action.take_back(outcome.customer.present.pk, _reference(outcome), now)
    if decision.campaign.offer_id is not None and not _sent(decision).exists():
        offering.put_back(offer_id=decision.campaign.offer_id)
    other = _said(decision).exclude(pk=outcome.pk).order_by("occurred_at", "pk").first()
    if other is not None:
        keep_at_door(outcome=other, now=now)


def _give(decision: Decision, customer_id: int, reference: str, now: datetime) -> None:
    action = registry.actions.get(decision.facts.get("action", ""))
    if action:
        action.perform(customer_id, reference, decision.facts["parameters"], now)
    if decision.campaign.offer_id is not None:
        offering.take(offer_id=decision.campaign.offer_id)


def _promises(decision: Decision) -> bool:
    return "action" in decision.facts or decision.campaign.offer_id is not None


def _sent(decision: Decision) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        decision__moment_id=decision.moment_id,
        decision__campaign_id=decision.campaign_id,
        handed_at__isnull=False,
    )


def _hold(decision: Decision) -> None:
    """Let two doors that say the same at once come one after the other."""
    Moment.objects.select_for_update(no_key=True).get(pk=decision.moment_id)


def _said(decision: Decision) -> QuerySet[Outcome]:
    return Outcome.objects.filter(
        decision__moment_id=decision.moment_id,
        decision__campaign_id=decision.campaign_id,
        kind=OutcomeKind.SAID,
        taken_back_at=None,
    )


def _reference(outcome: Outcome) -> str:
    return f"outcome:{outcome.pk}"
