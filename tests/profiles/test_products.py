"""Products by what they are like: described, searched and compared, by pages and the API."""

from __future__ import annotations

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from cxportal.lib.errors import violated_constraint
from cxportal.pages.access import Role, create_staff, ensure_roles
from profiles.models import Characteristic, ProductValue
from profiles.queries.products import search
from profiles.services import describing
from tests.factories.characteristics import characteristics, product_like
from tests.factories.profiles import ProductFactory
from tests.profiles.api import System, said

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house(now):
    ensure_roles()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def chairs():
    characteristics()
    light = product_like("Light chair", weight=900, use=["hiking", "camping"], folds=True)
    return light, product_like("Armchair", weight=12000, use="home", folds=False)


def browser(role: Role) -> Client:
    client = Client()
    client.force_login(create_staff(f"one-{role}", role, "a long enough word"))
    return client


def text(answer) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


# --- describing -----------------------------------------------------------------------------------


def test_a_value_is_replaced_taken_away_and_else_stays(chairs):
    light, _ = chairs
    describing.describe(product=light, values={"weight": "850 g", "folds": None})
    (one,) = search(text="Light", asked={}).products
    assert one.values == {"use": ["hiking", "camping"], "weight": 850}


@pytest.mark.parametrize(
    ("values", "error", "data"),
    [
        ({"depth": 3}, describing.CharacteristicUnknown, {"characteristic": "depth"}),
        ({"weight": "light"}, describing.ValueMalformed,
         {"characteristic": "weight", "reason": "not_a_number"}),
        ({"weight": 1, "use": ["diving"]}, describing.ValueMalformed,
         {"characteristic": "use", "reason": "not_a_choice"}),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_and_nothing_is_written(chairs, values, error, data):
    with pytest.raises(error) as refusal:
        describing.describe(product=chairs[0], values=values)
    assert refusal.value.data == data
    assert ProductValue.objects.get(product=chairs[0], characteristic__code="weight").number == 900


@pytest.mark.parametrize(
    ("code", "change", "constraint"),
    [
        ("weight", {"unit": "kg"}, "profiles_characteristic_type_stays"),
        ("weight", {"type": "choice", "choices": ["a"]}, "profiles_characteristic_type_stays"),
        ("weight", {"code": "Weight"}, "profiles_characteristic_code"),
        ("weight", {"code": "weight_at_most"}, "profiles_characteristic_code"),
        ("size", {"type": "date"}, "profiles_characteristic_type"),
        ("size", {"choices": []}, "profiles_characteristic_choices"),
        ("use", {"choices": ["home"]}, "profiles_characteristic_choice_stays"),
    ],
)
def test_the_database_refuses_a_characteristic_that_means_something_else(
    chairs, code, change, constraint
):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Characteristic.objects.filter(code=code).update(**change)
    assert violated_constraint(refusal.value) == constraint


def test_the_data_page_keeps_a_choice_that_products_have(chairs):
    use = Characteristic.objects.get(code="use")
    page = f"/data/profiles/characteristic/{use.pk}/change/"
    answer = browser(Role.MANAGER).post(page, {"name": "Use", "choices": "home,diving"})
    assert "Products have camping, hiking. Describe them otherwise first." in text(answer)
    assert Characteristic.objects.get(code="use").choices == ["hiking", "camping", "home"]


def test_the_database_refuses_a_value_of_two_sorts_or_none(chairs):
    weights = ProductValue.objects.filter(characteristic__code="weight")
    for change in ({"is_so": True}, {"number": None}, {"number": None, "chosen": []}):
        with (
            pytest.raises(IntegrityError, match="profiles_productvalue_one"),
            transaction.atomic(),
        ):
            weights.update(**change)
    one = weights.first()
    again = ProductValue(product=one.product, characteristic=one.characteristic, number=1)
    with pytest.raises(IntegrityError, match="profiles_productvalue_once"), transaction.atomic():
        ProductValue.objects.bulk_create([again])


# --- pages ----------------------------------------------------------------------------------------


def test_every_role_but_the_administrator_finds_products_and_managers_describe_them(chairs):
    light, _ = chairs
    for role in Role:
        staff = browser(role)
        status = 403 if role == Role.ADMINISTRATOR else 200
        assert staff.get("/products/").status_code == status
        assert staff.get(f"/products/{light.pk}/").status_code == status
        assert staff.get(f"/products/compare/?p={light.pk}").status_code == status
        if role != Role.MANAGER:
            assert staff.post(f"/products/{light.pk}/", {"weight": "1"}).status_code == 403
    assert ProductValue.objects.get(product=light, characteristic__code="weight").number == 900


def test_staff_find_a_light_chair_and_compare_it(chairs):
    staff = browser(Role.COUNTER)
    page = text(staff.get("/products/?weight_at_most=1000&use=hiking"))
    assert "Light chair" in page
    assert "folds up · use hiking, camping · weight 900 g" in page
    assert "Armchair" not in page
    light, armchair = chairs
    page = text(staff.get(f"/products/compare/?p={light.pk}&p={armchair.pk}"))
    assert "Weight12000 g900 g" in page
    assert "Folds upnoyes" in page


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?weight_at_most=heavy", 422, "Enter a number"),
        ("?use=diving", 422, "Select a valid choice"),
        ("?weight_at_most=1", 200, "No product is like this"),
        ("?category=None+such", 422, "Select a valid choice"),
    ],
)
def test_a_search_says_what_is_wrong_with_it_or_that_nothing_is_found(chairs, query, status, words):
    answer = browser(Role.MANAGER).get(f"/products/{query}")
    assert (answer.status_code, words in text(answer)) == (status, True)


