"""Questions can be edited in the back-office; answers and cases only read."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from cxportal.lib.admin import ReadOnlyAdmin, ReadOnlyInline
from feedback.models import Answer, AnswerRevision, Case, CaseEvent, Invitation, Survey


@admin.register(Survey)
class SurveyAdmin(ModelAdmin):
    list_display = ("code", "question", "is_live", "low_score_at_most")
    ordering = ("code",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "survey", "purchase", "invited_at", "closes_at")
    list_filter = ("survey",)
    list_select_related = ("customer", "survey", "purchase")
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    ordering = ("-id",)


class AnswerRevisionInline(ReadOnlyInline):
    model = AnswerRevision
    fields = ("number", "score", "has_text", "occurred_at")
    ordering = ("number",)


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "score", "answered_at", "changed_at")
    list_filter = ("score",)
    list_select_related = ("customer",)
    search_fields = ("=customer__id",)
    search_help_text = "Number of a customer"
    ordering = ("-id",)
    inlines = (AnswerRevisionInline,)


class CaseEventInline(ReadOnlyInline):
    model = CaseEvent
    fields = ("kind", "actor", "occurred_at")
    ordering = ("id",)


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "kind", "state", "priority", "owner", "opened_at", "due_at")
    list_filter = ("state", "kind", "priority")
    list_select_related = ("customer", "owner")
    search_fields = ("=customer__id", "=source_ref")
    search_help_text = "Number of a customer, or a whole source such as invitation:17"
    ordering = ("-id",)
    inlines = (CaseEventInline,)
