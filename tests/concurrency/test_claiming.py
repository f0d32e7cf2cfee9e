"""Two workers at once: each message is claimed by one of them, and the switch is seen by both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from campaigns.models import Delivery, PlanRun, SandboxMessage, SendingPolicy
from campaigns.services import delivering, noticing, planning
from tests.factories.campaigns import due_habit, reachable_customer, ready_house

pytestmark = pytest.mark.django_db(transaction=True)

MORNING = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run each in a thread with a connection of its own, started together; return what they gave."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int, work: Callable[[], object]) -> None:
        try:
            barrier.wait()
            results[number] = work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.fixture
def planned() -> list[Delivery]:
    ready_house()
    for number in range(20):
        due_habit(reachable_customer(f"Customer {number}"))
    planning.plan_morning(now=MORNING)
    return list(Delivery.objects.all())


def test_two_workers_claim_each_message_once(planned):
    claims = at_once(*[lambda: delivering.claim(now=NOON, limit=20)[0]] * 2)
    ids = [delivery.pk for claim in claims for delivery in claim]
    assert sorted(ids) == sorted(delivery.pk for delivery in planned)


def test_four_workers_send_each_message_once(planned):
    at_once(*[lambda: delivering.deliver_due(now=NOON)] * 4)
    delivering.deliver_due(now=NOON)
    received = list(SandboxMessage.objects.values_list("message_id", flat=True))
    assert len(received) == len(set(received)) == 20
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_two_schedulers_plan_a_morning_once():
    ready_house()
    due_habit(reachable_customer())
    runs = at_once(*[lambda: planning.plan_morning(now=MORNING)] * 2)
    assert sum(run is not None for run in runs) == 1
    assert (PlanRun.objects.count(), Delivery.objects.count()) == (1, 1)


def test_two_workers_share_the_plan_of_a_morning(monkeypatch):
    ready_house()
    customers = [reachable_customer(f"Customer {number}") for number in range(6)]
    for customer in customers:
        due_habit(customer)
    monkeypatch.setattr(planning, "BATCH", 1)
    both_are_at_it = threading.Barrier(2)
    keep = noticing.keep

    def once_both_hold_a_batch(moments):
        both_are_at_it.wait(30)
        keep(moments)

    monkeypatch.setattr(noticing, "keep", once_both_hold_a_batch)
    planning._laid_out(MORNING)
    runs = at_once(*[lambda: planning.plan_morning(now=MORNING)] * 2)
    assert sum(run is not None for run in runs) <= 1
    run = PlanRun.objects.get()
    assert (run.state, run.counts) == ("done", {"speak": 6})
    spoken_to = Delivery.objects.order_by("customer_id").values_list("customer_id", flat=True)
    assert list(spoken_to) == [customer.pk for customer in customers]


def test_without_the_lock_both_would_take_the_same_messages(planned):
    """The control: the race is real."""
    both_have_read = threading.Barrier(2)

    def careless() -> list[int]:
        with transaction.atomic():
            found = list(Delivery.objects.filter(state="planned").values_list("pk", flat=True))
            both_have_read.wait(30)
            return found

    first, second = at_once(careless, careless)
    assert sorted(first) == sorted(second)


def test_stopping_waits_for_a_claim_under_way_and_holds_from_then_on(planned):
    claimed, stopped = threading.Event(), threading.Event()

    def worker() -> int:
        with transaction.atomic():
            claims, _ = delivering.claim(now=NOON, limit=5)
            claimed.set()
            assert not stopped.wait(0.3), "the switch waits until the claim is committed"
        return len(claims)

    def manager() -> None:
        claimed.wait(30)
        SendingPolicy.objects.filter(id=1).update(stopped_at=NOON)
        stopped.set()

    assert at_once(worker, manager)[0] == 5
    assert delivering.claim(now=NOON, limit=20) == ([], {})


def test_two_workers_never_send_one_customer_two_messages_a_day():
    ready_house()
    customer = reachable_customer()
    for morning in (MORNING, MORNING + timedelta(days=1)):
        due_habit(customer, remind_on=date(2026, 3, 11), expected_on=date(2026, 3, 14))
        planning.plan_morning(now=morning)
    noon = NOON + timedelta(days=1)
    first_is_held, second_has_looked = threading.Event(), threading.Event()

    def first() -> int:
        with transaction.atomic():
            claims, _ = delivering.claim(now=noon, limit=1)
            first_is_held.set()
            assert second_has_looked.wait(30)
        return len(claims)

    def second() -> object:
        first_is_held.wait(30)
        try:
            return delivering.claim(now=noon, limit=10)
        finally:
            second_has_looked.set()

    assert at_once(first, second) == [1, ([], {"planned": 1})]
