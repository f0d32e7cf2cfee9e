"""What was bought."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cxportal.lib.admin import ReadOnlyInline
from profiles.admin.people import OfCustomerAdmin
from profiles.models import Purchase, PurchaseLine
from profiles.queries.company import company
from profiles.rules.telling import amount_in_words


class LineInline(ReadOnlyInline):
    model = PurchaseLine
    fields = ("product_name", "quantity", "unit_price")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseLine]:
        return super().get_queryset(request).select_related("product")

    @admin.display(description="product")
    def product_name(self, line: PurchaseLine) -> str:
        return f"{line.product.name or line.product.code}"

    @admin.display(description="unit price")
    def unit_price(self, line: PurchaseLine) -> str:
        return amount_in_words(line.unit_price_minor, company().currency)


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
