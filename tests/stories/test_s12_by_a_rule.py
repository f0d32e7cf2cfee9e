"""S12, by a stated rule: lettuce and mayonnaise in the basket, so chicken; a vegetarian gets none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from tests.profiles.api import System
from tests.stories.doors import Bought, at, bring_orders
from tests.stories.guard_doors import guard, tells
from tests.stories.offer_doors import offer, rule

DAY = date(2026, 3, 10)
SALAD = [
    {"what": "in_basket:product", "thing": "lettuce"},
    {"what": "in_basket:product", "thing": "mayonnaise"},
]


@pytest.fixture
def manager(client_of, tmp_path):
    """A grocer states that chicken goes with lettuce and mayonnaise, and is not for vegetarians."""
    articles = ("Lettuce", "Mayonnaise", "Chicken", "Tofu")
    bring_orders(
        tmp_path,
        [Bought("carla", DAY - timedelta(days=100 + n), name) for n, name in enumerate(articles)]
        + [Bought("vera", DAY - timedelta(days=100), "Lettuce")],
        now=at(DAY - timedelta(days=9), 20),
    )
    tells("vera", DAY - timedelta(days=8), "diet", "vegetarian")
    manager = client_of("manager")
    rule(
        manager,
        SALAD,
        [{"what": "product", "thing": "chicken"}],
        name="Caesar salad",
        weight="fits_well",
    )
    guard(manager, {"what": "fact:diet", "value": "vegetarian"}, product="chicken", kind="forbids",
          when_unknown="allow")  # fmt: skip
    goes_with = [{"what": "product", "thing": "chicken"}, {"what": "product", "thing": "tofu"}]
    offer(manager, goes_with, term_join="any", moments=["basket"], name="Goes with it",
          doors=["counter"])  # fmt: skip
    return manager


@pytest.fixture
def shop(manager) -> System:
    return System("decisions", now=at(DAY, 9))


def asked(shop: System, who: str, *basket: str) -> list[str]:
    """What the shop's system is answered, by the codes of products."""
    with time_machine.travel(at(DAY, 17), tick=False):
        answer = shop.post(
            "decisions/",
            {"identifier": {"kind": "email", "value": f"{who}@example.com"}, "limit": 3, "dry_run": True,
             "context": {"door": "counter", "basket": [{"product": one} for one in basket]}},
        )  # fmt: skip
    return [one["product"] for one in answer.json()["actions"] if one["product"]]


def test_chicken_comes_with_lettuce_and_mayonnaise_and_with_neither_alone(manager, shop):
    assert asked(shop, "carla", "lettuce", "mayonnaise") == ["chicken"]
    assert asked(shop, "carla", "lettuce") == []
    assert asked(shop, "carla", "lettuce", "mayonnaise", "chicken") == []


def test_a_vegetarian_gets_none_or_one_that_fits(manager, shop):
    assert asked(shop, "vera", "lettuce", "mayonnaise") == []
    rule(manager, SALAD, [{"what": "product", "thing": "tofu"}], name="Salad with tofu")
    assert asked(shop, "vera", "lettuce", "mayonnaise") == ["tofu"]
    assert asked(shop, "carla", "lettuce", "mayonnaise") == ["chicken"]
