"""Questions, who was asked, and what was answered."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from feedback.querysets import InvitationQuerySet
from feedback.rules import SCORES, SurveyKind
from profiles.models import Customer, Profile, Purchase


class Survey(models.Model):
    """One question, asked after a purchase while it is live."""

    code = models.SlugField(max_length=60, unique=True)
    question = models.CharField(max_length=300)
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.value) for kind in SurveyKind],
        db_default=SurveyKind.NPS.value,
    )
    is_live = models.BooleanField("asked now", db_default=False)
    low_score_at_most = models.PositiveSmallIntegerField(
        "a case up to", db_default=6, help_text="a score this low opens a case, 0 to 10"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_live"],
                condition=Q(is_live=True),
                name="feedback_survey_one_live",
                violation_error_message="Another question is asked now. Switch that one off first.",
                violation_error_code="other_is_live",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in SurveyKind]),
                name="feedback_survey_kind",
                violation_error_message="There is no such kind of question.",
                violation_error_code="kind_unknown",
            ),
            models.CheckConstraint(
                condition=Q(low_score_at_most__lte=SCORES[-1]),
                name="feedback_survey_low_score",
                violation_error_message="Scores go from 0 to 10.",
                violation_error_code="score_out_of_range",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Invitation(models.Model):
    """A question put to a customer about one purchase; its link carries ``public_id``.

    It can be answered, and the answer changed, until ``closes_at``.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, db_index=False, related_name="+")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, db_index=False, related_name="+")
    survey = models.ForeignKey(Survey, models.PROTECT, db_index=False, related_name="invitations")
    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    invited_at = models.DateTimeField()
    closes_at = models.DateTimeField()

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "purchase"],
                name="feedback_invitation_once_per_purchase",
                violation_error_message="This was asked about the purchase before.",
                violation_error_code="asked_before",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("invited_at")),
                name="feedback_invitation_closes_later",
                violation_error_message="A question closes after it was asked.",
                violation_error_code="closes_too_early",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-invited_at"], name="feedback_invitation_newest")
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Answer(models.Model):
    """What the customer says now. The words stand only here, so that they can be erased."""

    invitation = models.OneToOneField(Invitation, models.PROTECT, related_name="answer")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    origin_profile = models.ForeignKey(Profile, models.PROTECT, db_index=False, related_name="+")
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    text = models.TextField(blank=True)
    answered_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__lte=SCORES[-1]),
                name="feedback_answer_score",
                violation_error_message="Scores go from 0 to 10.",
                violation_error_code="score_out_of_range",
            ),
            models.CheckConstraint(
                condition=Q(changed_at__gte=F("answered_at")),
                name="feedback_answer_changed_later",
                violation_error_message="An answer is changed after it was given.",
                violation_error_code="changed_too_early",
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class AnswerRevision(models.Model):
    """One version of an answer, without its words; append-only."""

    answer = models.ForeignKey(Answer, models.PROTECT, db_index=False, related_name="revisions")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    score = models.PositiveSmallIntegerField(null=True)
    has_text = models.BooleanField()
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "number"],
                name="feedback_revision_number_once",
                violation_error_message="This version of the answer exists.",
                violation_error_code="number_used",
            )
        ]

    def __str__(self) -> str:
        return f"revision {self.pk}"
