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
from profiles.models import Category, Characteristic, Product, ProductValue
from profiles.rules.households import ALLERGEN
from profiles.rules.names import Allergen, one_line


class ProductForm(forms.ModelForm):
    """A product as a message may carry it: its name on one line, its address one of the web."""

    class Meta:
        model = Product
        fields = ("code", "name", "category", "kind", "url", "released_on", "allergens")

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


class CharacteristicForm(forms.ModelForm):
    """A characteristic; what products have of its choices stays among them."""

    class Meta:
        model = Characteristic
        fields = ("code", "name", "type", "unit", "choices")

    def clean_choices(self) -> list[str]:
        given: list[str] = self.cleaned_data["choices"]
        rows = ProductValue.objects.filter(characteristic=self.instance.pk, chosen__isnull=False)
        in_use = {one for chosen in rows.values_list("chosen", flat=True) for one in chosen or ()}
        if gone := sorted(in_use - set(given)):
            words = f"Products have {', '.join(gone)}. Describe them otherwise first."
            raise forms.ValidationError(words)
        return given


@admin.register(Characteristic)
class CharacteristicAdmin(ModelAdmin):
    form = CharacteristicForm
    list_display = ("name", "code", "type", "unit")
    search_fields = ("name", "code")
    ordering = ("name",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Characteristic | None = None
    ) -> tuple[str, ...]:
        """Keep what rules and products name it by, and how their values are read."""
        return ("code", "type", "unit") if obj else ()


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
