"""Products and their groups: reference data, edited here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import URLValidator
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from cxportal.lib.admin import ShownList
from profiles.models import Category, Product
from profiles.rules.households import ALLERGEN
from profiles.rules.names import Allergen, one_line


class ProductForm(forms.ModelForm):
    """A product as a message may carry it: its name on one line, its address one of the web."""

    class Meta:
        model = Product
        fields = ("code", "name", "category", "kind", "url", "allergens")

    url = forms.URLField(
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        error_messages={"invalid": "Give an http or https address."},
        widget=UnfoldAdminURLInputWidget,
    )

    allergens = forms.MultipleChoiceField(
        choices=[(str(one), ALLERGEN[one]) for one in Allergen],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="It is offered to nobody in whose household one of these must be avoided.",
    )

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ("name", "lasts_years", "is_delicate")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    form = ProductForm
    list_display = ("code", "name", "category", "kind", "url")
    list_filter = ("kind",)
    list_select_related = ("category",)
    search_fields = ("code", "name")
    autocomplete_fields = ("category",)
    show_full_result_count = False
    ordering = ("code",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ShownList

    def get_readonly_fields(
        self, request: HttpRequest, obj: Product | None = None
    ) -> tuple[str, ...]:
        """Keep the code of a product that is there: order files name it by that."""
        return ("code",) if obj else ()
