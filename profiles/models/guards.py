"""Guards: stated once on a product or category, obeyed at every door; each change is a version."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from profiles.models.catalogue import Category, Product
from profiles.rules.guards import GuardKind, WhenUnknown


class Guard(models.Model):
    """What a guard is on: one product, or one category with all its products."""

    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="guards"
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="guards"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(product__isnull=False, category__isnull=True)
                | models.Q(product__isnull=True, category__isnull=False),
                name="profiles_guard_one_subject",
                violation_error_message="Choose either a product or a category.",
            )
        ]

    def __str__(self) -> str:
        return f"guard {self.pk}"


class GuardVersion(models.Model):
    """What a guard said from then on, and who wrote it; the newest holds. The database refuses to change one.

    ``condition`` is the JSON of ``profiles.rules.conditions``. A guard that was written and not yet switched on
    holds nobody back.
    """

    guard = models.ForeignKey(Guard, models.PROTECT, db_index=False, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in GuardKind])
    condition = models.JSONField()
    when_unknown = models.CharField(max_length=10, choices=[(str(w), str(w)) for w in WhenUnknown])
    note = models.CharField(max_length=300, blank=True)
    is_on = models.BooleanField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["guard", "number"], name="profiles_guardversion_number"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in GuardKind]),
                name="profiles_guardversion_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(when_unknown__in=[str(w) for w in WhenUnknown]),
                name="profiles_guardversion_when_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of guard {self.guard_id}"
