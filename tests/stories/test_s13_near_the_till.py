"""S13: shorts and a T-shirt were bought, and at the till there is an offer on hats that she can use now."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import time_machine
from django.utils.html import strip_tags

from profiles.models import Touchpoint
from tests.stories.doors import Bought, at, bring_orders, customer
from tests.stories.offer_doors import offer, rule

DAY = date(2026, 6, 10)


@pytest.fixture
def manager(client_of, tmp_path):
    """Who bought shorts today is told of hats: as long as there are any."""
    before = DAY - timedelta(days=100)
    clothes = [Bought("gil", before + timedelta(days=n), name) for n, name in enumerate(
        ("Shorts", "T-shirt", "Straw hat", "Mug"))]  # fmt: skip
    bring_orders(tmp_path, clothes, now=at(before + timedelta(days=9), 20))
    manager = client_of("manager")
    just = {"what": "bought:product", "times": "1", "within_days": "1"}
    rule(manager, [just | {"thing": "shorts"}, just | {"thing": "t-shirt"}],
         [{"what": "product", "thing": "straw-hat"}], name="Sun", weight="fits_well")  # fmt: skip
    offer(manager, [{"what": "product", "thing": "straw-hat"}], moments=["basket"], stock="1",
          name="Hats", counter_words="half the price today", doors=["counter"])  # fmt: skip
    return manager


def buys(tmp_path, who: str, *names: str) -> None:
    lines = [Bought(who, DAY, name, at=time(11)) for name in names]
    bring_orders(tmp_path, lines, now=at(DAY, 12))


def puts_into_the_basket(who: str, code: str) -> None:
    """She takes one thing more to the till, which scans it."""
    one = customer(who)
    Touchpoint.objects.create(
        customer=one, origin_profile=one.profiles.get(), source=one.profiles.get().source,
        kind="track", name="Product Added", data={"product": code}, occurred_at=at(DAY, 13),
        recorded_at=at(DAY, 13),
    )  # fmt: skip


def best_next(client_of, who: str) -> str:
    with time_machine.travel(at(DAY, 13), tick=False):
        page = client_of("counter").get(f"/counter/{customer(who).pk}/").content.decode()
    shown = page[page.index("Best next") : page.index("Recent")]
    return " ".join(strip_tags(shown).split())


def test_a_hat_is_offered_to_who_bought_shorts_and_shirt(manager, client_of, tmp_path):
    buys(tmp_path, "sue", "Shorts", "T-shirt")
    puts_into_the_basket("sue", "mug")
    said = best_next(client_of, "sue")
    assert "Straw hat: half the price today" in said
    assert "they bought Shorts on 10 June 2026; they bought T-shirt on 10 June 2026" in said


def test_who_bought_shorts_alone_or_has_the_hat_is_told_nothing(manager, client_of, tmp_path):
    buys(tmp_path, "sue", "Shorts")
    puts_into_the_basket("sue", "mug")
    assert "Straw hat" not in best_next(client_of, "sue")
    buys(tmp_path, "ann", "Shorts", "T-shirt", "Straw hat")
    puts_into_the_basket("ann", "mug")
    assert "Straw hat" not in best_next(client_of, "ann")


def test_the_last_hat_is_offered_once(manager, client_of, tmp_path):
    buys(tmp_path, "sue", "Shorts", "T-shirt")
    puts_into_the_basket("sue", "mug")
    with time_machine.travel(at(DAY, 13), tick=False):
        client_of("counter").post(
            f"/counter/{customer('sue').pk}/answer/", {"moment": "basket", "subject": "0", "answer": "said"}
        )  # fmt: skip
    assert "Straw hat" not in best_next(client_of, "sue")
    buys(tmp_path, "eva", "Shorts", "T-shirt")
    puts_into_the_basket("eva", "mug")
    assert "Straw hat" not in best_next(client_of, "eva")
