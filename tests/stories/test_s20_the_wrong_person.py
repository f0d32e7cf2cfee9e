"""S20: nothing to the wrong person: one guard for each, stated once, obeyed by mail and counter."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils.html import strip_tags

from campaigns.tasks import plan_morning
from profiles.models import Category, Product
from tests.factories.campaigns import consent
from tests.stories.doors import Bought, at, bring_orders, customer, every, mailbox, morning_to_noon
from tests.stories.guard_doors import guard, saved, tells, tells_of_allergy, tells_of_child

LAST = date(2026, 2, 10)
DUE = LAST + timedelta(days=27)
KNOWS_CAR = {"what": "fact:owns_car", "value": "yes"}
BABY = (
    {"what": "fact:has_small_child", "value": "yes"},
    {"what": "age:child", "under": "3"},
)


@pytest.fixture
def shop(tmp_path):
    """Ned buys everything monthly: nappies for his sister, coffee for guests, and so on."""

    def open_for(*products: str, customers: tuple[str, ...] = ("ned",)) -> None:
        lines = [
            Bought(who, day, product)
            for who in customers
            for product in products
            for day in every(30, until=LAST, times=8)
        ]
        bring_orders(tmp_path, lines, now=at(LAST, 20))
        for who in customers:
            consent(customer(who))

    return open_for


@pytest.fixture
def manager(client_of):
    with time_machine.travel(at(LAST, 21), tick=False):
        return client_of("manager")


def guarded(manager, *lines, **said):
    with time_machine.travel(at(LAST, 21), tick=False):
        return guard(manager, *lines, **said)


def mornings(first: int = 20, last: int = 34) -> None:
    for number in range(first, last + 1):
        morning_to_noon(LAST + timedelta(days=number))


@pytest.fixture
def counter(client_of):
    """The card as staff read it on the day when everything is due."""
    with time_machine.travel(at(DUE, 8), tick=False):
        staff = client_of("counter")

    def card(who: str = "ned") -> str:
        with time_machine.travel(at(DUE, 9), tick=False):
            return staff.get(f"/counter/{customer(who).pk}/").content.decode()

    return card


def suggested(card: str) -> bool:
    return "Said it" in card


def test_nappies_only_to_who_has_a_baby(shop, manager, counter):
    shop("Nappies", customers=("ned", "bea"))
    guarded(manager, *BABY, product="nappies", join="any")
    tells_of_child("bea", LAST, "Mia", "2025-12-01")
    mornings()
    assert len(mailbox("bea")) == 1
    assert mailbox("ned") == []
    card = strip_tags(counter())
    assert not suggested(card)
    assert "“Nappies” needs: “Has a child under three” is yes, or a child under 3." in card
    assert "Not known: “Has a child under three” is yes; a child under 3" in card


def test_a_car_wash_not_to_who_has_no_car(shop, manager, counter):
    shop("Car wash", customers=("ned", "carl"))
    guarded(manager, KNOWS_CAR, product="Car wash", when_unknown="allow")
    tells("ned", LAST, "owns_car", "no")
    mornings()
    assert mailbox("ned") == []
    assert len(mailbox("carl")) == 1, "not knowing is not the same as no"
    card = counter()
    assert not suggested(card)
    assert "Known: “Has a car”: no, told on 10 February 2026" in card


def test_coffee_not_to_who_does_not_drink_it(shop, manager, counter):
    """On the whole category, and told after the message was planned."""
    shop("Hazelnut beans")
    household = str(Category.objects.get(name="Household").pk)
    guarded(
        manager, {"what": "fact:drinks_coffee", "value": "no"},
        category=household, kind="forbids", when_unknown="allow",
    )  # fmt: skip
    assert suggested(counter())
    day = LAST + timedelta(days=20)
    while not customer("ned").deliveries.exists():
        with time_machine.travel(at(day, 5), tick=False):
            plan_morning()
        day += timedelta(days=1)
    tells("ned", day, "drinks_coffee", "no")
    mornings(first=(day - LAST).days)
    assert mailbox("ned") == []
    assert customer("ned").deliveries.get().reason == "guard_forbids"
    assert not suggested(counter())


def test_two_pizzas_not_to_who_is_losing_weight_and_nobody_is_told_why(shop, manager, counter):
    shop("Two pizzas", customers=("ned", "lou"))
    guarded(
        manager, {"what": "fact:losing_weight", "value": "yes"},
        product="two-pizzas", kind="forbids", when_unknown="allow",
    )  # fmt: skip
    tells("lou", LAST, "losing_weight", "yes")
    mornings()
    assert mailbox("lou") == []
    assert len(mailbox("ned")) == 1
    card = counter("lou")
    assert not suggested(card)
    assert "weight" not in card
    assert "Two pizzas" not in strip_tags(card).split("Recent")[0]


def test_our_own_customer_is_not_asked_to_come_over_to_us(shop, manager, tmp_path):
    shop("Move your number", customers=("ned", "una"))
    contract = [Bought("una", LAST, "Contract")]
    bring_orders(tmp_path, contract, now=at(LAST, 21))
    assert Product.objects.filter(code="contract").exists()
    guarded(
        manager, {"what": "owns:product", "thing": "contract"},
        product="move-your-number", kind="forbids",
    )  # fmt: skip
    mornings()
    assert mailbox("una") == []
    assert len(mailbox("ned")) == 1


def test_what_has_to_be_asked_is_asked_at_the_counter_and_written_to_nobody(shop, manager, counter):
    shop("Car wash")
    guarded(manager, KNOWS_CAR, product="car-wash", when_unknown="ask")
    mornings()
    assert mailbox("ned") == []
    card = counter()
    assert suggested(card)
    assert "Ask first, we do not know it: “Has a car” is yes" in card


def test_nuts_are_offered_to_nobody_who_lives_with_an_allergy(shop, manager, counter):
    """S02: by no channel, without a guard and without a switch."""
    shop("Nut bar", customers=("ned", "dora"))
    tells_of_child("dora", LAST, "Aiden", "2019-05-04")
    tells_of_allergy("dora", LAST, "Aiden", "nuts")
    product = Product.objects.get(code="nut-bar")
    form = {
        "name": product.name,
        "category": product.category_id,
        "kind": "goods",
        "url": product.url,
    }
    with time_machine.travel(at(LAST, 21), tick=False):
        manager.post(f"/data/profiles/product/{product.pk}/change/", form | {"allergens": ["nuts"]})
    mornings()
    assert mailbox("dora") == []
    assert len(mailbox("ned")) == 1
    card = strip_tags(counter("dora"))
    assert not suggested(card)
    assert "Nut bar · Aiden must avoid: Nuts" in " ".join(card.split())
    assert "What is due stays unsaid; below stands why." in card


def test_a_guard_is_tried_before_it_holds_and_holds_nobody_until_it_is_on(shop, manager, counter):
    shop("Car wash", customers=("ned", "carl", "cleo"))
    tells("ned", LAST, "owns_car", "no")
    tells("carl", LAST, "owns_car", "yes")
    with time_machine.travel(at(LAST, 21), tick=False):
        address = saved(manager, KNOWS_CAR, product="car-wash").redirect_chain[-1][0]
        tried = manager.post(address)
    assert {one.label: one.customers for one in tried.context["trial"].outcomes} == {
        "refused": 1, "admitted": 1, "unknown": 1,
    }  # fmt: skip
    text = tried.content.decode()
    assert "“Has a car”: no, told on 10 February 2026" in text
    assert suggested(counter())
    with time_machine.travel(at(LAST, 22), tick=False):
        manager.post(f"{address}switch/", {"to": "on"})
    assert not suggested(counter())
