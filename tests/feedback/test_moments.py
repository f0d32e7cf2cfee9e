"""Moments in which somebody needs looking after."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cxportal.lib.registry import registry
from feedback import moments
from feedback.rules import CaseKind
from feedback.services import answering, cases
from profiles.models import Touchpoint
from tests.factories.feedback import InvitationFactory
from tests.factories.profiles import ProfileFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return ProfileFactory().customer


def complain(customer, at, detail="torn"):
    return cases.open_case(
        customer=customer,
        kind=CaseKind.COMPLAINT,
        source_ref="call:1",
        detail=detail,
        opened_by="staff:1",
        now=at,
    )


def call(customer, at):
    Touchpoint.objects.create(
        customer=customer,
        origin_profile=customer.profiles.get(),
        source=SourceFactory(),
        kind="call",
        occurred_at=at,
    )


def contacts(customer, now) -> list[int]:
    found = moments.third_contacts([customer.pk], now)
    return list(found.facts.get("contacts", []))


def test_the_third_contact_within_a_week_is_a_moment(ann, now):
    case = complain(ann, now - timedelta(days=6))
    call(ann, now - timedelta(days=3))
    assert contacts(ann, now) == []
    complain(ann, now - timedelta(days=1), "still torn")
    assert contacts(ann, now) == [3]
    found = moments.third_contacts([ann.pk], now)
    assert found.subject_id.tolist() == [case.pk]
    assert found.cycle.tolist() == [date(2026, 3, 4)]
    assert found.until.tolist() == [date(2026, 3, 16)]
    assert (found.likelihood * found.value).tolist() == pytest.approx([2.7])
    assert moments.awaiting_third_contact(now) == [ann.pk]


def test_contacts_further_apart_than_a_week_are_not_three(ann, now):
    complain(ann, now - timedelta(days=8))
    call(ann, now - timedelta(days=3))
    call(ann, now)
    assert contacts(ann, now) == []


def test_calls_from_before_the_case_are_about_something_else(ann, now):
    call(ann, now - timedelta(days=3))
    call(ann, now - timedelta(days=2))
    complain(ann, now - timedelta(days=1))
    assert contacts(ann, now) == []


def test_a_solved_case_needs_nobody(ann, now):
    case = complain(ann, now - timedelta(days=3))
    call(ann, now - timedelta(days=2))
    call(ann, now - timedelta(days=1))
    found = moments.third_contacts([ann.pk], now)
    asked = (found.customer_id, found.subject_id, found.cycle)
    assert moments.third_contact_over(*asked, now).tolist() == [""]
    cases.solve(case=case, resolution="Replaced.", by="staff:1", now=now)
    assert moments.third_contact_over(*asked, now).tolist() == ["put_right"]
    assert moments.awaiting_third_contact(now) == []


def answer(customer, score, at):
    profile = customer.profiles.get()
    asked = InvitationFactory(purchase__origin_profile=profile, invited_at=at - timedelta(hours=1))
    return answering.answer(invitation=asked, score=score, text="", now=at)


def test_a_low_score_after_the_solution_is_a_moment_until_a_better_one(ann, now):
    case = complain(ann, now - timedelta(days=6))
    answer(ann, 2, now - timedelta(days=5))
    cases.solve(case=case, resolution="Replaced.", by="staff:1", now=now - timedelta(days=3))
    assert len(moments.still_unhappy([ann.pk], now)) == 0
    answer(ann, 4, now - timedelta(days=2))
    found = moments.still_unhappy([ann.pk], now)
    assert found.subject_id.tolist() == [case.pk]
    assert found.cycle.tolist() == [date(2026, 3, 7)]
    assert found.until.tolist() == [date(2026, 3, 21)]
    assert found.facts["score"].tolist() == [4]
    assert moments.awaiting_still_unhappy(now) == [ann.pk]
    answer(ann, 9, now)
    later = now + timedelta(minutes=1)
    asked = (found.customer_id, found.subject_id, found.cycle)
    assert moments.still_unhappy_over(*asked, later).tolist() == ["put_right"]


def test_a_fortnight_after_it_was_solved_the_score_is_about_something_else(ann, now):
    case = complain(ann, now - timedelta(days=30))
    cases.solve(case=case, resolution="Replaced.", by="staff:1", now=now - timedelta(days=14))
    answer(ann, 2, now - timedelta(days=1))
    assert len(moments.still_unhappy([ann.pk], now)) == 0


def test_what_looks_after_somebody_sells_nothing_and_is_told_in_words(ann, now):
    case = complain(ann, now)
    for key in (moments.THIRD_CONTACT, moments.STILL_UNHAPPY):
        moment = registry.moments[key]
        assert moment.sells is False
        assert moment.subject_name([case.pk]) == {case.pk: "Complaint of 10 March"}


def test_detection_takes_the_same_queries_for_any_number(now, django_assert_num_queries):
    people = [ProfileFactory().customer for _ in range(4)]
    for one in people:
        complain(one, now - timedelta(days=3))
        call(one, now - timedelta(days=2))
        call(one, now - timedelta(days=1))
    with django_assert_num_queries(5):
        assert len(moments.third_contacts([one.pk for one in people], now)) == 4
