"""The programme in the back-office: its settings can be edited, its ledger only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from cxportal.lib.admin import ReadOnlyAdmin
from loyalty.models import PointsEntry, Programme, Tier


@admin.register(Programme)
class ProgrammeAdmin(ModelAdmin):
    list_display = ("name", "points_per_unit", "enabled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Tier)
class TierAdmin(ModelAdmin):
    list_display = ("name", "code", "from_points")
    ordering = ("from_points",)


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "kind", "points", "occurred_at", "source_ref", "actor")
    list_filter = ("kind",)
    list_select_related = ("customer",)
    search_fields = ("=customer__id", "=source_ref")
    search_help_text = "Number of a customer, or a whole source such as purchase:17"
    ordering = ("-id",)
