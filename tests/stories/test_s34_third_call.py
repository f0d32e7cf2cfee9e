"""S34: the third contact in a week about the same unsolved thing stands before everything else there is to say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from campaigns.models import Moment
from feedback.models import Case
from feedback.rules import CaseKind
from feedback.services import cases
from profiles.tasks import learn_habits
from tests.stories.doors import (
    Bought,
    at,
    bring_file,
    bring_orders,
    customer,
    every,
    morning_to_noon,
)

LAST = date(2026, 2, 3)
TODAY = LAST + timedelta(days=35)


@pytest.fixture
def lena(tmp_path, client_of):
    """Beans are due; her complaint is open since two days, and she called twice about it."""
    lines = [Bought("lena", day, "Whole-bean hazelnut") for day in every(35, until=LAST, times=11)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    with time_machine.travel(at(LAST, 21), tick=False):
        people = "Customer number,E-mail,Phone\n77,lena@example.com,+12124151234\n"
        bring_file(client_of("manager"), "customers", "CRM", people)
        learn_habits()
    cases.open_case(
        customer=customer("lena"),
        kind=CaseKind.COMPLAINT,
        source_ref="counter:main-street",
        detail="Half of the order was missing.",
        opened_by="staff:1",
        now=at(TODAY - timedelta(days=2), 9),
    )
    return customer("lena")


def call(client_of, day: date, hour: int) -> None:
    text = f"Number,Time,Topic,Outcome\n+1 (212) 415-1234,{day} {hour:02}:00,Missing half,Open\n"
    with time_machine.travel(at(day, hour + 1), tick=False):
        bring_file(client_of("manager"), "calls", "Call centre", text)


def card(client_of, lena) -> str:
    with time_machine.travel(at(TODAY, 10), tick=False):
        page = client_of("counter").get(f"/counter/{lena.pk}/").content.decode()
    return page[page.index("The usual now") : page.index("Recent")]


def test_the_third_contact_is_what_staff_read_first(lena, client_of):
    call(client_of, TODAY - timedelta(days=1), 9)
    assert "Nothing to suggest" in card(client_of, lena)
    call(client_of, TODAY, 8)
    said = card(client_of, lena)
    assert "Complaint of 8 March" in said
    assert "had to come to us 3 times in a week about a complaint that is still open" in said
    # Nothing is sold meanwhile.
    assert "Not said" in said
    assert said.index("Complaint of 8 March") < said.index("Whole-bean hazelnut")


def test_solved_it_is_gone_and_selling_goes_on(lena, client_of):
    call(client_of, TODAY - timedelta(days=1), 9)
    call(client_of, TODAY - timedelta(days=1), 15)
    morning_to_noon(TODAY)
    assert Moment.objects.filter(kind="third_contact").count() == 1
    cases.solve(case=Case.objects.get(), resolution="Sent.", by="staff:1", now=at(TODAY, 9))
    said = card(client_of, lena)
    assert "Complaint of 8 March" not in said
    assert "Whole-bean hazelnut" in said
