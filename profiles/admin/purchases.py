"""What was bought."""

from __future__ import annotations

from functools import cached_property

from django.contrib import admin

from profiles.admin.people import OfCustomerAdmin, PartsInline
from profiles.models import Purchase, PurchaseLine
from profiles.queries.company import company
from profiles.rules.telling import amount_in_words


class LineInline(PartsInline):
    model = PurchaseLine
    select_related = ("product",)
    fields = ("product_name", "quantity", "unit_price")
    ordering = ("pk",)

    @cached_property
    def currency(self) -> str:
        """The company's, asked once for all lines."""
        return company().currency

    @admin.display(description="product")
    def product_name(self, line: PurchaseLine) -> str:
        return f"{line.product.name or line.product.code}"

    @admin.display(description="unit price")
    def unit_price(self, line: PurchaseLine) -> str:
        return amount_in_words(line.unit_price_minor, self.currency)


@admin.register(Purchase)
class PurchaseAdmin(OfCustomerAdmin):
    list_display = ("id", "customer", "occurred_at", "place", "source", "external_id")
    list_filter = ("place", "source", "occurred_at")
    list_select_related = ("customer", "place", "source")
    search_fields = ("=external_id", "=customer__id")
    search_help_text = "Number of an order as the till or shop gave it, or of a customer"
    inlines = (LineInline,)
    # By key, not by time: the newest recorded come first without sorting millions of rows.
    ordering = ("-id",)
