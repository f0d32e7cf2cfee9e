"""Customers: found by name, contact or number; their rows one click away."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cxportal.lib.admin import ReadOnlyAdmin, ReadOnlyInline, links
from profiles.admin.people import PartsInline
from profiles.models import ConsentEntry, Customer, Identifier, Profile, ReorderSchedule
from profiles.queries.cleanness import ProfileLine, profile_line, state_of
from profiles.queries.company import company_zone
from profiles.queries.finding import matching


class IdentifierInline(ReadOnlyInline):
    model = Identifier
    fields = ("kind", "value", "first_seen_at", "last_seen_at", "verified_at", "bounced_at")
    ordering = ("kind", "pk")


class ProfileInline(PartsInline):
    model = Profile
    select_related = ("source",)
    fk_name = "customer"
    fields = ("source", "external_id", "created_at")
    verbose_name_plural = "known to"
    ordering = ("pk",)


class ConsentInline(PartsInline):
    model = ConsentEntry
    select_related = ("wording",)
    fields = ("purpose", "channel", "state", "occurred_at", "door", "actor", "wording")
    verbose_name_plural = "consent"
    ordering = ("-occurred_at", "-pk")


class ScheduleInline(PartsInline):
    model = ReorderSchedule
    select_related = ("product",)
    fields = ("product", "every_days", "not_before_on", "paused_at", "stopped_at", "updated_at")
    verbose_name_plural = "own schedules"
    ordering = ("-updated_at",)


# Lists that carry a customer; those of other apps by address, for they are not known here.
ROWS = (
    ("Purchases", "profiles_purchase"),
    ("Habits", "profiles_habit"),
    ("Messages", "campaigns_delivery"),
    ("Answers", "campaigns_outcome"),
)


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "language", "time_zone", "home_place", "created_at")
    list_display_links = ("id", "name")
    list_filter = ("home_place", "language")
    list_select_related = ("home_place",)
    search_fields = ("search_name",)
    search_help_text = (
        "Name, e-mail address, phone or card number, last four digits, or customer number"
    )
    fields = (
        "state",
        "name",
        "language",
        "time_zone",
        "home_place",
        "created_at",
        "complete",
        "fresh",
        "wrong",
        "rows",
        "privacy",
    )
    inlines = (IdentifierInline, ProfileInline, ConsentInline, ScheduleInline)
    ordering = ("-id",)

    @admin.display(description="state")
    def state(self, customer: Customer) -> str | SafeString:
        if customer.erased_at:
            return "erased"
        if customer.merged_into_id:
            return format_html("merged into {}", links([_customer_link(customer.merged_into_id)]))
        return "present"

    @admin.display(description="complete")
    def complete(self, customer: Customer) -> str:
        """How complete the profile is, and what is missing."""
        line = _line(customer)
        return f"{line.complete} ({line.percent} of 100 by weight)" if line else ""

    @admin.display(description="fresh")
    def fresh(self, customer: Customer) -> str:
        """Since when what is known was last confirmed."""
        line = _line(customer)
        return line.fresh if line else ""

    @admin.display(description="to look at")
    def wrong(self, customer: Customer) -> str:
        """What is wrong and nobody found fine."""
        line = _line(customer)
        return "; ".join(line.wrong) or "nothing" if line else ""

    @admin.display(description="their rows")
    def rows(self, customer: Customer) -> SafeString:
        lists = [
            (label, reverse(f"admin:{name}_changelist") + f"?customer__id__exact={customer.pk}")
            for label, name in ROWS
        ]
        pages = [
            ("Timeline", reverse("customer-timeline", args=[customer.pk])),
            ("Same person", reverse("same-person", args=[customer.pk])),
            ("Decisions", f"{reverse('decisions')}?customer={customer.pk}"),
        ]
        return links([*pages, *lists])

    @admin.display(description="their data")
    def privacy(self, customer: Customer) -> SafeString:
        """Lead to the export and the erasure of somebody who is still here."""
        pages = [("Take along or erase", reverse("customer-privacy", args=[customer.pk]))]
        return links([] if customer.erased_at else pages)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """List who is present, and search as people ask."""
        listed = queryset & Customer.objects.present()
        return listed.filter(matching(search_term)) if search_term.strip() else listed, False


def _line(customer: Customer) -> ProfileLine | None:
    """Judge a present customer, once for the whole page."""
    if customer.erased_at or customer.merged_into_id:
        return None
    kept = vars(customer)
    if "profile_line" not in kept:
        kept["profile_line"] = profile_line(state_of(customer.pk, timezone.now()), company_zone())
    line: ProfileLine = kept["profile_line"]
    return line


def _customer_link(customer_id: int) -> tuple[str, str]:
    return f"customer {customer_id}", reverse("admin:profiles_customer_change", args=[customer_id])
