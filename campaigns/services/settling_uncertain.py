"""Settling by hand what nobody knew: whether a message arrived that a lost worker had handed over."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Delivery
from campaigns.rules.codes import DeliveryState
from cxportal.lib.errors import DomainError
from cxportal.lib.history import record_change


class NotUncertain(DomainError):
    """There is nothing to settle; nothing was changed."""

    code = "not_uncertain"


def settle(*, delivery: Delivery, arrived: bool, by: User, now: datetime) -> Delivery:
    """Record what a person found out from the provider or the customer; a marketing message never goes again.

    Raises:
        NotUncertain: it was settled already, or never in doubt.
    """
    state = DeliveryState.SENT if arrived else DeliveryState.FAILED
    with transaction.atomic():
        doubtful = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.UNCERTAIN)
        reason = "" if arrived else "not_arrived"
        if not doubtful.update(state=state, reason=reason, finished_at=now):
            raise NotUncertain("Only a message that is uncertain can be settled.")
        record_change(target=delivery, words=f"state: uncertain → {state}", by=by, now=now)
    delivery.refresh_from_db()
    return delivery
