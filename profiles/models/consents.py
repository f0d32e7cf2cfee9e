"""Consent: an append-only ledger per purpose and channel, and the wording it was given to."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from profiles.models.customers import Customer, Profile
from profiles.querysets.consents import ConsentQuerySet
from profiles.rules.names import Channel, ConsentState, Purpose


class ConsentWording(models.Model):
    """The exact text a customer saw; a changed text is a new version."""

    purpose = models.CharField(max_length=20, choices=[(str(p), str(p)) for p in Purpose])
    language = models.CharField(max_length=10)
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "language", "version"], name="profiles_wording_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.language} v{self.version}"


class ConsentRule(models.Model):
    """How consent for a purpose is asked."""

    purpose = models.CharField(
        max_length=20, unique=True, choices=[(str(p), str(p)) for p in Purpose]
    )
    needs_confirmation = models.BooleanField(
        "double opt-in", db_default=False, help_text="a yes counts once its link was opened"
    )

    def __str__(self) -> str:
        return self.purpose


class ConsentEntry(models.Model):
    """One statement of a customer; the newest per purpose and channel holds.

    Holds no personal data itself: proof stands in ``ConsentEvidence``, which can be erased.
    ``actor`` is "customer", "staff:<id>" or "file:<import>".
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="consents")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20, choices=[(str(p), str(p)) for p in Purpose])
    channel = models.CharField(max_length=10, choices=[(str(c), str(c)) for c in Channel])
    state = models.CharField(max_length=10, choices=[(str(s), str(s)) for s in ConsentState])
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    door = models.CharField(max_length=20)
    actor = models.CharField(max_length=60)
    wording = models.ForeignKey(
        ConsentWording, models.PROTECT, null=True, blank=True, related_name="+"
    )
    evidence_hash = models.CharField(max_length=64, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in ConsentState]),
                name="profiles_consent_state",
            ),
            models.CheckConstraint(
                condition=models.Q(state=ConsentState.WITHDRAWN.value)
                | models.Q(wording__isnull=False),
                name="profiles_consent_has_wording",
                violation_error_message="Consent needs the wording that was shown.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "purpose", "channel", "-occurred_at", "-id"],
                name="profiles_consent_newest",
            )
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class ConsentEvidence(models.Model):
    """Where a consent came from; personal, so it can be erased without breaking the ledger."""

    entry = models.OneToOneField(ConsentEntry, models.CASCADE, related_name="evidence")
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"evidence {self.pk}"
