"""Consent: an append-only ledger per purpose and channel, and the wording it was given to."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from profiles.models.customers import Customer, Profile
from profiles.models.identities import Identifier
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
    is_asked_at_joining = models.BooleanField(
        "asked of newcomers",
        db_default=False,
        help_text="has a box at sign-up, at the counter’s enrolment and in checkouts, where it has a wording",
    )

    def __str__(self) -> str:
        return self.purpose


class ConsentEntry(models.Model):
    """One statement of a customer; ``querysets.consents`` says which of them hold.

    Holds no personal data itself: proof stands in ``ConsentEvidence``, which can be erased.
    ``actor`` is "customer", "staff:<id>" or "file:<import>". ``lifted_by``: a no of one profile that the yes
    named here set aside for as long as both belong to one customer; once parted, the no stands again.
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
    lifted_by = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )

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
            models.CheckConstraint(
                condition=models.Q(lifted_by__isnull=True)
                | models.Q(state=ConsentState.WITHDRAWN.value),
                name="profiles_consent_lifts_a_no",
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


class ConsentRequest(models.Model):
    """A yes that waits for its confirmation: the mail that asks for it, and what became of it.

    The row is the queue: it is due while ``mailed_at`` is null. The mail goes to ``identifier``, the address that
    was given with the yes, or where there is none to an address of the customer.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entry = models.OneToOneField(ConsentEntry, models.CASCADE, related_name="request")
    identifier = models.ForeignKey(
        Identifier, models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    mailed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(mailed_at__isnull=True),
                name="profiles_consentrequest_due",
            )
        ]

    def __str__(self) -> str:
        return f"consent request {self.pk}"
