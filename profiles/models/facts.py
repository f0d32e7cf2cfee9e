"""What is known of a customer beyond purchases: a schema that managers extend, and versioned values."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from profiles.models.consents import ConsentEntry
from profiles.models.customers import Customer, Profile
from profiles.models.sources import Source
from profiles.rules.facts import LONGEST_HOLDS_DAYS
from profiles.rules.names import AttributeType, Manner, Sensitivity


class Attribute(models.Model):
    """Something that can be known of a customer: its type, what for, how delicate, how long it holds.

    ``outranks``: codes of sources, the best first; a value of a source that stands earlier beats one that
    stands later or not at all. ``holds_days``: how long a value is believed (null: for good). ``purpose``
    goes on after "keep it": "to congratulate you". Once values stand, the database refuses another type, and
    of a special category another name, purpose, use or a lesser protection of what was not agreed to.
    """

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=10, choices=[(str(t), str(t)) for t in AttributeType])
    unit = models.CharField(max_length=20, blank=True)
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    purpose = models.CharField(
        max_length=200, help_text="what it is kept for, in plain words that begin with “to”"
    )
    sensitivity = models.CharField(
        max_length=10,
        choices=[(str(s), str(s)) for s in Sensitivity],
        db_default=Sensitivity.ORDINARY.value,
    )
    holds_days = models.PositiveIntegerField(null=True, blank=True)
    outranks = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    is_for_staff = models.BooleanField(
        "shown at the counter", db_default=False, help_text="where the customer told it"
    )
    is_asked = models.BooleanField(
        "asked for",
        db_default=False,
        help_text="a profile without it is not complete; customers are asked, one question at a time",
    )
    holds_back = models.BooleanField(
        "kept to hold back what does not suit",
        db_default=False,
        default=False,
        help_text="of a special category: its purpose says so, and guards may forbid something by it",
    )
    is_active = models.BooleanField(db_default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(holds_days__isnull=True)
                | models.Q(holds_days__gte=1, holds_days__lte=LONGEST_HOLDS_DAYS),
                name="profiles_attribute_holds",
                violation_error_message="A value holds for a day to a hundred years; leave it empty for good.",
            ),
            models.CheckConstraint(
                condition=~models.Q(type__in=["choice", "choices"], choices=[]),
                name="profiles_attribute_has_choices",
                violation_error_message="Write what can be chosen.",
            ),
            models.CheckConstraint(
                condition=models.Q(type__in=[str(t) for t in AttributeType]),
                name="profiles_attribute_type",
            ),
            models.CheckConstraint(
                condition=models.Q(sensitivity__in=[str(s) for s in Sensitivity]),
                name="profiles_attribute_sensitivity",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class FactValue(models.Model):
    """One version of one fact; the present value is a rule over them (``profiles.rules.facts``).

    ``value`` is null where the customer deleted it or said that it is not so. ``confidence`` is 0 … 1,
    and 1 for what was told. ``actor`` is "customer", "staff:<id>", "file:<import>", "api:<key>", "rule:<code>".
    A special-category value stands on the consent it was told with; the database refuses any other.
    ``taken_back_at``: undone by who said it; such a version counts no more.
    """

    attribute = models.ForeignKey(Attribute, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, db_index=False, related_name="facts")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, db_index=False, related_name="+")
    manner = models.CharField(max_length=10, choices=[(str(m), str(m)) for m in Manner])
    value = models.JSONField(null=True)
    confidence = models.FloatField(db_default=1.0)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    actor = models.CharField(max_length=60)
    consent = models.ForeignKey(
        ConsentEntry, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(value__isnull=False) | models.Q(manner=Manner.TOLD.value),
                name="profiles_fact_deletion_told",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__gt=0, confidence__lte=1),
                name="profiles_fact_confidence",
            ),
            models.CheckConstraint(
                condition=models.Q(manner__in=[str(m) for m in Manner]), name="profiles_fact_manner"
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "attribute", "-occurred_at", "-id"], name="profiles_fact_newest"
            )
        ]

    def __str__(self) -> str:
        return f"fact {self.pk}"