def test_managers_describe_a_product_on_its_page(chairs):
    light, _ = chairs
    manager, page = browser(Role.MANAGER), f"/products/{light.pk}/"
    wrong = manager.post(page, {"weight": "very light", "use": ["home"]})
    assert wrong.status_code == 422
    assert "Write a number" in text(wrong)
    said_of = {"weight": "1.5 g", "use": ["hiking"], "size": "small", "folds": ""}
    assert manager.post(page, said_of).status_code == 302
    (one,) = search(text="Light", asked={}).products
    assert one.values == {"use": ["hiking"], "weight": 1.5, "size": "small"}


def test_the_list_costs_the_same_for_one_and_for_many(chairs):
    staff = browser(Role.MANAGER)

    def queries() -> int:
        with CaptureQueriesContext(connection) as statements:
            staff.get("/products/")
        return len(statements)

    queries()  # what is kept of the house is asked once
    few = queries()
    for n in range(5):
        product_like(f"Chair {n}", weight=n)
    assert queries() == few


# --- the API --------------------------------------------------------------------------------------


def test_a_shops_page_searches_with_a_key_that_may_do_nothing_else(chairs, now):
    shop = System("products:read", now=now)
    answer = shop.get("products/?weight_at_most=1000&folds=yes").json()
    assert answer == {
        "items": [
            {
                "code": "light-chair", "name": "Light chair", "category": "",
                "url": "https://shop.example.com/light-chair",
                "released_on": None,
                "characteristics": {"folds": True, "use": ["hiking", "camping"], "weight": 900},
            }
        ],
        "next": None,
    }  # fmt: skip
    assert shop.get("attributes/").status_code == 403
    assert shop.patch("products/light-chair/", {"characteristics": {}}).status_code == 403
    assert System("events", now=now).get("products/").status_code == 403


def test_the_api_names_what_can_be_asked_for(chairs, now):
    items = System("read", now=now).get("products/characteristics/").json()["items"]
    assert [(one["code"], one["filters"]) for one in items] == [
        ("folds", ["folds"]),
        ("size", ["size"]),
        ("use", ["use"]),
        ("weight", ["weight_at_least", "weight_at_most"]),
    ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?depth_at_most=3", "filter_unknown"),
        ("?weight_at_most=heavy", "filter_malformed"),
        ("?use=diving", "filter_malformed"),
        ("?cursor=%21", "cursor_malformed"),
        ("?limit=0", "invalid"),
    ],
)
def test_a_filter_that_cannot_be_asked_is_refused(chairs, now, query, code):
    assert said(System("read", now=now).get(f"products/{query}")) == (400, code)


def test_pages_of_the_api_follow_each_other(chairs, now):
    shop = System("read", now=now)
    first = shop.get("products/?limit=1").json()
    second = shop.get(f"products/?limit=1&cursor={first['next']}").json()
    assert [one["code"] for page in (first, second) for one in page["items"]] == [
        "armchair",
        "light-chair",
    ]
    assert second["next"] is None


def test_another_system_describes_a_product(chairs, now):
    shop = System("read", "write", now=now)
    answer = shop.patch(
        "products/armchair/", {"characteristics": {"size": "small", "weight": None}}
    )
    assert answer.json()["characteristics"] == {"folds": False, "size": "small", "use": ["home"]}
    refused = shop.patch("products/armchair/", {"characteristics": {"size": "huge"}})
    assert said(refused) == (409, "value_malformed")
    assert said(shop.get("products/none/")) == (404, "not_found")


def test_charges_are_no_products(chairs, now):
    ProductFactory(code="post", name="Postage", kind="charge")
    shop = System("read", now=now)
    assert said(shop.get("products/post/")) == (404, "not_found")
    assert shop.get("products/?q=Post").json()["items"] == []
