"""Products and their groups: reference data, edited here."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from profiles.models import Category, Product


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    list_display = ("code", "name", "category", "kind", "url")
    list_filter = ("kind",)
    list_select_related = ("category",)
    search_fields = ("code", "name")
    autocomplete_fields = ("category",)
    show_full_result_count = False
    ordering = ("code",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Product | None = None
    ) -> tuple[str, ...]:
        """Keep the code of a product that is there: order files name it by that."""
        return ("code",) if obj else ()
