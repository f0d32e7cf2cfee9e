from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from feedback.models import Answer, AnswerRevision, Case, CaseEvent, CaseNote, Invitation, Survey
from feedback.services import answering
from tests.factories.feedback import CaseFactory, InvitationFactory, SurveyFactory
from tests.factories.profiles import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"kind": "gossip"}, "feedback_case_kind"),
        ({"priority": "soon"}, "feedback_case_priority"),
        ({"state": "solved"}, "feedback_case_solved_whole"),
        ({"solved_by": "staff:1"}, "feedback_case_solved_whole"),
        ({"state": "forgotten"}, "feedback_case_solved_whole"),
    ],
)
def test_a_case_that_must_not_be_is_refused(wrong, constraint):
    case = CaseFactory.build(customer=CustomerFactory(), **wrong)
    with pytest.raises(IntegrityError, match=constraint):
        Case.objects.bulk_create([case])


def test_a_case_is_due_after_it_was_opened(now):
    CaseFactory()
    with pytest.raises(IntegrityError, match="feedback_case_due_later"):
        Case.objects.update(due_at=now - timedelta(days=365))


def test_two_cases_about_the_same_are_never_open():
    first = CaseFactory()
    again = CaseFactory.build(customer=first.customer, source_ref=first.source_ref)
    with pytest.raises(IntegrityError, match="feedback_case_one_open"):
        Case.objects.bulk_create([again])


def test_one_question_is_live():
    SurveyFactory()
    with pytest.raises(IntegrityError, match="feedback_survey_one_live"):
        Survey.objects.bulk_create([SurveyFactory.build(code="other")])


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"low_score_at_most": 11}, "feedback_survey_low_score"),
        ({"kind": "stars"}, "feedback_survey_kind"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(wrong, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        Survey.objects.bulk_create([SurveyFactory.build(**wrong)])


def test_a_purchase_is_asked_about_once(asked):
    again = InvitationFactory.build(
        survey=asked.survey,
        purchase=asked.purchase,
        customer=asked.customer,
        origin_profile=asked.origin_profile,
    )
    with pytest.raises(IntegrityError, match="feedback_invitation_once_per_purchase"):
        Invitation.objects.bulk_create([again])


def test_a_question_closes_after_it_was_asked(asked):
    with pytest.raises(IntegrityError, match="feedback_invitation_closes_later"):
        Invitation.objects.update(closes_at=asked.invited_at)


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"score": 11}, "feedback_answer_score"),
        ({"days": -1}, "feedback_answer_changed_later"),
    ],
)
def test_an_answer_that_must_not_be_is_refused(asked, now, wrong, constraint):
    answering.answer(invitation=asked, score=9, text="", now=now)
    if "days" in wrong:
        wrong = {"changed_at": now + timedelta(days=wrong["days"])}
    with pytest.raises(IntegrityError, match=constraint):
        Answer.objects.update(**wrong)


def test_a_version_has_one_number(asked, now):
    given = answering.answer(invitation=asked, score=9, text="", now=now)
    again = AnswerRevision(
        answer=given, customer=asked.customer, number=1, score=8, has_text=False, occurred_at=now
    )
    with pytest.raises(IntegrityError, match="feedback_revision_number_once"):
        AnswerRevision.objects.bulk_create([again])


def test_what_happened_has_a_known_kind(now):
    case = CaseFactory()
    event = CaseEvent(
        case=case, customer=case.customer, kind="lost", actor="staff:1", occurred_at=now
    )
    with pytest.raises(IntegrityError, match="feedback_event_kind"):
        CaseEvent.objects.bulk_create([event])


def test_a_note_has_words(asked, now):
    answering.answer(invitation=asked, score=1, text="", now=now)
    with pytest.raises(IntegrityError, match="feedback_note_not_empty"):
        CaseNote.objects.bulk_create([CaseNote(event=CaseEvent.objects.get(), text="")])


@pytest.mark.parametrize(
    ("model", "change"), [(AnswerRevision, {"score": 9}), (CaseEvent, {"actor": "staff:9"})]
)
def test_history_is_neither_changed_nor_deleted(asked, now, model, change):
    answering.answer(invitation=asked, score=1, text="", now=now)
    before = list(model.objects.values())
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        model.objects.update(**change)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        model.objects.all().delete()
    assert list(model.objects.values()) == before


def test_a_merge_may_hand_history_over(asked, now):
    answering.answer(invitation=asked, score=1, text="", now=now)
    other = CustomerFactory()
    assert AnswerRevision.objects.update(customer=other) == 1
    assert CaseEvent.objects.update(customer=other) == 1


def test_words_can_be_erased_and_the_history_stays(asked, now):
    answering.answer(invitation=asked, score=1, text="I am ill", now=now)
    Answer.objects.update(text="")
    Case.objects.update(detail="", resolution="")
    assert AnswerRevision.objects.get().has_text


def test_no_name_stands_in_what_is_logged(asked, now):
    given = answering.answer(invitation=asked, score=1, text="", now=now)
    case = Case.objects.get()
    assert [str(given), str(case), str(asked)] == [
        f"answer {given.pk}",
        f"case {case.pk}",
        f"invitation {asked.pk}",
    ]
