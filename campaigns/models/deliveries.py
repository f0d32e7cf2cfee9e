"""The ledger of sending."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from campaigns.models.campaigns import Campaign, MessageTemplate
from campaigns.models.decisions import Decision
from campaigns.rules.codes import DeliveryState
from profiles.models import Customer
from profiles.rules.purposes import MESSAGES

OPEN_STATES = [DeliveryState.PLANNED.value, DeliveryState.CLAIMED.value]


class Delivery(models.Model):
    """One message to one customer: planned, claimed by a worker, then sent or explained.

    Times of the lease are the database's; ``due_at`` and ``expires_at`` are the business's.
    ``handed_at`` is written before the network call: a claim that ran out without it goes back to
    planned, one that has it becomes uncertain, for nobody knows whether the message arrived.
    ``attempt`` fences: a worker that slept over its lease changes nothing.
    Holds no address and no words; those stand in ``Message``, which can be erased.
    """

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="delivery")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="deliveries")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    template = models.ForeignKey(MessageTemplate, models.PROTECT, related_name="+")
    channel = models.CharField(
        max_length=10, choices=[(c, c) for c in sorted({str(c) for _, c in MESSAGES})]
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    is_transactional = models.BooleanField(db_default=False)
    state = models.CharField(
        max_length=10,
        choices=[(str(s), str(s)) for s in DeliveryState],
        db_default=DeliveryState.PLANNED.value,
    )
    reason = models.CharField(max_length=40, blank=True)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempt = models.PositiveIntegerField(db_default=0)
    lease_until = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in DeliveryState]),
                name="campaigns_delivery_state",
            ),
            models.CheckConstraint(
                condition=models.Q(state=DeliveryState.CLAIMED.value, lease_until__isnull=False)
                | (
                    ~models.Q(state=DeliveryState.CLAIMED.value)
                    & models.Q(lease_until__isnull=True)
                ),
                name="campaigns_delivery_lease_when_claimed",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=OPEN_STATES, finished_at__isnull=True)
                | (~models.Q(state__in=OPEN_STATES) & models.Q(finished_at__isnull=False)),
                name="campaigns_delivery_finished_when_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("due_at")),
                name="campaigns_delivery_window",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state=DeliveryState.PLANNED.value),
                name="campaigns_delivery_due",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state=DeliveryState.CLAIMED.value),
                name="campaigns_delivery_leased",
            ),
            models.Index(fields=["customer", "-due_at"], name="campaigns_delivery_customer"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class Message(models.Model):
    """The words as they left, and to whom; personal, kept apart from the ledger."""

    delivery = models.OneToOneField(Delivery, models.CASCADE, related_name="message")
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    rendered_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"message {self.pk}"


class SandboxMessage(models.Model):
    """What the sandbox mailbox received; one row per Message-ID and arrival.

    No unique key on purpose: the mailbox is the outside world, and a message sent twice
    must show as two.
    """

    message_id = models.CharField(max_length=200, db_index=True)
    recipient = models.CharField(max_length=254)
    sender = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    headers = models.JSONField(default=dict)
    text = models.TextField()
    html = models.TextField(blank=True)
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"sandbox message {self.pk}"
