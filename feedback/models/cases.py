"""Cases: what somebody of the house must look after, with owner, deadline and history."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from feedback.models.surveys import Invitation
from feedback.querysets import CaseQuerySet
from feedback.rules import CaseEventKind, CaseKind, CasePriority, CaseState
from profiles.models import Customer, Profile

KIND_LABELS = [
    (CaseKind.LOW_SCORE.value, "Low score"),
    (CaseKind.PERSON.value, "Asked for a person"),
    (CaseKind.COMPLAINT.value, "Complaint"),
]


class Case(models.Model):
    """Something of a customer that is not right yet; while it is open, nothing is sold to them.

    ``source_ref`` names what it is about, such as ``invitation:17``: one open case for each.
    ``opened_by`` and ``solved_by`` are "customer" or "staff:<id>".
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    origin_profile = models.ForeignKey(
        Profile, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=KIND_LABELS)
    source_ref = models.CharField(max_length=120)
    invitation = models.ForeignKey(
        Invitation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    detail = models.TextField(blank=True)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in CaseState], db_default="open"
    )
    priority = models.CharField(max_length=10, choices=[(p.value, p.value) for p in CasePriority])
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=60)
    due_at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True, blank=True)
    solved_by = models.CharField(max_length=60, blank=True)
    resolution = models.TextField(blank=True)
    origin_customer_id = models.BigIntegerField(null=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind", "source_ref"],
                condition=Q(state=CaseState.OPEN.value),
                name="feedback_case_one_open",
                violation_error_message="A case about this is open already.",
                violation_error_code="case_open",
            ),
            models.CheckConstraint(
                condition=Q(state=CaseState.OPEN.value, solved_at__isnull=True, solved_by="")
                | (Q(state=CaseState.SOLVED.value, solved_at__isnull=False) & ~Q(solved_by="")),
                name="feedback_case_solved_whole",
                violation_error_message="A solved case says when and by whom, an open one neither.",
                violation_error_code="solved_by_halves",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in CaseKind]),
                name="feedback_case_kind",
                violation_error_message="There is no such kind of case.",
                violation_error_code="kind_unknown",
            ),
            models.CheckConstraint(
                condition=Q(priority__in=[priority.value for priority in CasePriority]),
                name="feedback_case_priority",
                violation_error_message="There is no such priority.",
                violation_error_code="priority_unknown",
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=models.F("opened_at")),
                name="feedback_case_due_later",
                violation_error_message="A case is due after it was opened.",
                violation_error_code="due_too_early",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "opened_at", "id"],
                condition=Q(state=CaseState.OPEN.value),
                name="feedback_case_due",
            )
        ]

    def __str__(self) -> str:
        return f"case {self.pk}"


class CaseEvent(models.Model):
    """One thing that happened to a case; append-only. ``facts`` holds ids and numbers only."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in CaseEventKind])
    actor = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in CaseEventKind]),
                name="feedback_event_kind",
                violation_error_message="There is no such kind of event.",
                violation_error_code="kind_unknown",
            )
        ]

    def __str__(self) -> str:
        return f"case event {self.pk}"


class CaseNote(models.Model):
    """What somebody wrote with an event; a row of its own, so that it can be erased."""

    event = models.OneToOneField(CaseEvent, models.CASCADE, related_name="note")
    text = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="feedback_note_not_empty",
                violation_error_message="Write what happened.",
                violation_error_code="note_empty",
            )
        ]

    def __str__(self) -> str:
        return f"note {self.pk}"
