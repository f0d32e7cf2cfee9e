"""Moments, what was decided in them with the reasons in words, and what was answered."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.decorators import display

from campaigns.models import Decision, Moment, Outcome, PlanRun
from campaigns.rules.codes import Arm, OutcomeKind, Refusal, Verdict
from campaigns.rules.telling import ARM, OUTCOME, REFUSAL, VERDICT, reasons_in_words
from campaigns.services.composing import reason_for
from cxportal.lib.admin import ReadOnlyAdmin, ReadOnlyInline, links, list_url
from cxportal.lib.registry import registry
from profiles.admin.people import OfCustomerAdmin
from profiles.models import Product
from profiles.queries.guard_words import said


def moment_in_words(moment: Moment) -> str:
    """Name a moment's kind as its app labels it."""
    known = registry.moments.get(moment.kind)
    return known.label if known else moment.kind.replace("_", " ")


class ReasonFilter(admin.SimpleListFilter):
    """Silences by their first reason, which is the one that is told."""

    title = "first reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code.value, REFUSAL[code]) for code in Refusal]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        return queryset.filter(reasons__0=self.value()) if self.value() else queryset


class OutcomeInline(ReadOnlyInline):
    model = Outcome
    fields = ("kind", "door", "actor", "occurred_at", "until")
    verbose_name_plural = "answers"
    ordering = ("pk",)


@admin.register(Decision)
class DecisionAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "about",
        "verdict_label",
        "why",
        "door",
        "arm",
        "worth",
        "decided_at",
    )
    list_filter = ("verdict", ReasonFilter, "campaign", "door", "arm", "decided_at")
    list_select_related = ("customer", "moment", "campaign")
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    inlines = (OutcomeInline,)
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "customer",
                    "about",
                    "campaign",
                    "sentence",
                    "decided",
                    "why",
                    "held",
                    "group",
                    "delivery_link",
                )
            },
        ),
        ("Weighed", {"fields": ("worth", "likelihood", "weighed")}),
        ("From these facts", {"fields": ("told_facts",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """Bring the product along that a reorder is about."""
        product = Product.objects.filter(pk=OuterRef("moment__subject_id")).values("name")[:1]
        return super().get_queryset(request).annotate(product_name=Subquery(product))

    @admin.display(description="moment")
    def about(self, decision: Decision) -> str:
        words = moment_in_words(decision.moment)
        product = getattr(decision, "product_name", "")
        moment = registry.moments.get(decision.moment.kind)
        is_about_it = moment is not None and moment.is_about_products
        return f"{words}: {product}" if product and is_about_it else words

    @admin.display(description="in a sentence")
    def sentence(self, decision: Decision) -> str:
        return reason_for(decision, "manager") or "–"

    @display(
        description="decided",
        label={VERDICT[Verdict.SPEAK]: "success", VERDICT[Verdict.SILENT]: "info"},
    )
    def verdict_label(self, decision: Decision) -> str:
        return VERDICT[Verdict(decision.verdict)]

    @admin.display(description="why")
    def why(self, decision: Decision) -> str:
        return reasons_in_words(decision.reasons) or "nothing stood against it"

    @admin.display(description="kept from them")
    def held(self, decision: Decision) -> str:
        """What guards and allergies said, with what they rested on."""
        words = said(decision.facts.get("held", []), timezone.now())
        return "\n".join(one.text for one in words) or "nothing"

    @admin.display(description="decided")
    def decided(self, decision: Decision) -> str:
        when = date_format(localtime(decision.decided_at), "D j M Y, H:i T")
        return f"{VERDICT[Verdict(decision.verdict)]}, {decision.door}, {when}"

    @admin.display(description="group")
    def group(self, decision: Decision) -> str:
        return ARM[Arm(decision.arm)]

    @admin.display(description="message")
    def delivery_link(self, decision: Decision) -> SafeString | str:
        delivery = getattr(decision, "delivery", None)
        if delivery is None:
            return "none"
        url = reverse("admin:campaigns_delivery_change", args=[delivery.pk])
        return links([(f"{delivery}: {delivery.state}", url)])

    @admin.display(description="others weighed")
    def weighed(self, decision: Decision) -> str:
        lines = [
            f"campaign {campaign}, subject {subject}: worth {worth}, {reasons_in_words(codes)}"
            for campaign, subject, worth, codes in decision.considered
        ]
        return "\n".join(lines) or "nothing else"

    @admin.display(description="facts")
    def told_facts(self, decision: Decision) -> SafeString:
        return format_html(
            "<pre>{}</pre>", json.dumps(decision.facts, indent=1, ensure_ascii=False)
        )


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
        return moment_in_words(moment)

    @admin.display(description="decisions")
    def decisions_link(self, moment: Moment) -> SafeString:
        url = list_url("campaigns.decision", moment__id__exact=moment.pk)
        return links([("Show", url)])


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
