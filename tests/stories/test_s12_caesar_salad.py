"""S12: lettuce and mayonnaise are in the basket: one companion, learned from baskets, and none that misfits."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.utils.html import strip_tags

from profiles.tasks import process_events, refit_rhythms
from tests.profiles.events import post, track, write_key
from tests.stories.doors import Bought, at, bring_orders, customer
from tests.stories.guard_doors import guard, tells

TODAY = date(2026, 3, 10)
NOON = at(TODAY, 12)
BASKET = ("Lettuce", "Mayonnaise")


@pytest.fixture
def salads(tmp_path):
    """Twenty others made salad: fifteen with chicken, and all of them bought bags as well as everybody does."""
    lines = []
    for number in range(20):
        day = TODAY - timedelta(days=3 + number)
        who, taken = f"other-{number}", ["Bag", *BASKET, *(["Chicken"] if number < 15 else [])]
        lines += [Bought(who, day, product) for product in taken]
        lines += [Bought(f"else-{number}", day, product) for product in ("Bag", "Soap")]
    lines += [Bought(who, date(2026, 1, 5), "Bread") for who in ("cleo", "vera")]
    bring_orders(tmp_path, lines, now=at(TODAY, 6))
    with time_machine.travel(at(TODAY, 7), tick=False):
        refit_rhythms()
    write_key(NOON)


@pytest.fixture
def manager(client_of):
    with time_machine.travel(at(TODAY, 7), tick=False):
        return client_of("manager")


def fills_basket(who: str, until: datetime = NOON) -> None:
    """The shop's pages say what was put into the basket."""
    with time_machine.travel(until, tick=False):
        email = f"{who}@example.com"
        post("/v1/identify", {"userId": f"web-{who}", "messageId": who, "traits": {"email": email}})
        for n, product in enumerate(BASKET):
            said = track(1, userId=f"web-{who}", event="Product Added")
            said["properties"] = {"product_id": product.lower(), "name": product}
            when = (until - timedelta(minutes=5 - n)).isoformat()
            post("/v1/track", said | {"timestamp": when, "messageId": f"{who}-{n}"})
        process_events()


@pytest.fixture
def counter(client_of):
    with time_machine.travel(NOON - timedelta(hours=1), tick=False):
        staff = client_of("counter")

    def card(who: str) -> str:
        with time_machine.travel(NOON, tick=False):
            page = staff.get(f"/counter/{customer(who).pk}/").content.decode()
            return " ".join(strip_tags(page).split())

    return card


def test_one_suggestion_learned_from_baskets_with_its_reason(salads, counter):
    fills_basket("cleo")
    card = counter("cleo")
    assert "Chicken was bought together with Mayonnaise in 15 of 20 baskets" in card
    assert card.count("Said it") == 1


def test_a_vegetarian_gets_none(salads, manager, counter):
    with time_machine.travel(at(TODAY, 8), tick=False):
        guard(
            manager, {"what": "fact:diet", "value": "vegetarian"},
            product="chicken", kind="forbids", when_unknown="allow",
        )  # fmt: skip
    tells("vera", TODAY, "diet", "vegetarian")
    for who in ("cleo", "vera"):
        fills_basket(who)
    assert "Chicken was bought" in counter("cleo")
    assert "Chicken was bought" not in counter("vera")
