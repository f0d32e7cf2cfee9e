"""What can be known of customers, extended by managers; and what is known, version by version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from unfold.admin import ModelAdmin

from profiles.admin.people import OfCustomerAdmin
from profiles.models import Attribute, FactValue
from profiles.queries.facts import choices_in_use, schema_of, stored_of
from profiles.rules.facts import value_in_words
from profiles.rules.names import Sensitivity


class AttributeForm(forms.ModelForm):
    """Refuses, in words, what the database refuses: changes under values that stand."""

    class Meta:
        model = Attribute
        fields = (
            "code",
            "name",
            "type",
            "unit",
            "choices",
            "purpose",
            "sensitivity",
            "holds_days",
            "outranks",
            "is_for_staff",
            "is_asked",
            "holds_back",
            "is_active",
        )

    def clean_purpose(self) -> str:
        """Customers read it after "Kept …": it goes on with "to"."""
        purpose = str(self.cleaned_data["purpose"]).strip()
        if not purpose.startswith("to "):
            raise ValidationError("Begin with “to”: to have the right newspaper ready.")
        return purpose

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.pk:
            self._check_stored(cleaned)
        return cleaned

    def _check_stored(self, cleaned: dict[str, Any]) -> None:
        stored = stored_of(self.instance.pk)
        if not stored.versions:
            return
        for field in ("type", "unit"):
            self._refuse(
                field, cleaned, f"Values are stored. Make a new attribute for another {field}."
            )
        if self.initial.get("sensitivity") == Sensitivity.SPECIAL:
            for field in ("name", "purpose", "sensitivity", "holds_back"):
                self._refuse(field, cleaned, "Customers agreed to this. Make a new attribute.")
        elif cleaned.get("sensitivity") == Sensitivity.SPECIAL and stored.unagreed:
            self.add_error(
                "sensitivity",
                f"{stored.unagreed:,} values are stored that nobody agreed to. Make a new attribute.",
            )
        gone = choices_in_use(self.instance.pk) - set(cleaned.get("choices") or [])
        if gone and cleaned.get("choices"):
            self.add_error("choices", f"In use, so they must stay: {', '.join(sorted(gone))}.")

    def _refuse(self, field: str, cleaned: dict[str, Any], words: str) -> None:
        if field in cleaned and cleaned[field] != self.initial.get(field):
            self.add_error(field, words)


@admin.register(Attribute)
class AttributeAdmin(ModelAdmin):
    form = AttributeForm
    list_display = (
        "name",
        "code",
        "type",
        "sensitivity",
        "holds_days",
        "is_for_staff",
        "is_asked",
        "is_active",
    )
    list_filter = ("type", "sensitivity", "is_active")
    search_fields = ("code", "name")
    ordering = ("name",)
    actions = None

    def get_readonly_fields(self, request: Any, obj: Attribute | None = None) -> tuple[str, ...]:
        """Keep the code of an attribute that is there: files and rules name it by that."""
        return ("code",) if obj else ()

    def has_delete_permission(self, request: Any, obj: Attribute | None = None) -> bool:
        """Never: an attribute that is used no more is switched off."""
        return False


@admin.register(FactValue)
class FactValueAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "attribute",
        "said",
        "manner",
        "confidence",
        "source",
        "actor",
        "occurred_at",
        "taken_back_at",
    )
    list_filter = ("attribute", "manner")
    list_select_related = ("customer", "attribute", "source")
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    fields = (
        "customer",
        "attribute",
        "said",
        "manner",
        "confidence",
        "source",
        "actor",
        "occurred_at",
        "taken_back_at",
    )
    ordering = ("-id",)

    @admin.display(description="value")
    def said(self, version: FactValue) -> str:
        """Of a special category, only that something was told: it was agreed to for its use alone."""
        if version.value is None:
            return "deleted"
        if version.attribute.sensitivity == Sensitivity.SPECIAL:
            return "told, and not shown"
        return value_in_words(version.value, schema_of(version.attribute))
