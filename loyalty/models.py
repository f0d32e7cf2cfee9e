"""The programme, its tiers, and the ledger of points."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cxportal.lib.db import Singleton, only_row
from loyalty.querysets import PointsEntryQuerySet
from loyalty.rules import EntryKind, TierStep
from profiles.models import Customer, Profile, Purchase


class Programme(Singleton):
    """What a purchase earns. A new rate holds for purchases that are awarded from then on."""

    name = models.CharField(max_length=120, db_default="Points")
    points_per_unit = models.DecimalField(
        max_digits=9, decimal_places=4, db_default=1, help_text="points for 1.00 spent"
    )
    enabled = models.BooleanField(
        db_default=True,
        help_text="While off, purchases wait; they are awarded once it is on again.",
    )

    class Meta:
        constraints = [
            only_row("loyalty_programme"),
            models.CheckConstraint(
                condition=Q(points_per_unit__gt=0),
                name="loyalty_programme_rate_positive",
                violation_error_message="A purchase earns more than nothing.",
                violation_error_code="rate_not_positive",
            ),
        ]

    def __str__(self) -> str:
        return "programme"


class Tier(models.Model):
    """A level reached by the points of the last twelve months."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    from_points = models.PositiveIntegerField(help_text="points in twelve months")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["from_points"],
                name="loyalty_tier_one_per_threshold",
                violation_error_message="Another tier begins at the same points.",
                violation_error_code="threshold_taken",
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def step(self) -> TierStep:
        return TierStep(self.code, self.name, self.from_points)


class PointsEntry(models.Model):
    """One booking of points; append-only, and the balance is the sum of them.

    ``source_ref`` names what earned them and makes the booking repeatable: ``purchase:<id>`` for
    the first entry of a purchase, ``purchase:<id>:2`` … for corrections of it. ``rate`` is what the
    purchase was rated at, so that a later correction uses the same. ``actor`` is "programme",
    "campaign" or "staff:<id>".
    """

    customer = models.ForeignKey(Customer, models.PROTECT, db_index=False, related_name="+")
    origin_profile = models.ForeignKey(
        Profile, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in EntryKind])
    points = models.IntegerField()
    source_ref = models.CharField(max_length=120)
    purchase = models.ForeignKey(Purchase, models.PROTECT, null=True, related_name="+")
    rate = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    actor = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    origin_customer_id = models.BigIntegerField(null=True, editable=False)

    objects = PointsEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "points entries"
        constraints = [
            models.UniqueConstraint(
                fields=["source_ref"],
                name="loyalty_entry_source_once",
                violation_error_message="These points were booked before.",
                violation_error_code="source_ref_used",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[EntryKind.PURCHASE.value, EntryKind.BONUS.value], points__gt=0
                )
                | Q(kind=EntryKind.RETURN.value, points__lt=0)
                | (Q(kind=EntryKind.ADJUSTMENT.value) & ~Q(points=0)),
                name="loyalty_entry_kind_and_sign",
                violation_error_message="Purchases and bonuses add points, returns take some.",
                violation_error_code="kind_and_sign",
            ),
            # Keeps the names of purchases for the awarding of purchases, which relies on them.
            models.CheckConstraint(
                condition=Q(
                    purchase__isnull=False, rate__isnull=False, source_ref__startswith="purchase:"
                )
                | (
                    Q(purchase__isnull=True, rate__isnull=True)
                    & ~Q(source_ref__startswith="purchase:")
                    & ~Q(kind__in=[EntryKind.PURCHASE.value, EntryKind.RETURN.value])
                ),
                name="loyalty_entry_purchase_ref",
                violation_error_message="Only awarding books for a purchase.",
                violation_error_code="purchase_ref",
            ),
            models.CheckConstraint(
                condition=~Q(source_ref="") & ~Q(actor=""),
                name="loyalty_entry_has_source",
                violation_error_message="Points need a source and somebody who books them.",
                violation_error_code="source_missing",
            ),
        ]
        indexes = [
            # Covers both sums of a standing, so that they touch no row of the table.
            models.Index(
                fields=["customer", "occurred_at"], include=["points"], name="loyalty_entry_sums"
            )
        ]

    def __str__(self) -> str:
        return f"points entry {self.pk}"


class AwardCursor(Singleton):
    """How far the awarding of purchases has come, and its lock.

    Lines up to ``seen_line`` were looked at; up to ``settled_line`` no other can turn up any more.
    """

    settled_line = models.BigIntegerField(db_default=0)
    seen_line = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            only_row("loyalty_awardcursor"),
            models.CheckConstraint(
                condition=Q(settled_line__lte=models.F("seen_line")),
                name="loyalty_cursor_settled_was_seen",
                violation_error_message="What was not seen is not settled.",
                violation_error_code="settled_unseen",
            ),
        ]

    def __str__(self) -> str:
        return "award cursor"
