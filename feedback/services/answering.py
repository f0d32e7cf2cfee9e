"""Taking answers, and looking after who is unhappy."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cxportal.lib.errors import DomainError
from feedback.models import Answer, AnswerRevision, Case, Invitation
from feedback.rules import SCORES, CaseKind, is_low
from feedback.services import cases


class SurveyClosed(DomainError):
    """The question can no longer be answered."""

    code = "survey_closed"


class AnswerMissing(DomainError):
    """Neither a score nor words were given."""

    code = "answer_missing"


class ScoreOutOfRange(DomainError):
    """The score does not stand on the scale."""

    code = "score_out_of_range"


def answer(*, invitation: Invitation, score: int | None, text: str, now: datetime) -> Answer:
    """Keep an answer, or the change of one; a low score opens a case in the same transaction.

    Locks the invitation. The same answer again changes nothing.

    Raises:
        SurveyClosed: too late to answer or to change.
        AnswerMissing: neither score nor words.
        ScoreOutOfRange: not from 0 to 10.
    """
    words = text.strip()
    _refuse_unusable(score, words)
    with transaction.atomic():
        asked = Invitation.objects.for_answer().select_related("survey").get(pk=invitation.pk)
        given = Answer.objects.filter(invitation=asked).first()
        if given and (given.score, given.text) == (score, words):
            return given
        if now >= asked.closes_at:
            raise SurveyClosed("This question has closed, so the answer was not changed.")
        given = _keep(given, asked, score, words, now)
        if is_low(score, asked.survey.low_score_at_most):
            cases.open_case(
                customer=asked.customer,
                kind=CaseKind.LOW_SCORE,
                source_ref=source_ref(asked),
                detail=words,
                opened_by="customer",
                now=now,
                invitation=asked,
            )
    return given


def ask_for_person(*, invitation: Invitation, text: str, now: datetime) -> Case:
    """Open a case for a customer who wants to talk to a person; one, as long as it is open.

    It works on a closed question too: a person can always be reached.
    """
    return cases.open_case(
        customer=invitation.customer,
        kind=CaseKind.PERSON,
        source_ref=source_ref(invitation),
        detail=text,
        opened_by="customer",
        now=now,
        invitation=invitation,
    )


def source_ref(invitation: Invitation) -> str:
    """Name a question in the cases about it."""
    return f"invitation:{invitation.pk}"


def _refuse_unusable(score: int | None, words: str) -> None:
    if score is None and not words:
        raise AnswerMissing("Choose a number or write a few words; either will do.")
    if score is not None and score not in SCORES:
        raise ScoreOutOfRange("Choose a number from 0 to 10.", data={"score": score})


def _keep(
    given: Answer | None, asked: Invitation, score: int | None, words: str, now: datetime
) -> Answer:
    """Write what the customer says now, and one line of history."""
    if given is None:
        given = Answer(
            invitation=asked,
            customer_id=asked.customer_id,
            origin_profile_id=asked.origin_profile_id,
            answered_at=now,
        )
    given.score, given.text, given.changed_at = score, words, now
    given.save()
    AnswerRevision.objects.create(
        answer=given,
        customer_id=asked.customer_id,
        number=given.revisions.count() + 1,
        score=score,
        has_text=bool(words),
        occurred_at=now,
    )
    return given
