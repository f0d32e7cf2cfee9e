"""What can be bought."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from profiles.rules.names import ProductKind


class Category(models.Model):
    """A product group."""

    name = models.CharField(max_length=200, unique=True)

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """An article by the shop's own code. Charges (postage, discounts) are never recommended."""

    code = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=300, blank=True)
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="products"
    )
    kind = models.CharField(
        max_length=10,
        choices=[(str(k), str(k)) for k in ProductKind],
        db_default=ProductKind.GOODS.value,
    )
    url = models.URLField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # The order that name, category and address were taken from: an older file does not undo them.
    described_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in ProductKind]),
                name="profiles_product_kind",
            )
        ]

    def __str__(self) -> str:
        return self.code
