"""S42: a customer states a goal; a short path follows it at their pace, and nothing sold works against it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from campaigns.models import LearningPath
from profiles.models import Attribute
from tests.factories.campaigns import consent
from tests.stories.doors import (
    Bought,
    at,
    bring_orders,
    customer,
    every,
    link_in,
    mailbox,
    morning_to_noon,
    public_client,
)
from tests.stories.guard_doors import guard, page_of

LAST = date(2026, 2, 10)
BEGINS = LAST + timedelta(days=2)
PARTS = ("Why less sugar", "At breakfast", "On the way")


@pytest.fixture
def manager(client_of):
    with time_machine.travel(at(LAST, 21), tick=False):
        return client_of("manager")


@pytest.fixture
def shop(tmp_path):
    """Ned buys chocolate monthly."""
    days = every(30, until=LAST, times=8)
    bring_orders(tmp_path, [Bought("ned", day, "Chocolate") for day in days], now=at(LAST, 20))
    consent(customer("ned"))
    consent(customer("ned"), purpose="offers")


def write_path(manager, **changes) -> LearningPath:
    """Fill the page of a new path in, save it, and switch it on from the list."""
    form = {
        "name": "Eat less sugar",
        "summary": "Three short messages.",
        "days_between": "7",
        "part-TOTAL_FORMS": "4",
        "part-INITIAL_FORMS": "0",
        "part-3-title": "",
        "part-3-text": "",
        **changes,
    }
    for n, title in enumerate(PARTS):
        form |= {f"part-{n}-title": title, f"part-{n}-text": f"{title}: what helps.\nTry it."}
    with time_machine.travel(at(LAST, 22), tick=False):
        answer = manager.post("/guidance/new/", form)
        assert answer.status_code == 302, answer.content.decode()
        path = LearningPath.objects.get()
        manager.post(f"/guidance/{path.pk}/switch/", {"to": "on"})
    return path


def says(day: date, address: str, **form: str) -> str:
    """Tap something on Ned's own page; what the page shows then."""
    page = page_of("ned", day)
    with time_machine.travel(at(day, 9), tick=False):
        browser = public_client()
        assert browser.post(f"{page}{address}", form).status_code == 302
        return browser.get(page).content.decode()


def subjects() -> list[str]:
    return [message.subject for message in mailbox("ned")]


def let_run(*days: int) -> None:
    """Let these days run, counted from the one on which the path was begun."""
    for number in days:
        morning_to_noon(BEGINS + timedelta(days=number))


def test_the_parts_come_at_the_customers_pace_and_end_when_asked(shop, manager):
    path = write_path(manager)
    assert "Next: Why less sugar" in says(BEGINS, f"path/{path.pk}/begin/")
    let_run(1, 2, 7)
    assert subjects() == ["Eat less sugar: Why less sugar"]
    message = mailbox("ned")[0]
    assert "Why less sugar: what helps.\nTry it." in message.text
    assert "Why now: you follow “Eat less sugar”: part 1 of 3, weekly." in message.text
    let_run(8, 9)
    assert subjects()[1:] == ["Eat less sugar: At breakfast"]
    following = path.followings.get()
    shown = says(BEGINS + timedelta(days=10), f"path/{following.pk}/stop/")
    assert "I want this" in shown
    let_run(15, 16)
    assert len([one for one in subjects() if "sugar" in one.lower()]) == 2


def test_a_rest_and_another_pace_are_kept(shop, manager):
    path = write_path(manager)
    says(BEGINS, f"path/{path.pk}/begin/")
    let_run(1)
    following = path.followings.get()
    assert "every other day" in says(
        BEGINS + timedelta(days=1), f"path/{following.pk}/pace/", days="2"
    )
    let_run(2, 3)
    assert subjects() == ["Eat less sugar: Why less sugar", "Eat less sugar: At breakfast"]
    says(BEGINS + timedelta(days=3), f"path/{following.pk}/rest/")
    let_run(5, 8)
    assert len(subjects()) == 2
    says(BEGINS + timedelta(days=9), f"path/{path.pk}/begin/")
    let_run(10)
    assert subjects()[2:] == ["Eat less sugar: On the way"]
    assert "All parts read" in says(BEGINS + timedelta(days=11), f"path/{path.pk}/begin/")


def test_nothing_is_sold_against_the_goal_while_it_is_one(shop, manager):
    path = write_path(manager)
    goals = {"what": f"fact:{Attribute.objects.get(code='goals').code}", "value": "Eat less sugar"}
    with time_machine.travel(at(LAST, 23), tick=False):
        guard(manager, goals, product="chocolate", kind="forbids", when_unknown="allow")
    says(BEGINS, f"path/{path.pk}/begin/")
    let_run(18, 20, 22)
    assert not [one for one in subjects() if "Chocolate" in one]
    says(LAST + timedelta(days=24), f"path/{path.followings.get().pk}/stop/")
    let_run(23, 25, 27)
    assert [one for one in subjects() if "Chocolate" in one] == ["Chocolate: about time again"]


def test_the_message_says_why_and_leads_to_the_end(shop, manager):
    path = write_path(manager)
    says(BEGINS, f"path/{path.pk}/begin/")
    let_run(1)
    why = link_in(mailbox("ned")[0], "why")
    with time_machine.travel(at(BEGINS + timedelta(days=1), 13), tick=False):
        shown = public_client().get(why).content.decode()
    assert "you follow “Eat less sugar”: part 1 of 3, weekly" in shown.replace(
        "You follow", "you follow"
    )
