"""What is wrong in customers' data, who uses whose number, and what customers were asked about it."""

from __future__ import annotations

from django.db import models

from profiles.models.customers import Customer, Profile
from profiles.models.identities import Identifier
from profiles.rules.asking import Said
from profiles.rules.cleanness import FindingKind, Found


class Finding(models.Model):
    """One thing in a customer's data that is wrong, or may be; found anew every night.

    ``subject`` says what it is about ("name", "identifier:<key>", "attribute:<key>"), ``of_value`` which value it
    is of. Staff say that it is fine as it is (``settled_at``); that holds until the value is another one.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, db_index=False, related_name="+")
    origin_customer_id = models.BigIntegerField(null=True, editable=False)
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in FindingKind])
    subject = models.CharField(max_length=40)
    of_value = models.CharField(max_length=100)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind", "subject"], name="profiles_finding_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in FindingKind]),
                name="profiles_finding_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_at__isnull=True, settled_by="")
                | (models.Q(settled_at__isnull=False) & ~models.Q(settled_by="")),
                name="profiles_finding_settled_by_whom",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "id"],
                condition=models.Q(settled_at__isnull=True),
                name="profiles_finding_open",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(settled_at__isnull=False),
                name="profiles_finding_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"finding {self.pk}"

    @property
    def found(self) -> Found:
        """The finding as the rules know it."""
        return Found(FindingKind(self.kind), self.subject, self.of_value)


class SharedSighting(models.Model):
    """A profile was seen with an address or number that leads to another customer, and was not joined to them.

    Many of them on one identifier say that it belongs to many: a shop's own number, typed in for everyone.
    """

    identifier = models.ForeignKey(
        Identifier, models.CASCADE, db_index=False, related_name="shared_sightings"
    )
    profile = models.ForeignKey(Profile, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["identifier", "profile"], name="profiles_sharedsighting_once"
            )
        ]

    def __str__(self) -> str:
        return f"shared sighting {self.pk}"


class AskedQuestion(models.Model):
    """What became of one question about a customer's data, at whichever door; the newest counts."""

    customer = models.ForeignKey(Customer, models.PROTECT, db_index=False, related_name="+")
    origin_customer_id = models.BigIntegerField(null=True, editable=False)
    subject = models.CharField(max_length=40)
    said = models.CharField(max_length=10, choices=[(str(s), str(s)) for s in Said])
    door = models.CharField(max_length=20)
    actor = models.CharField(max_length=60)
    said_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(said__in=[str(s) for s in Said]), name="profiles_asked_said"
            )
        ]
        indexes = [models.Index(fields=["customer", "-said_at"], name="profiles_asked_customer")]

    def __str__(self) -> str:
        return f"asked question {self.pk}"
