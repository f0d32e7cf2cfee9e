"""Files that came in, and the rows that could not."""

from __future__ import annotations

from django.contrib import admin

from cxportal.lib.admin import ReadOnlyAdmin
from profiles.models import ImportJob, ImportReject


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "file_name",
        "source",
        "state",
        "rows_read",
        "rows_rejected",
        "created_by",
        "created_at",
    )
    list_filter = ("state", "source")
    list_select_related = ("source", "created_by")
    search_fields = ("file_name",)
    exclude = ("path", "lease_until")
    ordering = ("-id",)


@admin.register(ImportReject)
class ImportRejectAdmin(ReadOnlyAdmin):
    list_display = ("id", "job", "line_number", "reason", "raw")
    list_filter = ("reason",)
    list_select_related = ("job",)
    search_fields = ("=job__id",)
    search_help_text = "Number of an import"
    ordering = ("-id",)
