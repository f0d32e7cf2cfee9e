from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from cxportal.lib.registry import registry
from feedback.models import Answer, AnswerRevision, Case, CaseEvent, Invitation
from feedback.services import answering, cases

pytestmark = pytest.mark.django_db


def revisions() -> list[tuple[int, int | None, bool]]:
    rows = AnswerRevision.objects.order_by("number")
    return list(rows.values_list("number", "score", "has_text"))


def test_an_answer_is_kept_with_its_history(asked, now):
    given = answering.answer(invitation=asked, score=9, text="  Good coffee ", now=now)
    given.refresh_from_db()
    assert (given.score, given.text) == (9, "Good coffee")
    assert (given.customer_id, given.origin_profile_id) == (
        asked.customer_id,
        asked.origin_profile_id,
    )
    assert (given.answered_at, given.changed_at) == (now, now)
    assert revisions() == [(1, 9, True)]
    assert not Case.objects.exists()


def test_the_same_answer_again_changes_nothing(asked, now):
    first = answering.answer(invitation=asked, score=9, text="", now=now)
    again = answering.answer(invitation=asked, score=9, text="", now=now + timedelta(days=1))
    assert again.pk == first.pk
    assert again.changed_at == now
    assert revisions() == [(1, 9, False)]


def test_an_answer_can_be_changed_until_the_question_closes(asked, now):
    answering.answer(invitation=asked, score=9, text="Good", now=now)
    late = asked.closes_at - timedelta(seconds=1)
    answering.answer(invitation=asked, score=7, text="", now=late)
    given = Answer.objects.get()
    assert (given.score, given.text, given.answered_at, given.changed_at) == (7, "", now, late)
    assert revisions() == [(1, 9, True), (2, 7, False)]


@pytest.mark.parametrize("answered_before", [True, False])
def test_a_closed_question_keeps_what_it_has(asked, now, answered_before):
    if answered_before:
        answering.answer(invitation=asked, score=9, text="", now=now)
    before = revisions()
    with pytest.raises(answering.SurveyClosed) as refused:
        answering.answer(invitation=asked, score=1, text="", now=asked.closes_at)
    assert refused.value.code == "survey_closed"
    assert revisions() == before
    assert not Case.objects.exists()


def test_the_same_answer_redelivered_after_closing_is_no_error(asked, now):
    first = answering.answer(invitation=asked, score=9, text="", now=now)
    assert answering.answer(invitation=asked, score=9, text="", now=asked.closes_at) == first


def test_words_alone_are_an_answer(asked, now):
    answering.answer(invitation=asked, score=None, text="I don't drink coffee", now=now)
    assert revisions() == [(1, None, True)]
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("score", "text", "refusal"),
    [
        (None, "  ", answering.AnswerMissing),
        (11, "", answering.ScoreOutOfRange),
        (-1, "", answering.ScoreOutOfRange),
    ],
)
def test_an_unusable_answer_is_refused(asked, now, score, text, refusal):
    with pytest.raises(refusal):
        answering.answer(invitation=asked, score=score, text=text, now=now)
    assert not Answer.objects.exists()


def test_a_score_of_three_opens_a_case_at_once(asked, now):
    answering.answer(invitation=asked, score=3, text="The queue was long", now=now)
    case = Case.objects.get()
    assert (case.customer_id, case.origin_profile_id) == (
        asked.customer_id,
        asked.origin_profile_id,
    )
    assert (case.kind, case.source_ref) == ("low_score", f"invitation:{asked.pk}")
    assert (case.state, case.priority, case.detail) == ("open", "normal", "The queue was long")
    assert (case.opened_at, case.opened_by, case.invitation_id) == (now, "customer", asked.pk)
    assert case.due_at.isoformat() == "2026-03-11T16:00:00+00:00"


def test_when_no_case_can_be_opened_the_answer_is_not_kept_either(asked, now, monkeypatch):
    def fail(**_):
        raise RuntimeError("no case")

    monkeypatch.setattr(cases, "open_case", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        answering.answer(invitation=asked, score=3, text="", now=now)
    assert not Answer.objects.exists()
    assert not AnswerRevision.objects.exists()


def test_another_low_score_stays_in_the_case_that_is_open(asked, now):
    answering.answer(invitation=asked, score=3, text="Slow", now=now)
    answering.answer(invitation=asked, score=2, text="Slow and cold", now=now)
    case = Case.objects.get()
    assert case.detail == "Slow"
    events = CaseEvent.objects.order_by("pk").values_list("kind", "note__text")
    assert list(events) == [("opened", None), ("again", "Slow and cold")]


def test_a_better_score_leaves_the_case_to_a_person(asked, now):
    answering.answer(invitation=asked, score=3, text="", now=now)
    answering.answer(invitation=asked, score=9, text="", now=now)
    assert Case.objects.get().state == "open"


def test_unhappy_again_after_the_case_was_solved_opens_another(asked, now):
    answering.answer(invitation=asked, score=3, text="", now=now)
    cases.solve(case=Case.objects.get(), resolution="Called", by="staff:1", now=now)
    answering.answer(invitation=asked, score=1, text="", now=now + timedelta(hours=1))
    assert list(Case.objects.order_by("pk").values_list("state", flat=True)) == ["solved", "open"]


def test_asking_for_a_person_opens_one_case(asked, now):
    first = answering.ask_for_person(invitation=asked, text="Call me", now=now)
    again = answering.ask_for_person(invitation=asked, text="Call me", now=now)
    assert again.pk == first.pk
    assert (first.kind, first.priority, first.detail) == ("person", "high", "Call me")
    assert CaseEvent.objects.count() == 1


def test_a_person_can_be_reached_after_the_question_closed(asked):
    case = answering.ask_for_person(invitation=asked, text="", now=asked.closes_at)
    assert case.state == "open"


def test_while_the_case_is_open_selling_is_forbidden_and_after_it_is_not(asked, now):
    fact = registry.facts["open_case"]
    assert fact.forbids_selling
    assert fact.load([asked.customer_id], now) == {}
    answering.answer(invitation=asked, score=3, text="", now=now)
    assert fact.load([asked.customer_id], now) == {asked.customer_id: True}
    # A plan that began before the complaint sees it as well.
    assert fact.load([asked.customer_id], now - timedelta(minutes=5)) == {asked.customer_id: True}
    cases.solve(case=Case.objects.get(), resolution="Called", by="staff:1", now=now)
    assert fact.load([asked.customer_id], now) == {}


def test_giving_an_answer_takes_a_fixed_number_of_queries(asked, now, django_assert_num_queries):
    asked = Invitation.objects.get()
    with django_assert_num_queries(7):  # two of them are the savepoint
        answering.answer(invitation=asked, score=9, text="", now=now)
