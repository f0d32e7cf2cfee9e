"""Orders ahead, stays and bookings, with their history; what is due is worked on at the counter."""

from __future__ import annotations

from functools import cached_property

from django.contrib import admin

from cxportal.lib.admin import ReadOnlyInline
from profiles.admin.people import OfCustomerAdmin, PartsInline
from profiles.models import Pickup, PickupEvent, PickupLine
from profiles.queries.company import company
from profiles.rules.pickups import state_in_words
from profiles.rules.telling import amount_in_words


class LineInline(PartsInline):
    model = PickupLine
    select_related = ("product",)
    fields = ("product_name", "quantity", "unit_price")
    verbose_name_plural = "articles"
    ordering = ("pk",)

    @cached_property
    def currency(self) -> str:
        """The company's, asked once for all lines."""
        return company().currency

    @admin.display(description="product")
    def product_name(self, line: PickupLine) -> str:
        return f"{line.product.name or line.product.code}"

    @admin.display(description="unit price")
    def unit_price(self, line: PickupLine) -> str:
        return amount_in_words(line.unit_price_minor, self.currency)


class EventInline(ReadOnlyInline):
    model = PickupEvent
    fields = ("occurred_at", "state", "actor")
    verbose_name_plural = "history"
    ordering = ("-occurred_at", "-pk")


@admin.register(Pickup)
class PickupAdmin(OfCustomerAdmin):
    list_display = ("id", "customer", "kind", "stands", "starts_at", "place", "resource", "source")
    list_filter = ("kind", "state", "place", "source", "starts_at")
    list_select_related = ("customer", "place", "source")
    search_fields = ("=external_id", "=customer__id", "resource")
    search_help_text = "Number as its source gave it, number of a customer, or who is booked"
    inlines = (LineInline, EventInline)
    ordering = ("-id",)

    @admin.display(description="stands", ordering="state")
    def stands(self, pickup: Pickup) -> str:
        return state_in_words(pickup.kind, pickup.state)
