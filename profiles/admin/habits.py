"""What was learned of rhythms, with its uncertainty in words, and what customers say instead."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format

from cxportal.lib.admin import ReadOnlyAdmin
from profiles.admin.people import OfCustomerAdmin
from profiles.models import Habit, LearnedModel, ReorderSchedule
from profiles.rules.cadence import Unsure
from profiles.rules.telling import DOUBT, chance_in_words, doubt_in_words, rhythm_in_words


class SureFilter(admin.SimpleListFilter):
    """Habits by how sure we are of them."""

    title = "how sure"
    parameter_name = "sure"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code.value or "yes", DOUBT[code]) for code in Unsure]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Habit]) -> QuerySet[Habit]:
        wanted = self.value()
        return queryset.filter(doubt="" if wanted == "yes" else wanted) if wanted else queryset


@admin.register(Habit)
class HabitAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "thing",
        "rhythm",
        "expected",
        "between",
        "chance",
        "how_sure",
        "purchase_days",
    )
    list_filter = (SureFilter, "remind_on")
    list_select_related = ("customer", "product", "category")
    search_fields = ("=customer__id", "=product__code")
    search_help_text = "Number of a customer, or code of a product"
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "customer",
                    "thing",
                    "rhythm",
                    "expected",
                    "between",
                    "chance",
                    "how_sure",
                )
            },
        ),
        (
            "From what it was learned",
            {"fields": ("purchase_days", "first_on", "last_on", "learned_at")},
        ),
        (
            "As numbers",
            {
                "fields": (
                    "rhythm_days",
                    "mu",
                    "sigma",
                    "p_active",
                    "remind_on",
                    "window_probability",
                )
            },
        ),
    )

    @admin.display(description="product or group")
    def thing(self, habit: Habit) -> str:
        if habit.product:
            return habit.product.name or habit.product.code
        return f"{habit.category} (group)"

    @admin.display(description="rhythm", ordering="rhythm_days")
    def rhythm(self, habit: Habit) -> str:
        return rhythm_in_words(habit.rhythm_days)

    @admin.display(description="next expected", ordering="expected_on")
    def expected(self, habit: Habit) -> str:
        return f"about {date_format(habit.expected_on, 'D j M Y')}"

    @admin.display(description="8 times in 10 between")
    def between(self, habit: Habit) -> str:
        return f"{date_format(habit.earliest_on, 'j M')} – {date_format(habit.latest_on, 'j M Y')}"

    @admin.display(description="chance that a reminder hits", ordering="window_probability")
    def chance(self, habit: Habit) -> str:
        return chance_in_words(habit.window_probability)

    @admin.display(description="how sure", ordering="doubt")
    def how_sure(self, habit: Habit) -> str:
        return doubt_in_words(habit.doubt)


@admin.register(ReorderSchedule)
class ReorderScheduleAdmin(OfCustomerAdmin):
    list_display = (
        "id",
        "customer",
        "product",
        "every_days",
        "not_before_on",
        "paused_at",
        "stopped_at",
        "updated_at",
    )
    list_select_related = ("customer", "product")
    search_fields = ("=customer__id", "=product__code")
    search_help_text = "Number of a customer, or code of a product"
    ordering = ("-id",)


@admin.register(LearnedModel)
class LearnedModelAdmin(ReadOnlyAdmin):
    list_display = ("kind", "fitted_as_of", "fitted_at")
    ordering = ("kind",)
