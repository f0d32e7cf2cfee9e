"""What can be bought."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from profiles.rules.households import ALLERGEN
from profiles.rules.names import Allergen, ProductKind


class Category(models.Model):
    """A product group."""

    name = models.CharField(max_length=200, unique=True)
    is_delicate = models.BooleanField(
        "tells of health, faith or the like",
        db_default=False,
        default=False,
        help_text="What is bought of it is never asked for by a guard, rule or segment.",
    )
    lasts_years = models.PositiveSmallIntegerField(
        "is kept for",
        null=True,
        blank=True,
        help_text="years, for what one buys to keep, such as phones; empty for what is used up",
    )

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lasts_years=None) | models.Q(lasts_years__range=(1, 50)),
                name="profiles_category_lasts",
                violation_error_message="Things are kept for 1 to 50 years; leave it empty for what is used up.",
            )
        ]

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
    allergens = ArrayField(
        models.CharField(max_length=12, choices=[(str(a), ALLERGEN[a]) for a in Allergen]),
        default=list,
        db_default=[],
        blank=True,
        help_text="It is offered to nobody in whose household one of these must be avoided.",
    )
    released_on = models.DateField(
        "comes out on",
        null=True,
        blank=True,
        help_text="From this day on it counts as new to whoever it fits.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # The order that name, category and address were taken from: an older file does not undo them.
    described_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in ProductKind]),
                name="profiles_product_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(allergens__contained_by=[str(a) for a in Allergen]),
                name="profiles_product_allergens",
                violation_error_message="Choose from the list of allergens.",
            ),
        ]

    def __str__(self) -> str:
        return self.code
