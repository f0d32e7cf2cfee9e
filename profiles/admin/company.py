"""Stores, as other rows name them; they are changed on the settings page."""

from __future__ import annotations

from django.contrib import admin

from cxportal.lib.admin import ReadOnlyAdmin
from profiles.models import Place


@admin.register(Place)
class PlaceAdmin(ReadOnlyAdmin):
    list_display = ("name", "code", "kind", "time_zone")
    list_filter = ("kind",)
    search_fields = ("name", "code")
    ordering = ("name", "pk")
