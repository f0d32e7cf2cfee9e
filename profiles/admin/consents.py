"""The ledger of consent, and the wordings that were agreed to."""

from __future__ import annotations

from django.contrib import admin

from cxportal.lib.admin import ReadOnlyAdmin
from profiles.admin.people import OfCustomerAdmin
from profiles.models import ConsentEntry, ConsentWording


@admin.register(ConsentEntry)
class ConsentEntryAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "purpose",
        "channel",
        "state",
        "occurred_at",
        "door",
        "actor",
        "wording",
    )
    list_filter = ("state", "purpose", "channel", "door")
    list_select_related = ("customer", "wording")
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    ordering = ("-id",)


@admin.register(ConsentWording)
class ConsentWordingAdmin(ReadOnlyAdmin):
    list_display = ("purpose", "language", "version", "text", "created_at")
    list_filter = ("purpose", "language")
    ordering = ("purpose", "language", "-version")
