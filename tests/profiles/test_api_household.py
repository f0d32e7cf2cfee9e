"""Households and merges over the API: who lives together, what to mind, who is one; all can be undone."""

from __future__ import annotations

import uuid

import pytest

from profiles.models import AccessRecord, Customer, HouseholdMember, ProfileEdge
from profiles.rules.purposes import WARNINGS_WORDING
from tests.factories.profiles import ProfileFactory
from tests.profiles.api import System, at, rows, said

pytestmark = pytest.mark.django_db


def person(name):
    profile = ProfileFactory(customer__name=name)
    profile.home_customer = profile.customer
    profile.save()
    return profile


@pytest.fixture
def dolores(db):
    return person("Dolores Reyes")


@pytest.fixture
def aiden(db):
    return person("Aiden Reyes")


CHILD = {"name": "Mia", "role": "child", "born_on": "2019-05-01"}
NUTS = {"allergen": "nuts", "text": "carries a pen", "agreed_to": WARNINGS_WORDING}


def test_a_child_and_a_customer_move_in(shop, dolores, aiden):
    assert shop.get(at(dolores, "household/")).json() == {"items": []}
    shop.post(at(dolores, "household/members/"), CHILD)
    adult = {"customer": str(aiden.customer.public_id), "role": "adult"}
    answer = shop.post(at(dolores, "household/members/"), adult)
    assert answer.status_code == 201
    items = answer.json()["items"]
    assert [(one["name"], one["customer"], one["role"], one["born_on"]) for one in items] == [
        ("Dolores Reyes", str(dolores.customer.public_id), "adult", None),
        ("Aiden Reyes", str(aiden.customer.public_id), "adult", None),
        ("Mia", None, "child", "2019-05-01"),
    ]
    shop.get(at(dolores, "household/"))
    looked = AccessRecord.objects.filter(door="profiles:api-household", act="looked")
    assert {r.customer_id for r in looked} == {dolores.customer_id, aiden.customer_id}


def test_who_leaves_can_come_back(shop, dolores):
    (_, mia) = shop.post(at(dolores, "household/members/"), CHILD).json()["items"]
    member = f"household/members/{mia['id']}/"
    assert shop.delete(at(dolores, member)).status_code == 204
    assert len(shop.get(at(dolores, "household/")).json()["items"]) == 1
    assert len(shop.post(at(dolores, f"{member}back/")).json()["items"]) == 2
    assert said(shop.delete(at(dolores, "household/members/9999/"))) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"role": "child"}, 400, "invalid"),
        ({"name": "Mia", "role": "aunt"}, 400, "invalid"),
        ({"name": "Mia", "customer": str(uuid.uuid4()), "role": "child"}, 400, "invalid"),
        ({"customer": str(uuid.uuid4()), "role": "adult"}, 404, "not_found"),
        (CHILD | {"born_on": "2019-02-30"}, 400, "invalid"),
        (CHILD | {"born_on": "2090-01-01"}, 409, "birthday_impossible"),
    ],
)
def test_who_cannot_move_in_leaves_nothing(shop, dolores, body, status, code):
    before = rows()
    assert said(shop.post(at(dolores, "household/members/"), body)) == (status, code)
    assert rows() == before


def test_a_warning_needs_its_sentence_and_can_end_and_come_back(shop, dolores):
    before = rows()
    refused = shop.post(at(dolores, "household/warnings/"), NUTS | {"agreed_to": "yes"})
    assert said(refused) == (409, "not_agreed")
    assert rows() == before
    kept = shop.post(at(dolores, "household/warnings/"), NUTS)
    assert (kept.status_code, kept.json()["allergen"], kept.json()["text"]) == (
        201,
        "nuts",
        "carries a pen",
    )
    warning = f"household/warnings/{kept.json()['id']}/"
    assert shop.delete(at(dolores, warning)).status_code == 204
    assert shop.get(at(dolores, "household/")).json()["items"][0]["warnings"] == []
    assert shop.post(at(dolores, f"{warning}back/")).status_code == 200
    (one,) = shop.get(at(dolores, "household/")).json()["items"][0]["warnings"]
    assert one["allergen"] == "nuts"


