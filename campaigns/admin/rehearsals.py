"""Rehearsals as rows; their reports are pages of their own."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import Rehearsal
from cxportal.lib.admin import ReadOnlyAdmin


@admin.register(Rehearsal)
class RehearsalAdmin(ReadOnlyAdmin):
    list_display = ("id", "file_name", "as_of", "state", "created_by", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("created_by",)
    search_fields = ("file_name",)
    exclude = ("path", "lease_until", "mapping", "progress")
    ordering = ("-id",)
