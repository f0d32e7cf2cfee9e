"""Who is told something with a promise in it gets what was promised, once, at whichever door."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from campaigns.models import Campaign, Decision, Moment, Outcome
from campaigns.rules.codes import Door, OutcomeKind
from campaigns.services import advising, answering, delivering, planning
from campaigns.services.deciding import Context
from loyalty.models import PointsEntry
from profiles.services.supposing import Situation
from tests.factories.campaigns import due_habit, reachable_customer, ready_house

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
NOON = MORNING.replace(hour=12)


@pytest.fixture
def dolores():
    ready_house()
    Campaign.objects.filter(code="reorder").update(action="bonus_points", parameters={"points": 20})
    customer = reachable_customer()
    due_habit(customer)
    return customer


def points() -> list[int]:
    return list(PointsEntry.objects.order_by("pk").values_list("points", flat=True))


def tap(customer, kind=OutcomeKind.SAID) -> Outcome:
    subject = customer.habits.get().product_id
    return answering.record_at_counter(
        customer=customer, choice=("due_reorder", subject), kind=kind, actor="staff:7", now=NOON
    )


def answer(decision: Decision, kind=OutcomeKind.SAID, actor="till") -> Outcome:
    return answering.record_outcome(
        decision=decision, kind=kind, door=Door.PAGE, actor=actor, now=NOON
    )


def asked(customer) -> Decision:
    """Another system asks what to say on a page."""
    advising.advise(customer=customer, context=Context(Door.PAGE), situation=Situation(), now=NOON)
    return Decision.objects.get(door=Door.PAGE)


def test_what_staff_promise_is_given(dolores):
    tap(dolores)
    entry = PointsEntry.objects.get()
    assert (entry.customer, entry.kind, entry.points) == (dolores, "bonus", 20)


def test_an_answer_that_is_no_promise_gives_nothing(dolores):
    tap(dolores, OutcomeKind.NOT_NOW)
    assert points() == []


def test_said_twice_it_is_given_once(dolores):
    decision = asked(dolores)
    answer(decision)
    answer(decision)
    answer(decision, actor="another till")
    assert points() == [20]


def test_undone_it_is_taken_back_and_said_again_it_is_given_again(dolores):
    first = tap(dolores)
    for _ in range(2):
        answering.take_back(outcome=first, door=Door.COUNTER, now=NOON)
    assert points() == [20, -20]
    tap(dolores)
    assert points() == [20, -20, 20]


def test_said_at_two_doors_it_stays_while_one_of_them_stands(dolores):
    decision = asked(dolores)
    one, other = answer(decision), answer(decision, actor="another till")
    answering.take_back(outcome=one, door=Door.PAGE, now=NOON)
    assert sum(points()) == 20
    answering.take_back(outcome=other, door=Door.PAGE, now=NOON)
    assert sum(points()) == 0


def test_who_had_it_by_mail_gets_no_second_one_at_a_counter(dolores):
    planning.plan_morning(now=MORNING)
    assert delivering.deliver_due(now=NOON) == {"sent": 1}
    answer(Decision.objects.get())
    assert points() == [20]


def test_a_message_that_leaves_in_the_same_instant_gives_no_second_one(dolores):
    planning.plan_morning(now=MORNING)
    claimed, _ = delivering.claim(now=NOON, limit=10)
    answer(Decision.objects.get())
    delivering._sent(claimed, NOON)
    assert points() == [20]


def test_taking_back_what_promised_nothing_books_nothing(dolores):
    Campaign.objects.update(action="", parameters={})
    answering.take_back(outcome=tap(dolores), door=Door.COUNTER, now=NOON)
    assert points() == []
    assert Moment.objects.count() == 1
