"""Rows of a person: named by name for those who may see customers, by number for others."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cxportal.lib.admin import ReadOnlyAdmin, ReadOnlyInline


class PartsInline(ReadOnlyInline):
    """Parts of a row that name rows of other tables: ``select_related`` fetches those along."""

    select_related: ClassVar[tuple[str, ...]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.select_related)


class OfCustomerAdmin(ReadOnlyAdmin):
    """A large table whose rows belong to customers; ``customer`` must be in ``list_display``."""

    def get_list_display(self, request: HttpRequest) -> list[str]:
        shown = [str(name) for name in super().get_list_display(request)]
        if request.user.has_perm("profiles.view_customer"):
            shown[shown.index("customer")] = "person"
        return shown

    @admin.display(description="customer")
    def person(self, row: Any) -> str:
        return (row.customer.name or str(row.customer)) if row.customer else "no customer"
