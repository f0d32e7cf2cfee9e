"""What was bought, where and when."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from profiles.models.catalogue import Product
from profiles.models.company import Place
from profiles.models.customers import Customer, Profile
from profiles.models.sources import Source


class Purchase(models.Model):
    """One order or receipt; a return is a purchase whose lines have negative quantities."""

    # Source and customer lead the indexes below; one of their own would only slow down writing.
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, related_name="+")
    external_id = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, models.PROTECT, db_index=False, related_name="purchases")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="profiles_purchase_once_per_source"
            )
        ]
        indexes = [
            models.Index(fields=["customer", "-occurred_at"], name="profiles_purchase_timeline"),
            BrinIndex(fields=["occurred_at"], name="profiles_purchase_time"),
        ]

    def __str__(self) -> str:
        return f"purchase {self.pk}"


class PurchaseLine(models.Model):
    """One article of a purchase.

    ``customer_id`` and ``occurred_at`` stand here again (kept equal to the purchase's by the
    services that write them), so that the gap query reads one table. A database key is checked row
    by row, and each would cost an import as much as the rows themselves: the customer has none, and
    purchase and product are held by triggers that check all rows of a statement at once.
    ``unit_price_minor`` is in the minor unit of the company's currency (cents).
    ``source_line`` tells equal lines of one purchase apart: 1, 2, … within the same article and price.
    """

    purchase = models.ForeignKey(
        Purchase, models.CASCADE, db_constraint=False, related_name="lines"
    )
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    product = models.ForeignKey(Product, models.PROTECT, db_constraint=False, related_name="+")
    occurred_at = models.DateTimeField()
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price_minor = models.BigIntegerField()
    source_line = models.PositiveIntegerField(db_default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(quantity=0), name="profiles_line_quantity_nonzero"
            )
        ]
        indexes = [
            models.Index(fields=["customer", "product", "occurred_at"], name="profiles_line_rhythm")
        ]

    def __str__(self) -> str:
        return f"line {self.pk}"
