"""Who lives with whom, and what must be minded, with its history; changed at the counter or by customers."""

from __future__ import annotations

from django.contrib import admin

from cxportal.lib.admin import ReadOnlyInline
from profiles.admin.people import OfCustomerAdmin
from profiles.models import HouseholdMember, HouseholdWarning


class WarningInline(ReadOnlyInline):
    model = HouseholdWarning
    fields = ("allergen", "text", "told_by", "told_at", "removed_at")
    verbose_name_plural = "what must be minded"
    ordering = ("-told_at", "-pk")


@admin.register(HouseholdMember)
class HouseholdMemberAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "household",
        "customer",
        "name",
        "role",
        "born_on",
        "told_by",
        "created_at",
        "left_at",
    )
    list_filter = ("role", "left_at")
    list_select_related = ("customer", "household")
    search_fields = ("=customer__id", "=household__id")
    search_help_text = "Number of a customer, or of a household"
    fields = (
        "household",
        "customer",
        "name",
        "role",
        "born_on",
        "told_by",
        "created_at",
        "left_at",
    )
    inlines = (WarningInline,)
    ordering = ("-id",)
