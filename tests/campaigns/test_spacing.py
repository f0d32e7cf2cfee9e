"""At most one message a day: a second one waits for the next morning."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from campaigns.models import Delivery, SandboxMessage, SendingPolicy
from campaigns.services import delivering, planning
from profiles.models import Customer
from tests.factories.campaigns import due_habit, reachable_customer, ready_house

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 9, 5, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
WEDNESDAY_AT_NINE = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
THURSDAY_AT_NINE = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def dolores() -> Customer:
    ready_house()
    SendingPolicy.objects.update(max_per_week=5)
    return reachable_customer()


@pytest.fixture
def both(dolores) -> tuple[Delivery, Delivery]:
    """Two reminders set on two mornings for the same Wednesday."""
    for morning in (MONDAY, TUESDAY):
        due_habit(dolores, remind_on=date(2026, 3, 11), expected_on=date(2026, 3, 14))
        planning.plan_morning(now=morning)
    first, second = Delivery.objects.order_by("pk")
    assert first.due_at == second.due_at == WEDNESDAY_AT_NINE
    return first, second


def due() -> list[tuple[str, datetime]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "due_at"))


def test_the_second_message_of_a_day_leaves_the_next_morning(both):
    assert delivering.deliver_due(now=NOON) == {"sent": 1, "planned": 1}
    assert due() == [("sent", WEDNESDAY_AT_NINE), ("planned", THURSDAY_AT_NINE)]
    assert delivering.deliver_due(now=NOON + timedelta(hours=6)) == {}
    assert delivering.deliver_due(now=THURSDAY_AT_NINE) == {"sent": 1}


def test_it_waits_also_for_one_that_left_earlier_in_the_day(both):
    _, second = both
    Delivery.objects.filter(pk=second.pk).update(due_at=NOON)
    assert delivering.deliver_due(now=WEDNESDAY_AT_NINE) == {"sent": 1}
    assert delivering.deliver_due(now=NOON) == {"planned": 1}
    assert due()[1] == ("planned", THURSDAY_AT_NINE)


def test_the_day_is_the_customers_own(both, dolores):
    Customer.objects.filter(pk=dolores.pk).update(time_zone="Pacific/Auckland")
    assert delivering.deliver_due(now=datetime(2026, 3, 11, 6, 0, tzinfo=UTC)) == {}
    SendingPolicy.objects.update(quiet_from="00:00", quiet_until="00:00")
    assert delivering.deliver_due(now=datetime(2026, 3, 11, 10, 59, tzinfo=UTC)) == {
        "sent": 1,
        "planned": 1,
    }
    assert delivering.deliver_due(now=datetime(2026, 3, 11, 11, 0, tzinfo=UTC)) == {"sent": 1}


def test_one_that_is_taken_back_gives_the_day_to_the_other(both):
    first, _ = both
    Delivery.objects.filter(pk=first.pk).update(expires_at=NOON)
    assert delivering.deliver_due(now=NOON) == {"missed": 1, "sent": 1}


def test_one_that_cannot_wait_is_one_too_many(both):
    _, second = both
    Delivery.objects.filter(pk=second.pk).update(expires_at=NOON + timedelta(hours=1))
    assert delivering.deliver_due(now=NOON) == {"sent": 1, "skipped": 1}
    second.refresh_from_db()
    assert (second.state, second.reason) == ("skipped", "attention_spent")


def test_a_transactional_message_neither_waits_nor_makes_wait(both):
    first, _ = both
    Delivery.objects.filter(pk=first.pk).update(is_transactional=True)
    assert delivering.deliver_due(now=NOON) == {"sent": 2}
    assert SandboxMessage.objects.count() == 2
