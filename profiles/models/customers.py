"""Customers and the profiles they were recorded as."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from profiles.models.company import Place
from profiles.models.sources import Source
from profiles.querysets.customers import CustomerQuerySet


class Customer(models.Model):
    """One person as known now: a connected component of profiles.

    Rows of a person carry ``customer`` (which a merge rewrites) and ``origin_profile`` (which
    never changes), so that no read pays for merging and an undo knows where everything belongs.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, blank=True)
    search_name = models.CharField(max_length=200, blank=True, editable=False)
    language = models.CharField(max_length=10, blank=True, help_text="empty: the company's")
    time_zone = models.CharField(
        max_length=60, blank=True, help_text="empty: the home store's, then the company's"
    )
    home_place = models.ForeignKey(Place, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # Where this customer's rows went while merged: such a customer is empty, and waits for an undo.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    # Columns that show a value of those merged into this customer, who has none of their own.
    borrowed = ArrayField(
        models.CharField(max_length=20), default=list, db_default=[], editable=False
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Set by whatever records a purchase; cleared by learning. The night costs what changed.
    habits_due = models.BooleanField(db_default=False, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(
                fields=["search_name"], opclasses=["gin_trgm_ops"], name="profiles_customer_trgm"
            ),
            models.Index(
                fields=["id"], condition=models.Q(habits_due=True), name="profiles_customer_due"
            ),
        ]

    def __str__(self) -> str:
        return f"customer {self.pk}"

    @property
    def present(self) -> Customer:
        """Who this is now: whoever old links and rows name, they lead there."""
        return self.merged_into or self


class Profile(models.Model):
    """A customer as one source knows them; created once, never moved between sources."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="profiles")
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, related_name="+")
    external_id = models.CharField(max_length=200)
    # The customer it was made with: where it stands when no edge joins it to another profile.
    home_customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, db_index=False, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="profiles_profile_once_per_source"
            )
        ]

    def __str__(self) -> str:
        return f"profile {self.pk}"


class ContactPreference(models.Model):
    """What a customer wants of us beyond consent; empty fields: the company's rule."""

    customer = models.OneToOneField(Customer, models.CASCADE, related_name="preference")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    max_per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(db_default=Now())
    origin_customer_id = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="profiles_preference_quiet_pair",
                violation_error_message="Give both ends of the quiet hours, or neither.",
            )
        ]

    def __str__(self) -> str:
        return f"preference of customer {self.customer_id}"
