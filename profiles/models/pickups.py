"""What a customer has coming at a place: orders ahead, stays and bookings."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from profiles.models.catalogue import Product
from profiles.models.company import Place
from profiles.models.customers import Customer, Profile
from profiles.models.purchases import Purchase
from profiles.models.sources import Source
from profiles.rules.names import PickupKind, PickupState


class Pickup(models.Model):
    """An order to be ready, a stay or a booking; ``resource`` is who or what is booked ("Ana, massage").

    It becomes a purchase when it is handed over. ``external_id`` makes it repeatable by source.
    """

    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in PickupKind])
    state = models.CharField(max_length=12, choices=[(str(s), str(s)) for s in PickupState])
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="pickups")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, db_index=False, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, db_index=False, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, related_name="+")
    external_id = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    resource = models.CharField(max_length=120, blank=True)
    wish = models.CharField(max_length=300, blank=True)
    purchase = models.ForeignKey(
        Purchase, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="profiles_pickup_once_per_source"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in PickupKind]),
                name="profiles_pickup_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in PickupState]),
                name="profiles_pickup_state",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="profiles_pickup_period",
                violation_error_message="The end must come after the beginning.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["place", "starts_at"],
                condition=models.Q(state__in=["requested", "ready"]),
                name="profiles_pickup_coming",
            )
        ]

    def __str__(self) -> str:
        return f"pickup {self.pk}"


class PickupLine(models.Model):
    """An article of an order ahead; the price is for one piece, in the minor unit of the currency."""

    pickup = models.ForeignKey(Pickup, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="profiles_pickupline_quantity"
            )
        ]

    def __str__(self) -> str:
        return f"pickup line {self.pk}"


class PickupEvent(models.Model):
    """A change of state: who, when."""

    pickup = models.ForeignKey(Pickup, models.CASCADE, related_name="events")
    state = models.CharField(max_length=12, choices=[(str(s), str(s)) for s in PickupState])
    actor = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"pickup event {self.pk}"
