"""Moments, what was answered to them, and the mornings that were planned; decisions have pages of their own."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from campaigns.models import Moment, Outcome, PlanRun
from campaigns.queries.naming import kind_in_words
from campaigns.rules.codes import OutcomeKind
from campaigns.rules.telling import OUTCOME
from cxportal.lib.admin import ReadOnlyAdmin, links
from profiles.admin.people import OfCustomerAdmin


@admin.register(Moment)
class MomentAdmin(OfCustomerAdmin):
    list_display = ("id", "customer", "about", "cycle", "until", "seen_at", "decisions_link")
    list_filter = ("kind", "until")
    list_select_related = ("customer",)
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    ordering = ("-id",)

    @admin.display(description="moment")
    def about(self, moment: Moment) -> str:
        return kind_in_words(moment.kind)

    @admin.display(description="decisions")
    def decisions_link(self, moment: Moment) -> SafeString:
        return links([("Show", f"{reverse('decisions')}?number={moment.pk}")])


@admin.register(Outcome)
class OutcomeAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "decision",
        "answer",
        "door",
        "actor",
        "occurred_at",
        "until",
        "taken_back_at",
    )
    list_filter = ("kind", "door", "occurred_at", "taken_back_at")
    list_select_related = ("customer", "decision")
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    ordering = ("-id",)

    @admin.display(description="answer", ordering="kind")
    def answer(self, outcome: Outcome) -> str:
        return OUTCOME[OutcomeKind(outcome.kind)]


@admin.register(PlanRun)
class PlanRunAdmin(ReadOnlyAdmin):
    list_display = ("on", "state", "counted", "started_at", "finished_at")
    list_filter = ("state",)
    ordering = ("-on",)

    @admin.display(description="found")
    def counted(self, run: PlanRun) -> str:
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in run.counts.items())
