"""By what customers are recognised."""

from __future__ import annotations

from django.contrib import admin

from profiles.admin.people import OfCustomerAdmin
from profiles.models import Identifier


@admin.register(Identifier)
class IdentifierAdmin(OfCustomerAdmin):
    list_display = ("id", "customer", "kind", "value", "first_seen_at", "verified_at")
    list_filter = ("kind",)
    list_select_related = ("customer",)
    search_fields = ("=value", "=customer__id")
    search_help_text = "A whole address or number as it is stored, or the number of a customer"
    ordering = ("-id",)
