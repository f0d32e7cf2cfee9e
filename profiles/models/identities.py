"""By what a customer is recognised at a door."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now, Right

from profiles.models.customers import Customer, Profile
from profiles.rules.names import IdentifierKind


class Identifier(models.Model):
    """A normalised e-mail address, phone number (E.164) or card number."""

    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in IdentifierKind])
    value = models.CharField(max_length=254)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="identifiers")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, related_name="+")
    first_seen_at = models.DateTimeField(db_default=Now())
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="profiles_identifier_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in IdentifierKind]),
                name="profiles_identifier_kind",
            ),
            models.CheckConstraint(
                condition=~models.Q(value=""), name="profiles_identifier_not_empty"
            ),
        ]
        indexes = [models.Index(Right("value", 4), "kind", name="profiles_identifier_last4")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
