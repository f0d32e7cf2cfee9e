"""What products are like: a schema that managers extend, and a value for each product."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from profiles.models.catalogue import Product
from profiles.rules.characteristics import TYPES


class Characteristic(models.Model):
    """Something by which products are searched and compared: weight, size, use.

    Once products have it, the database refuses another type or unit: 900 would be read as something else.
    """

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=10, choices=list(TYPES.items()))
    unit = models.CharField(max_length=20, blank=True, help_text="of a number, such as g or cm")
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(type__in=[str(one) for one in TYPES]),
                name="profiles_characteristic_type",
            ),
            models.CheckConstraint(
                condition=~models.Q(type__in=["choice", "choices"], choices=[]),
                name="profiles_characteristic_choices",
                violation_error_message="Write what can be chosen.",
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[a-z][a-z0-9_]*$")
                & ~models.Q(code__regex=r"_at_(least|most)$"),
                name="profiles_characteristic_code",
                violation_error_message=(
                    "Write the code in small letters, digits and _, not ending in _at_least or _at_most."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ProductValue(models.Model):
    """What one product is like in one respect: a number, or what was chosen, or yes or no."""

    product = models.ForeignKey(Product, models.CASCADE, db_index=False, related_name="values")
    characteristic = models.ForeignKey(
        Characteristic, models.PROTECT, db_index=False, related_name="values"
    )
    number = models.FloatField(null=True)
    chosen = ArrayField(models.CharField(max_length=80), null=True)
    is_so = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "characteristic"], name="profiles_productvalue_once"
            ),
            models.CheckConstraint(
                condition=models.Q(number__isnull=False, chosen=None, is_so=None)
                | models.Q(number=None, chosen__isnull=False, is_so=None) & ~models.Q(chosen=[])
                | models.Q(number=None, chosen=None, is_so__isnull=False),
                name="profiles_productvalue_one",
                violation_error_message="A value is a number, what was chosen, or yes or no.",
            ),
        ]
        indexes = [
            models.Index(fields=["characteristic", "number"], name="profiles_productvalue_number"),
            GinIndex(fields=["chosen"], name="profiles_productvalue_chosen"),
        ]

    def __str__(self) -> str:
        return f"value {self.pk}"
