"""The ledger of consent, the wordings that were agreed to, and how each purpose is asked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from cxportal.lib.admin import ReadOnlyAdmin, links
from profiles.admin.people import OfCustomerAdmin
from profiles.models import ConsentEntry, ConsentRule, ConsentWording
from profiles.rules.names import Purpose
from profiles.rules.purposes import BOXES
from profiles.services import consenting


@admin.register(ConsentEntry)
class ConsentEntryAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "purpose",
        "channel",
        "state",
        "occurred_at",
        "door",
        "actor",
        "wording",
        "receipt",
    )
    list_filter = ("state", "purpose", "channel", "door")
    list_select_related = ("customer", "wording")
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    ordering = ("-id",)

    @admin.display(description="receipt")
    def receipt(self, row: ConsentEntry) -> SafeString:
        """All that this customer said, as a file."""
        return links([("JSON", reverse("customer-consent-receipt", args=[row.customer_id]))])


class WordingForm(forms.ModelForm):
    """A new version of the sentence beside a box; older ones stay as they were agreed to."""

    purpose = forms.ChoiceField(choices=[(str(p), str(p)) for p, _ in BOXES])
    language = forms.RegexField(
        r"^[a-z]{2,3}$", max_length=10, help_text="en, de, …: the language that it is written in."
    )
    text = forms.CharField(
        max_length=2000,
        widget=UnfoldAdminTextareaWidget,
        help_text="What, by which way, and that it can be ended. It is shown from now on; "
        "nobody's earlier yes changes.",
    )

    class Meta:
        model = ConsentWording
        fields = ("purpose", "language", "text")


@admin.register(ConsentWording)
class ConsentWordingAdmin(ReadOnlyAdmin):
    """A text that was shown is never changed: a new one is a new version."""

    list_display = ("purpose", "language", "version", "text", "created_at")
    list_filter = ("purpose", "language")
    ordering = ("purpose", "language", "-version")
    form = WordingForm

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("profiles.add_consentwording")

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> ConsentWording:
        """Publish instead of saving a row: the version is counted under a lock."""
        said = form.cleaned_data
        return consenting.publish_wording(
            purpose=Purpose(said["purpose"]), language=said["language"], text=said["text"]
        )

    def save_model(
        self, request: HttpRequest, obj: ConsentWording, form: Any, change: bool
    ) -> None:
        """Nothing is left to save: ``save_form`` has published it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A wording has no parts."""


@admin.register(ConsentRule)
class ConsentRuleAdmin(ModelAdmin):
    """How each purpose is asked; every purpose has its rule, none is added or goes."""

    list_display = ("purpose", "needs_confirmation", "is_asked_at_joining")
    fields = ("purpose", "needs_confirmation", "is_asked_at_joining")
    readonly_fields = ("purpose",)
    ordering = ("purpose",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
