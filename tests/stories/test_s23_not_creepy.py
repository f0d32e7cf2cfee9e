"""S23: what is delicate is used only as it was agreed to, and a rule that would use it otherwise is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils.html import strip_tags

from profiles.models import Category, Guard
from tests.factories.campaigns import consent
from tests.factories.facts import AttributeFactory
from tests.stories.doors import (
    Bought,
    at,
    bring_orders,
    customer,
    every,
    mailbox,
    morning_to_noon,
    public_client,
)
from tests.stories.guard_doors import guard, page_of, saved, tells

LAST = date(2026, 2, 10)
SLIM = {"what": "fact:losing_weight", "value": "yes"}


@pytest.fixture
def manager(client_of):
    return client_of("manager")


@pytest.fixture
def pizza(tmp_path):
    lines = [Bought("lou", day, "Two pizzas") for day in every(30, until=LAST, times=8)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    consent(customer("lou"))


def refused(answer) -> str:
    """What stands on the page that refuses; nothing was written."""
    assert answer.status_code == 422
    assert not Guard.objects.exists()
    return strip_tags(answer.content.decode()).replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (SLIM, {"kind": "needs"}),
        (SLIM | {"turned": "on"}, {"kind": "forbids", "when_unknown": "allow"}),
        (SLIM | {"value": "no"}, {"kind": "forbids", "when_unknown": "allow"}),
    ],
)
def test_a_rule_that_would_select_by_it_is_refused_with_the_reason(pizza, manager, line, said):
    text = refused(saved(manager, line, product="two-pizzas", **said))
    assert "“Losing weight” is a special category. Customers agreed to one use" in text
    assert "to tempt you with nothing that works against it" in text
    assert "never select anybody" in text


def test_what_was_agreed_to_for_another_use_is_refused_altogether(pizza, manager):
    AttributeFactory(
        code="faith",
        name="Faith",
        type="yes_no",
        sensitivity="special",
        purpose="to know your feasts",
    )
    line = {"what": "fact:faith", "value": "yes"}
    text = refused(saved(manager, line, product="two-pizzas", kind="forbids", when_unknown="allow"))
    assert "Customers agreed to one use, to know your feasts, and to nothing else." in text


def test_staff_are_never_sent_to_ask_for_it(pizza, manager):
    text = refused(saved(manager, SLIM, product="two-pizzas", kind="forbids", when_unknown="ask"))
    assert "Staff do not ask for what is delicate." in text


def test_nothing_is_concluded_from_what_is_bought_of_a_delicate_category(pizza, manager):
    Category.objects.update(is_delicate=True)
    household = str(Category.objects.get(name="Household").pk)
    line = {"what": "bought:category", "thing": household, "times": "1"}
    text = refused(saved(manager, line, product="two-pizzas"))
    assert "tells of a special category, and is never used" in text


def test_what_is_taken_back_holds_nobody_any_more(pizza, manager):
    with time_machine.travel(at(LAST, 21), tick=False):
        guard(manager, SLIM, product="two-pizzas", kind="forbids", when_unknown="allow")
    tells("lou", LAST, "losing_weight", "yes")
    for number in range(20, 28):
        morning_to_noon(LAST + timedelta(days=number))
    assert mailbox("lou") == []
    day = LAST + timedelta(days=27)
    with time_machine.travel(at(day, 13), tick=False):
        public_client().post(f"{page_of('lou', day)}delicate/withdraw/")
    for number in range(28, 34):
        morning_to_noon(LAST + timedelta(days=number))
    assert len(mailbox("lou")) == 1


def test_trying_such_a_guard_names_nobody(pizza, manager):
    tells("lou", LAST, "losing_weight", "yes")
    with time_machine.travel(at(LAST, 21), tick=False):
        answer = saved(manager, SLIM, product="two-pizzas", kind="forbids", when_unknown="allow")
        tried = manager.post(answer.redirect_chain[-1][0])
    assert [one.customers for one in tried.context["trial"].outcomes] == [1, 0, 0]
    text = tried.content.decode()
    assert "nobody is named" in text
    assert "Lou" not in text