def test_another_household_is_not_touched(shop, dolores, aiden):
    shop.post(at(aiden, "household/members/"), CHILD)
    mia = HouseholdMember.objects.get(name="Mia")
    before = rows()
    assert said(shop.delete(at(dolores, f"household/members/{mia.pk}/"))) == (404, "not_found")
    assert rows() == before


def test_the_card_is_the_counter_s(shop, dolores):
    shop.post(at(dolores, "household/warnings/"), NUTS)
    card = shop.get(at(dolores, "card/")).json()
    assert (card["id"], card["name"]) == (str(dolores.customer.public_id), "Dolores Reyes")
    assert [one["who"] for one in card["alerts"]] == ["Dolores Reyes"]
    assert card["usual"]["why"] == "None: no purchases of the last year are known."
    assert card["standing"]["balance"] == 0
    assert said(shop.get(at(dolores, "card/?store=nowhere"))) == (400, "place_unknown")


# --- merges ---------------------------------------------------------------------------------------


def two(one, other):
    return {"one": str(one.customer.public_id), "other": str(other.customer.public_id)}


def test_two_become_one_and_two_again(shop, dolores, aiden):
    joined = shop.post("merges/", two(dolores, aiden))
    assert joined.status_code == 201
    edge = joined.json()
    assert (edge["kind"], edge["rule"], edge["made_by"]) == ("same", "api", f"api:{shop.key.pk}")
    present = Customer.objects.get(merged_into=None)
    assert {one["customer"] for one in edge["ends"]} == {str(present.public_id)}
    assert said(shop.post("merges/", two(dolores, aiden))) == (409, "same_already")
    apart = shop.post(f"merges/{edge['id']}/undo/").json()
    assert (apart["kind"], apart["rule"]) == ("apart", "undo")
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert said(shop.post("merges/", two(dolores, aiden))) == (409, "kept_apart")
    listed = shop.get(at(dolores, "merges/")).json()["items"]
    assert [(one["kind"], one["removed_at"] is None) for one in listed] == [
        ("same", False),
        ("apart", True),
    ]
    assert said(shop.post(f"merges/{edge['id']}/undo/")) == (409, "edge_gone")


def test_kept_apart_until_it_is_taken_back(shop, dolores, aiden):
    apart = shop.post("merges/apart/", two(dolores, aiden)).json()
    assert apart["kind"] == "apart"
    assert said(shop.post("merges/", two(dolores, aiden))) == (409, "kept_apart")
    back = shop.post(f"merges/{apart['id']}/undo/").json()
    assert back["removed_by"] == f"api:{shop.key.pk}"
    assert shop.post("merges/", two(dolores, aiden)).status_code == 201


def test_who_is_not_there_is_not_joined(shop, dolores):
    before = rows()
    nobody = {"one": str(dolores.customer.public_id), "other": str(uuid.uuid4())}
    assert said(shop.post("merges/", nobody)) == (404, "not_found")
    assert said(shop.post("merges/", {"one": "x"})) == (400, "invalid")
    assert said(shop.post("merges/9999/undo/")) == (404, "not_found")
    assert rows() == before


def test_only_who_may_write_writes(dolores, aiden, now):
    system = System("read", now=now)
    before = rows()
    assert system.post("merges/", two(dolores, aiden)).status_code == 403
    assert system.post("merges/apart/", two(dolores, aiden)).status_code == 403
    assert system.post("merges/1/undo/").status_code == 403
    assert system.post(at(dolores, "household/members/"), CHILD).status_code == 403
    assert system.post(at(dolores, "household/warnings/"), NUTS).status_code == 403
    assert not ProfileEdge.objects.exists()
    assert rows() == before


def test_lists_cost_the_same_number_of_queries(shop, dolores, django_assert_num_queries):
    shop.post(at(dolores, "household/members/"), CHILD)
    # the key, the customer, who lives there, their ids, the record
    with django_assert_num_queries(6):
        shop.get(at(dolores, "household/"))
    with django_assert_num_queries(5):
        shop.get(at(dolores, "merges/"))
