"""What campaigns do when a person is erased."""

from __future__ import annotations

from datetime import datetime

from django.db.models.functions import Left

from campaigns.models import Delivery, SandboxMessage
from campaigns.rules.codes import DeliveryState
from cxportal.lib.errors import DomainError
from cxportal.lib.registry import Ids

ERASED = "erased"


class MessageLeaving(DomainError):
    """A message is on its way to them at this very moment; ask again within two minutes."""

    code = "message_leaving"


def withdraw_messages(customer_ids: Ids, now: datetime) -> None:
    """Skip what is planned, transactional messages too; empty the sandbox of what had left.

    Raises:
        MessageLeaving: its words would be written after everything else is gone.
    """
    theirs = Delivery.objects.filter(customer_id__in=customer_ids)
    held = theirs.filter(state__in=[DeliveryState.PLANNED, DeliveryState.CLAIMED])
    states = set(held.order_by("pk").select_for_update(no_key=True).values_list("state", flat=True))
    if DeliveryState.CLAIMED in states:
        raise MessageLeaving("A message is leaving at this moment. The erasure follows it.")
    theirs.filter(state=DeliveryState.PLANNED).update(
        state=DeliveryState.SKIPPED, reason=ERASED, finished_at=now
    )
    begins = [f"<{public_id}@" for public_id in theirs.values_list("public_id", flat=True)]
    arrived = SandboxMessage.objects.alias(begin=Left("message_id", len("<@") + 36))
    arrived.filter(begin__in=begins).delete()
