"""Purchases and touchpoints over the API: once by number, never more back than was bought, in pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.models import Product, Purchase, Touchpoint
from profiles.services import consenting
from tests.factories.profiles import (
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseLineFactory,
)
from tests.profiles.api import System, at, rows, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def profile():
    PlaceFactory()
    ProductFactory(code="latte", name="Latte")
    return ProfileFactory()


ORDER = {
    "number": "O-7",
    "place": "main-street",
    "occurred_at": "2026-03-09T07:10:00Z",
    "lines": [
        {"product": "latte", "quantity": "2", "unit_price_minor": 420},
        {"product": "bun", "name": "Bun", "category": "Bakery", "unit_price_minor": 150},
    ],
}
BACK = {
    "number": "R-1",
    "purchase": "O-7",
    "occurred_at": "2026-03-10T06:00:00Z",
    "lines": [{"product": "latte", "quantity": "1"}],
}


def test_a_purchase_is_recorded_once_and_adds_what_the_catalogue_lacks(shop, profile):
    first = shop.post(at(profile, "purchases/"), ORDER)
    assert first.status_code == 201
    answer = first.json()
    assert (answer["source"], answer["number"], answer["place"], answer["occurred_at"]) == (
        "till",
        "O-7",
        "main-street",
        "2026-03-09T07:10:00Z",
    )
    assert answer["lines"] == [
        {"product": "latte", "name": "Latte", "quantity": "2.000", "unit_price_minor": 420},
        {"product": "bun", "name": "Bun", "quantity": "1.000", "unit_price_minor": 150},
    ]
    assert shop.post(at(profile, "purchases/"), ORDER).json() == answer
    assert Purchase.objects.count() == 1
    assert Product.objects.get(code="bun").category.name == "Bakery"


def test_the_same_number_with_other_lines_changes_nothing(shop, profile):
    shop.post(at(profile, "purchases/"), ORDER)
    before = rows()
    other = ORDER | {"lines": [{"product": "new", "unit_price_minor": 1}]}
    assert said(shop.post(at(profile, "purchases/"), other)) == (409, "purchase_conflict")
    assert rows() == before


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lines": []}, 400, "invalid"),
        (
            {"lines": [{"product": "latte", "quantity": "0", "unit_price_minor": 1}]},
            409,
            "quantity_wrong",
        ),
        (
            {"lines": [{"product": "latte", "quantity": "-1", "unit_price_minor": 1}]},
            400,
            "invalid",
        ),
        (
            {"lines": [{"product": "latte", "quantity": "NaN", "unit_price_minor": 1}]},
            400,
            "invalid",
        ),
        ({"place": "nowhere"}, 409, "place_unknown"),
        ({"occurred_at": "2026-04-01T00:00:00Z"}, 400, "invalid"),
        ({"occurred_at": "2026-13-01"}, 400, "invalid"),
        ({"number": ""}, 400, "invalid"),
    ],
)
def test_what_is_no_purchase_is_said_and_nothing_is_stored(shop, profile, change, status, code):
    before = rows()
    assert said(shop.post(at(profile, "purchases/"), ORDER | change)) == (status, code)
    assert rows() == before


def test_a_part_goes_back_at_the_price_paid_once(shop, profile):
    shop.post(at(profile, "purchases/"), ORDER)
    back = shop.post(at(profile, "returns/"), BACK)
    assert back.status_code == 201
    assert back.json()["lines"] == [
        {"product": "latte", "name": "Latte", "quantity": "-1.000", "unit_price_minor": 420}
    ]
    assert shop.post(at(profile, "returns/"), BACK).json() == back.json()
    assert Purchase.objects.count() == 2


def test_without_lines_all_that_is_left_goes_back(shop, profile):
    shop.post(at(profile, "purchases/"), ORDER)
    shop.post(at(profile, "returns/"), BACK)
    rest = {**BACK, "number": "R-2"}
    del rest["lines"]
    lines = shop.post(at(profile, "returns/"), rest).json()["lines"]
    assert [(one["product"], one["quantity"]) for one in lines] == [
        ("latte", "-1.000"),
        ("bun", "-1.000"),
    ]
    before = rows()
    assert said(shop.post(at(profile, "returns/"), BACK | {"number": "R-3"})) == (
        409,
        "return_refused",
    )
    assert rows() == before


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lines": [{"product": "latte", "quantity": "3"}]}, 409, "return_refused"),
        ({"lines": [{"product": "mocha"}]}, 409, "return_refused"),
        ({"lines": [{"product": "latte", "quantity": "0"}]}, 409, "quantity_wrong"),
        ({"purchase": "O-8"}, 409, "purchase_unknown"),
        ({"number": ""}, 400, "invalid"),
    ],
)
def test_more_than_was_bought_does_not_go_back(shop, profile, change, status, code):
    shop.post(at(profile, "purchases/"), ORDER)
    before = rows()
    assert said(shop.post(at(profile, "returns/"), BACK | change)) == (status, code)
    assert rows() == before


def test_a_return_under_a_used_number_with_other_lines_is_refused(shop, profile):
    shop.post(at(profile, "purchases/"), ORDER)
    shop.post(at(profile, "returns/"), BACK)
    before = rows()
    other = BACK | {"lines": [{"product": "bun"}]}
    assert said(shop.post(at(profile, "returns/"), other)) == (409, "return_conflict")
    assert rows() == before


def bought(profile, count, now):
    for n in range(count):
        # Two at each instant: the key tells them apart.
        PurchaseLineFactory(
            purchase__origin_profile=profile,
            purchase__external_id=f"P{n}",
            purchase__occurred_at=now - timedelta(hours=n // 2),
        )


def test_pages_follow_each_other_without_a_gap(shop, profile, now):
    bought(profile, 5, now)
    numbers, cursor = [], ""
    for _ in range(3):
        page = shop.get(at(profile, f"purchases/?limit=2{cursor}")).json()
        numbers += [one["number"] for one in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert numbers == ["P1", "P0", "P3", "P2", "P4"]
    assert page["next"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid"),
        ("limit=201", "invalid"),
        ("limit=x", "invalid"),
        ("cursor=x", "cursor_malformed"),
        ("cursor=%C3%BC", "cursor_malformed"),
        ("cursor=MS5yb3cuOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor_malformed"),
    ],
)
def test_a_page_that_is_none_is_refused(shop, profile, query, code):
    for path in ("purchases/", "touchpoints/", "timeline/"):
        assert said(shop.get(at(profile, f"{path}?{query}"))) == (400, code)


def test_a_page_costs_the_same_number_of_queries(shop, profile, now, django_assert_num_queries):
    bought(profile, 1, now)
    shop.get("attributes/")  # writes down that the key is used
    # the key, the customer, purchases, lines, the record
    with django_assert_num_queries(6):
        shop.get(at(profile, "purchases/"))
    for n in range(4):
        PurchaseLineFactory(purchase__origin_profile=profile, purchase__external_id=f"Q{n}")
    with django_assert_num_queries(6):
        shop.get(at(profile, "purchases/"))


# --- touchpoints ----------------------------------------------------------------------------------

CALL = {
    "kind": "call",
    "name": "About the delivery",
    "data": {"minutes": 4, "room": {"latitude": 47.1}},
    "origin_url": "https://calls.example.com/9",
    "place": "main-street",
    "occurred_at": "2026-03-09T07:10:00Z",
}


def test_where_somebody_was_is_left_out_without_consent(shop, profile):
    kept = shop.post(at(profile, "touchpoints/"), CALL)
    assert kept.status_code == 201
    answer = kept.json()
    assert (answer["kind"], answer["place"], answer["data"]) == (
        "call",
        None,
        {"minutes": 4, "room": {}},
    )
    before = rows()
    about = CALL | {"name": "Geofence Entered"}
    assert said(shop.post(at(profile, "touchpoints/"), about)) == (409, "location_needs_consent")
    assert rows() == before


def test_with_consent_it_is_kept(shop, profile, now):
    wording = consenting.publish_wording(purpose="location", language="en", text="Find me.")
    consenting.grant(
        customer=profile.customer,
        purpose="location",
        channel="none",
        wording=wording,
        door="page",
        actor="customer",
        occurred_at=now,
    )
    answer = shop.post(at(profile, "touchpoints/"), CALL).json()
    assert (answer["place"], answer["data"]) == ("main-street", CALL["data"])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "identify"},
        {"data": [1]},
        {"origin_url": "javascript:alert(1)"},
        {"name": "x" * 201},
        {"occurred_at": "9999-12-31T23:59:59Z"},
    ],
)
def test_what_is_no_touchpoint_is_refused(shop, profile, change):
    assert said(shop.post(at(profile, "touchpoints/"), CALL | change)) == (400, "invalid")
    assert not Touchpoint.objects.exists()


def test_touchpoints_are_narrowed_by_kind_source_and_time(shop, profile):
    shop.post(at(profile, "touchpoints/"), CALL)
    shop.post(
        at(profile, "touchpoints/"), CALL | {"kind": "visit", "occurred_at": "2026-03-01T07:00:00Z"}
    )
    for query, kinds in {
        "": ["call", "visit"],
        "?kind=visit": ["visit"],
        "?source=crm": [],
        "?source=till&since=2026-03-02T00:00:00Z": ["call"],
        "?until=2026-03-02T00:00:00Z": ["visit"],
    }.items():
        items = shop.get(at(profile, f"touchpoints/{query}")).json()["items"]
        assert [one["kind"] for one in items] == kinds, query


def test_everything_stands_in_one_timeline(shop, profile):
    shop.post(at(profile, "purchases/"), ORDER)
    shop.post(at(profile, "touchpoints/"), CALL | {"occurred_at": "2026-03-01T07:00:00Z"})
    first = shop.get(at(profile, "timeline/?limit=1")).json()
    assert first["items"] == [
        {
            "kind": "purchase",
            "occurred_at": "2026-03-09T07:10:00Z",
            "source": "Till",
            "title": "Bought Latte, Bun, Main Street",
            "text": "9.90 EUR",
        }
    ]
    second = shop.get(at(profile, f"timeline/?limit=1&cursor={first['next']}")).json()
    assert [one["title"] for one in second["items"]] == ["Called: About the delivery"]
    assert second["next"] is None
    assert said(shop.get(at(profile, "timeline/?kind=none"))) == (400, "invalid")


def test_only_who_may_write_writes(profile, now):
    system = System("read", now=now)
    before = rows()
    for path in ("purchases/", "returns/", "touchpoints/"):
        assert system.post(at(profile, path), {}).status_code == 403
    assert rows() == before
