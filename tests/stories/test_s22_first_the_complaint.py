"""S22: while a complaint is open nothing is sold to this customer, anywhere."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from feedback.models import Case
from feedback.services import cases
from tests.factories.campaigns import consent
from tests.stories.doors import Bought, at, bring_orders, customer, every, mailbox, morning_to_noon

LAST = date(2026, 2, 10)


@pytest.fixture
def cora(tmp_path):
    lines = [Bought("cora", day, "Dog food") for day in every(30, until=LAST, times=8)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    consent(customer("cora"))
    return customer("cora")


def run_mornings(first: int, last: int) -> None:
    for number in range(first, last + 1):
        morning_to_noon(LAST + timedelta(days=number))


def open_complaint(cora, day: date) -> None:
    cases.open_case(
        customer=cora, kind="complaint", source_ref="call:1", detail="The bag was torn.",
        opened_by="staff:1", now=at(day, 9),
    )  # fmt: skip


def test_an_open_complaint_silences_the_mail(cora):
    open_complaint(cora, LAST + timedelta(days=2))
    run_mornings(1, 45)
    assert mailbox("cora") == []


def test_an_open_complaint_silences_the_counter(cora, client_of):
    due = LAST + timedelta(days=27)
    with time_machine.travel(at(due, 9), tick=False):
        staff = client_of("counter")
        before = staff.get(f"/counter/{cora.pk}/").content.decode()
        assert "Said it" in before
        open_complaint(cora, due)
        after = staff.get(f"/counter/{cora.pk}/").content.decode()
    assert "Said it" not in after
    assert "complaint" in after.lower()


def test_a_complaint_after_planning_wins_and_a_solved_one_lets_reminders_through(cora):
    day = LAST + timedelta(days=1)
    while not mailbox("cora") and day < LAST + timedelta(days=40):
        open_complaint(cora, day) if day == LAST + timedelta(days=20) else None
        if day == LAST + timedelta(days=26):
            assert mailbox("cora") == []
            cases.solve(
                case=Case.objects.get(),
                resolution="A new bag was sent.",
                by="staff:1",
                now=at(day, 4),
            )
        morning_to_noon(day)
        day += timedelta(days=1)
    assert len(mailbox("cora")) == 1
