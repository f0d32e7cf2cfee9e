"""Campaigns, edited here, and the versions of their words, which the template page writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.models import Campaign, MessageTemplate, Outcome
from campaigns.queries.moments import known_moments
from campaigns.rules.codes import OutcomeKind
from cxportal.lib.admin import ReadOnlyAdmin
from cxportal.lib.registry import registry


class CampaignForm(forms.ModelForm):
    """A campaign; moments and actions are chosen from what the apps registered."""

    class Meta:
        model = Campaign
        fields = ("code", "name", "moment", "action", "parameters", "purpose", "value", "is_live")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moments = [(moment.key, moment.label) for moment in known_moments().values()]
        actions = [("", "a message alone"), *((a.key, a.label) for a in registry.actions.values())]
        for name, choices in (("moment", moments), ("action", actions)):
            if name in self.fields:
                self.fields[name].widget = UnfoldAdminSelectWidget(choices=choices)

    def clean(self) -> dict[str, Any]:
        """Refuse parameters with which the action cannot be done."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        action = registry.actions.get(given.get("action", ""))
        wrong = action.check(given["parameters"]) if action and "parameters" in given else ""
        if wrong:
            self.add_error("parameters", wrong)
        return given


@admin.register(Campaign)
class CampaignAdmin(ModelAdmin):
    form = CampaignForm
    list_display = (
        "name",
        "code",
        "moment",
        "action",
        "purpose",
        "value",
        "is_live",
        "felt_personal",
    )
    list_filter = ("is_live", "purpose")
    search_fields = ("code", "name")
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Bring along how many customers found it too personal, and let it stand."""
        said = Outcome.objects.filter(
            decision__campaign=OuterRef("pk"), kind=OutcomeKind.TOO_PERSONAL, taken_back_at=None
        )
        people = said.values("kind").annotate(people=Count("customer", distinct=True))
        return super().get_queryset(request).annotate(personal=Subquery(people.values("people")))

    @admin.display(description="“too personal”", ordering="personal")
    def felt_personal(self, campaign: Campaign) -> int:
        return getattr(campaign, "personal", None) or 0

    def get_readonly_fields(
        self, request: HttpRequest, obj: Campaign | None = None
    ) -> tuple[str, ...]:
        """Keep the code: the control group is drawn from it, and would be drawn anew."""
        return ("code",) if obj else ()


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ReadOnlyAdmin):
    list_display = ("campaign", "language", "version", "subject", "created_by", "created_at")
    list_filter = ("campaign", "language")
    list_select_related = ("campaign", "created_by")
    ordering = ("campaign", "language", "-version")
