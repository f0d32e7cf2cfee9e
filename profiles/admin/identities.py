"""By what customers are recognised, and the rules by which that joins them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from profiles.admin.people import OfCustomerAdmin
from profiles.models import Identifier, IdentifierRule
from profiles.rules.identity import EXTERNAL, MOST_BLOCKED

KINDS = {
    EXTERNAL: "the number that a source gives",
    "card": "loyalty card",
    "email": "e-mail address",
    "phone": "phone number",
    "social": "handle in a social network",
    "device": "device",
    "anonymous": "anonymous id",
}
LEAST_LETTERS = 2


@admin.register(Identifier)
class IdentifierAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "kind",
        "value",
        "is_confusable",
        "first_seen_at",
        "verified_at",
        "bounced_at",
    )
    list_filter = ("kind", "is_confusable")
    list_select_related = ("customer",)
    search_fields = ("=value", "=customer__id")
    search_help_text = "A whole address or number as it is stored, or the number of a customer"
    ordering = ("-id",)


class IdentifierRuleForm(forms.ModelForm):
    """A rule, with its blocked values one to a line."""

    kind = forms.ChoiceField(choices=list(KINDS.items()), widget=UnfoldAdminSelectWidget)
    blocked = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget,
        label="identifies nobody",
        help_text="One value to a line, “*” for any letters: noreply@*, 0000*. Noughts alone never identify.",
    )

    class Meta:
        model = IdentifierRule
        fields = (
            "kind",
            "priority",
            "limit",
            "window_days",
            "is_weak",
            "most_people",
            "blocked",
        )
        help_texts = {
            "priority": "the lower is asked first, and outranks",
            "limit": "how many of the kind one customer may have; empty for any number",
            "window_days": "counted over so many days; empty: ever",
            "is_weak": "never joins two customers who are both identified: a shared tablet",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["blocked"] = "\n".join(self.instance.blocked)
            self.fields["kind"].disabled = True

    def clean_blocked(self) -> list[str]:
        lines = self.cleaned_data["blocked"].splitlines()
        values = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        if len(values) > MOST_BLOCKED:
            raise ValidationError(f"Write at most {MOST_BLOCKED} values.")
        for value in values:
            if len(value) > 100:
                raise ValidationError("Each value has at most 100 letters.")
            # A pattern that fits everything would make everybody unknown from this minute on.
            if len(value.replace("*", "").replace("?", "")) < LEAST_LETTERS and "*" in value:
                raise ValidationError(f"“{value}” would block nearly everything. Write more of it.")
        return values

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("window_days") and not cleaned.get("limit"):
            self.add_error("window_days", "Days belong to a limit. Say how many there may be.")
        if cleaned.get("window_days") == 0:
            self.add_error("window_days", "At least one day; leave it empty for ever.")
        if cleaned.get("is_weak") and cleaned.get("kind") == EXTERNAL:
            self.add_error("is_weak", "A number that a source gives stands for one person there.")
        return cleaned


@admin.register(IdentifierRule)
class IdentifierRuleAdmin(ModelAdmin):
    """Rules hold from the next sighting on; what is joined stays joined."""

    form = IdentifierRuleForm
    list_display = (
        "what",
        "priority",
        "limit",
        "window_days",
        "is_weak",
        "most_people",
        "blocks",
    )
    ordering = ("priority",)

    @admin.display(description="kind", ordering="kind")
    def what(self, rule: IdentifierRule) -> str:
        return KINDS.get(rule.kind, rule.kind)

    @admin.display(description="identify nobody")
    def blocks(self, rule: IdentifierRule) -> str:
        return f"{len(rule.blocked)} values" if rule.blocked else "noughts only"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Each kind has its rule from the first day."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
