"""S39: products carry characteristics; one rule says whom small and light fits, and a light chair is offered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils.html import strip_tags

from profiles.models import Attribute, Characteristic, ProductValue
from tests.profiles.api import System
from tests.stories.doors import Bought, at, bring_orders, customer
from tests.stories.guard_doors import tells
from tests.stories.offer_doors import characteristic, describe, offer, rule, saved

DAY = date(2026, 3, 10)
HIKES = {"what": "fact:hikes", "value": "yes"}
FESTIVALS = {"what": "fact:goes_to_festivals", "value": "yes"}
LIGHT = {"what": "has:weight", "how": "at_most", "value": "1000"}
SMALL = {"what": "has:size", "how": "is", "value": "small"}


def text(answer) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


@pytest.fixture
def manager(client_of, tmp_path):
    """The shop sells three chairs and a mug; Hanna hikes, Fred goes to festivals, Otto said nothing."""
    names = ("Camping chair", "Festival stool", "Armchair", "Mug")
    people = ("hanna", "fred", "otto")
    days = [DAY - timedelta(days=200 + n) for n in range(4)]
    bring_orders(
        tmp_path,
        [Bought("gil", day, name) for day, name in zip(days, names, strict=True)]
        + [Bought(who, days[0], "Mug") for who in people],
        now=at(DAY - timedelta(days=9), 20),
    )
    for code, name in (("hikes", "Hikes"), ("goes_to_festivals", "Goes to festivals")):
        Attribute.objects.create(
            code=code, name=name, type="yes_no", purpose="to suggest what fits"
        )
    tells("hanna", DAY - timedelta(days=8), "hikes", "yes")
    tells("fred", DAY - timedelta(days=7), "goes_to_festivals", "yes")
    manager = client_of("manager")
    characteristic(manager, "weight", "Weight", "number", unit="g")
    characteristic(manager, "size", "Size", "choice", choices="small,large")
    describe(manager, "Camping chair", weight="900 g", size="small")
    describe(manager, "Festival stool", weight="1400", size="small")
    describe(manager, "Armchair", weight="12000", size="large")
    return manager


def test_staff_and_the_shops_pages_find_what_is_small_and_light(manager, client_of):
    page = text(client_of("counter").get("/products/?size=small&weight_at_most=1000"))
    assert "Camping chair" in page
    assert "size small · weight 900 g" in page
    assert "stool" not in page
    shop = System("products:read", now=at(DAY, 9))
    found = shop.get("products/?size=small").json()["items"]
    assert [one["name"] for one in found] == ["Camping chair", "Festival stool"]


def test_one_rule_for_both_is_tried_and_then_offers_the_light_chair(manager):
    address = rule(manager, [HIKES, FESTIVALS], [LIGHT, SMALL], join="any",
                   name="Hikers and festival-goers like small and light")  # fmt: skip
    with time_machine.travel(at(DAY, 9), tick=False):
        tried = text(manager.post(address))
    assert "“Hikes” is yes, or “Goes to festivals” is yes ← “Weight” is at most 1000 g" in tried
    assert "It holds for 2" in tried
    assert "“Hikes”: yes, told on 2 March 2026" in tried
    assert "Products like this 1 of 4" in tried
    offer(
        manager, [{"what": "has:weight", "how": "at_least", "value": "1"}], moments=["basket"],
        name="Chairs", counter_words="10 % off until Sunday",
    )  # fmt: skip
    asked = {"door": "counter", "basket": "mug", "at": ""}
    said = {}
    for who in ("hanna", "fred", "otto"):
        with time_machine.travel(at(DAY, 10), tick=False):
            page = manager.get("/decisions/what-if/", asked | {"customer": customer(who).pk})
        said[who] = text(page)
    for who, what in (("hanna", "hikes"), ("fred", "goes to festivals")):
        assert "Camping chair: 10 % off until Sunday" in said[who]
        assert f": {what}; it fits by its weight 900 g, size small" in said[who]
    assert "Camping chair" not in said["otto"]
    assert "Chairs (nothing of the offer fits them" in said["otto"]


def test_what_cannot_be_is_said_before_it_counts(manager):
    said = {"weight": "fits", "name": "A rule"}
    none = saved(manager, "/rules/new/", said, [HIKES], [])
    assert (none.status_code, "Add at least one line about products" in text(none)) == (422, True)
    nobody = rule(manager, [HIKES, {**HIKES, "turned": "on"}], [LIGHT], name="Nobody")
    assert "It holds for nobody." in text(manager.post(nobody))
    stool = {"what": "owns:product", "thing": "armchair"}
    everybody = rule(
        manager, [stool, {**stool, "turned": "on"}], [LIGHT], join="any", name="Everybody"
    )
    assert "It holds for everybody" in text(manager.post(everybody))
    fits = rule(manager, [HIKES], [LIGHT], name="Light")
    against = rule(manager, [HIKES], [SMALL], name="Not small", weight="fits_not")
    tried = text(manager.post(against))
    assert "It contradicts “Light”: 1 customers and 1 products are in both" in tried
    assert "What does not fit is not offered." in tried
    assert "Contradicts" in text(manager.post(fits))


def test_a_rule_whose_characteristic_is_gone_says_so_and_cannot_be_switched_on(manager):
    address = rule(
        manager, [HIKES], [{"what": "has:weight", "how": "at_least", "value": "1"}], name="R"
    )
    manager.post(f"{address}switch/", {"to": "off"})
    ProductValue.objects.filter(characteristic__code="weight").delete()
    Characteristic.objects.get(code="weight").delete()
    page = text(manager.get(address))
    assert "There is no characteristic “weight” any more." in page
    refused = text(manager.post(f"{address}switch/", {"to": "on"}, follow=True))
    assert "There is no characteristic “weight” any more." in refused
    assert "StateBroken" in refused
