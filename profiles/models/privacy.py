"""Who looked at whom, what a person asked for, and whom we must not know again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from profiles.models.customers import Customer
from profiles.rules.names import AccessAct, PrivacyRequestKind


class AccessRecord(models.Model):
    """One look at, or change of, a person's data by staff; append-only, until retention lets go of it.

    ``door`` is the page or API operation, ``detail`` what was done there (codes, no personal data), ``reason`` why
    where it was asked. A search has no customer.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
    )
    actor = models.CharField(max_length=60)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    act = models.CharField(max_length=10, choices=[(str(a), str(a)) for a in AccessAct])
    door = models.CharField(max_length=60)
    detail = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    ip_address = models.GenericIPAddressField(null=True)
    occurred_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-occurred_at"], name="profiles_access_customer"),
            models.Index(fields=["user", "-occurred_at"], name="profiles_access_user"),
            models.Index(fields=["-occurred_at", "-id"], name="profiles_access_time"),
        ]

    def __str__(self) -> str:
        return f"access {self.pk}"


class PrivacyRequest(models.Model):
    """A person's request for an export or an erasure; the row is the queue."""

    public_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in PrivacyRequestKind])
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="privacy_requests")
    actor = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    path = models.CharField(max_length=500, blank=True, help_text="of an export's file")
    expires_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(
        null=True, blank=True, help_text="when the link to an export left"
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=models.Q(done_at__isnull=True),
                name="profiles_privacyrequest_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"privacy request {self.pk}"


class Suppression(models.Model):
    """Somebody who was erased: files and events must not bring them back.

    ``digest`` is HMAC-SHA-256, under a key of this installation, of "kind:scope:value"; nothing leads from it
    back to the person. ``erased_at`` is the first of the month. Their own sign-up with consent lifts it.
    Rows that begin with "key-" are marks of the keys that were used.
    """

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"suppression {self.pk}"


class RetentionRule(models.Model):
    """How long a kind of data is kept (``kind`` is a key of the registry's holdings or mentions)."""

    kind = models.CharField(max_length=60, unique=True)
    keep_days = models.PositiveIntegerField()
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.kind
