"""Events become people, facts, purchases and a timeline; what cannot be worked off is parked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from profiles.models import (
    Company,
    Customer,
    FactValue,
    Identifier,
    InboundEvent,
    Product,
    Profile,
    ProfileEdge,
    Purchase,
    PurchaseLine,
    Touchpoint,
)
from profiles.services import merging, parking, processing
from profiles.services.processing import Worked
from tests.factories.profiles import PlaceFactory, ProductFactory, SourceFactory
from tests.profiles.events import bring, take, track

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return SourceFactory(code="shop", kind="api")


def identify(number: int, **more):
    return track(number, type="identify", **more)


def parked():
    rows = InboundEvent.objects.exclude(reason="").order_by("pk")
    return list(rows.values_list("message_id", "reason", "detail"))


# --- people ---------------------------------------------------------------------------------------


def test_an_event_stands_in_the_timeline_of_whose_it_is(now, shop):
    event = track(
        anonymousId="a1",
        properties={"plan": "gold", "url": "https://u:p@shop.example.com/x?token=1#y"},
        context={"device": {"id": "d1"}, "traits": {"email": "Jane@Example.com"}},
    )
    assert bring(now, shop, event) == Worked(done=1)
    touchpoint = Touchpoint.objects.get()
    assert (touchpoint.kind, touchpoint.name, touchpoint.source) == ("track", "Opened", shop)
    assert touchpoint.data["plan"] == "gold"
    assert touchpoint.origin_url == "https://shop.example.com/x"
    assert touchpoint.occurred_at == datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
    assert touchpoint.recorded_at == now
    profile = Profile.objects.get()
    assert (touchpoint.origin_profile, touchpoint.customer) == (profile, profile.customer)
    held = Identifier.objects.order_by("kind").values_list("kind", "scope", "value")
    assert list(held) == [
        ("anonymous", "shop", "a1"),
        ("device", "", "d1"),
        ("email", "", "jane@example.com"),
    ]
    assert InboundEvent.objects.count() == 0


def test_identify_tells_name_address_and_facts_and_the_timeline_only_which(now, shop):
    traits = {"firstName": "Zoë", "lastName": "Ünlü 😀", "email": "z@example.com",
              "phone": "+43 1 5123456", "ownsCar": "yes", "losing_weight": True, "nickname": "Z",
              "birthday": None}  # fmt: skip
    assert bring(now, shop, identify(1, traits=traits)) == Worked(done=1)
    customer = Customer.objects.get()
    assert (customer.name, customer.search_name) == ("Zoë Ünlü 😀", "zoe unlu")
    assert set(Identifier.objects.values_list("kind", "value")) == {
        ("email", "z@example.com"),
        ("phone", "+4315123456"),
    }
    fact = FactValue.objects.get()
    assert (fact.attribute.code, fact.value, fact.manner) == ("owns_car", True, "told")
    assert (fact.actor, fact.source, fact.customer) == ("api:shop", shop, customer)
    assert Touchpoint.objects.get().data == {
        "traits": sorted(traits),
        "not_kept": {"losing_weight": "special_needs_consent"},
    }


def test_a_name_that_somebody_wrote_is_not_overwritten(now, shop):
    bring(now, shop, identify(1, traits={"name": "Jane"}))
    bring(now, shop, identify(2, traits={"name": "JANE X"}))
    assert Customer.objects.get().name == "Jane"


def test_traits_in_the_context_are_traits_too(now, shop):
    bring(now, shop, identify(1, traits=None, context={"traits": {"name": "Mira"}}))
    assert Customer.objects.get().name == "Mira"


def test_a_visitor_becomes_the_customer_they_log_in_as(now, shop):
    bring(now, shop, track(1, userId=None, anonymousId="a1"))
    bring(now, shop, track(2, anonymousId="a1"))
    assert Customer.objects.filter(merged_into=None).count() == 1
    assert {each.customer for each in Touchpoint.objects.all()} == {
        Customer.objects.get(merged_into=None)
    }


def test_an_alias_joins_two_numbers_of_a_source_by_its_own_rule(now, shop):
    bring(now, shop, track(1, userId="old"), track(2, userId="new"))
    alias = track(3, type="alias", userId="new", previousId="old")
    assert bring(now, shop, alias) == Worked(done=1)
    edge = ProfileEdge.objects.get()
    assert (edge.rule, edge.actor) == ("alias", "events")
    assert Customer.objects.filter(merged_into=None).count() == 1
    assert Touchpoint.objects.filter(name="alias", kind="identify").count() == 1


def test_an_alias_of_a_visitor_makes_them_known(now, shop):
    bring(now, shop, track(1, userId=None, anonymousId="a1"))
    bring(now, shop, track(2, type="alias", userId="u1", previousId="a1"))
    assert Customer.objects.filter(merged_into=None).count() == 1


def test_an_alias_of_two_who_are_not_the_same_is_parked(now, shop):
    bring(now, shop, track(1, userId="old"), track(2, userId="new"))
    one, other = Profile.objects.order_by("pk")
    merging.keep_apart(one=one, other=other, by="staff:1", now=now)
    alias = track(3, type="alias", userId="new", previousId="old")
    assert bring(now, shop, alias) == Worked(parked=1)
    assert parked() == [("m3", "kept_apart", "previousId")]
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert Touchpoint.objects.count() == 2


# --- time -----------------------------------------------------------------------------------------

TIMES = [
    ({}, "2026-03-10T06:00:00+00:00"),
    ({"timestamp": None}, "2026-03-10T06:05:00+00:00"),
    ({"timestamp": "2026-03-10T08:00:00+02:00"}, "2026-03-10T06:00:00+00:00"),
    ({"timestamp": "2026-03-10T06:00:00"}, "2026-03-10T06:00:00+00:00"),
    ({"timestamp": 1773122400}, "2026-03-10T06:00:00+00:00"),
    ({"timestamp": 1773122400000}, "2026-03-10T06:00:00+00:00"),
    # a clock that is two hours ahead, and one that stands in 1970
    ({"timestamp": "2026-03-10T08:00:00Z", "sentAt": "2026-03-10T08:01:00Z"}, "2026-03-10T06:04:00+00:00"),
    ({"timestamp": "1970-01-01T00:00:00Z", "sentAt": "1970-01-01T00:01:00Z"}, "2026-03-10T06:04:00+00:00"),
    ({"originalTimestamp": "2026-03-10T05:00:00Z", "timestamp": "2026-03-10T05:59Z"}, "2026-03-10T05:00:00+00:00"),
    ({"timestamp": "2026-03-10T09:00:00Z"}, "2026-03-10T06:05:00+00:00"),
    ({"timestamp": "2026-03-10T06:00:00Z", "sentAt": "never"}, "2026-03-10T06:00:00+00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), TIMES)
def test_the_time_is_by_our_clock(now, shop, said, expected):
    bring(now, shop, track(1, **said))
    assert Touchpoint.objects.get().occurred_at.isoformat() == expected


BAD = [
    ({"timestamp": "0001-01-01T00:00:00Z"}, "time_impossible", "timestamp"),
    ({"timestamp": "9999-12-31T23:59:59-12:00"}, "time_unreadable", "timestamp"),
    ({"timestamp": "9999-12-31T23:59:59Z"}, "time_impossible", "timestamp"),
    ({"timestamp": "9999-12-31T23:00:00Z", "sentAt": "2020-01-01"}, "time_impossible", "timestamp"),
    ({"timestamp": "2026-03-12T06:05:00Z"}, "time_impossible", "timestamp"),
    ({"timestamp": "soon"}, "time_unreadable", "timestamp"),
    ({"timestamp": 1e300}, "time_unreadable", "timestamp"),
    ({"type": "feel"}, "type_unknown", "type"),
    ({"type": None}, "type_unknown", "type"),
    ({"event": ""}, "name_missing", "event"),
    ({"event": {"a": 1}}, "name_missing", "event"),
    ({"userId": None}, "nobody", "userId, anonymousId"),
    ({"userId": "null"}, "nobody", "userId, anonymousId"),
    ({"userId": "x" * 10_000}, "id_too_long", "userId"),
    ({"userId": ["u1"]}, "id_unreadable", "userId"),
    ({"userId": "u\ufffd"}, "id_unreadable", "userId"),
    ({"type": "alias"}, "previous_missing", "previousId"),
]


@pytest.mark.parametrize(("said", "reason", "detail"), BAD)
def test_what_cannot_be_taken_is_parked_alone(now, shop, said, reason, detail):
    good, other = track(8, userId="g"), track(9, userId="g")
    assert bring(now, shop, good, track(1, **said), other) == Worked(done=2, parked=1)
    assert parked() == [("m1", reason, detail)]
    assert Touchpoint.objects.count() == 2


STRANGE = [
    "مرحبا بالعالم", "👩‍👩‍👧‍👦 family", "Z̷̢̛a̶l̷g̸o̵", "O'Brien; DROP TABLE x; --", "{{7*7}}",
    "=cmd|calc!A0", "\u202eevil",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_are_kept_as_they_are(now, shop, name):
    assert bring(now, shop, track(1, event=name), identify(2, traits={"name": name})) == Worked(2)
    assert Touchpoint.objects.get(kind="track").name == name
    assert Customer.objects.get().name == name


# --- shops ----------------------------------------------------------------------------------------


def order(number: int = 1, **more):
    properties = {
        "order_id": "o-77",
        "currency": "EUR",
        "affiliation": "main street",
        "products": [
            {"product_id": "p1", "sku": "S1", "name": "Coffee", "price": 4.1, "quantity": 2},
            {"sku": "tea", "price": "3.505", "category": "Tea"},
        ],
    } | more.pop("properties", {})
    return track(number, event="Order Completed", properties=properties, **more)


def refund(number: int, **properties):
    return track(number, event="Order Refunded", properties={"order_id": "o-77"} | properties)


def lines(purchase: Purchase):
    rows = PurchaseLine.objects.filter(purchase=purchase).order_by("pk")
    return list(rows.values_list("product__code", "quantity", "unit_price_minor"))


def test_an_order_becomes_a_purchase_and_no_second_line_of_the_timeline(now, shop):
    main_street = PlaceFactory()
    ProductFactory(code="S1")
    assert bring(now, shop, order()) == Worked(done=1)
    purchase = Purchase.objects.get()
    assert (purchase.source, purchase.external_id, purchase.place) == (shop, "o-77", main_street)
    assert purchase.customer == Customer.objects.get()
    assert purchase.customer.habits_due
    assert lines(purchase) == [("S1", Decimal(2), 410), ("tea", Decimal(1), 351)]
    assert Product.objects.get(code="tea").category.name == "Tea"
    assert Touchpoint.objects.count() == 0


def test_an_order_reported_by_page_and_server_is_one(now, shop):
    again = order(2, timestamp="2026-03-10T06:01:00Z", userId=None, anonymousId="a1")
    assert bring(now, shop, order(1), again) == Worked(done=2)
    assert bring(now, shop, order(3)) == Worked(done=1)
    assert Purchase.objects.count() == 1
    assert PurchaseLine.objects.count() == 2


def test_an_order_with_other_lines_under_the_same_number_is_parked(now, shop):
    bring(now, shop, order(1))
    other = order(2, properties={"products": [{"sku": "tea", "price": 1}]})
    assert bring(now, shop, other) == Worked(parked=1)
    assert parked() == [("m2", "order_conflict", "order_id")]
    assert PurchaseLine.objects.count() == 2


BAD_ORDERS = [
    ({"order_id": None}, "order_incomplete", "order_id"),
    ({"order_id": "x" * 151}, "id_too_long", "order_id"),
    ({"currency": "USD"}, "other_currency", "currency"),
    ({"products": []}, "order_incomplete", "products"),
    ({"products": ["tea"]}, "order_incomplete", "products.product_id"),
    ({"products": [{"sku": "tea"}]}, "order_incomplete", "products.price"),
    ({"products": [{"sku": "t", "price": 1, "quantity": 0}]}, "order_incomplete", "products.quantity"),
    ({"products": [{"sku": "t", "price": 1, "quantity": -1}]}, "order_incomplete", "products.quantity"),
    ({"products": [{"sku": "t", "price": 1e308}]}, "order_incomplete", "products.price"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "reason", "detail"), BAD_ORDERS)
def test_an_order_that_cannot_be_recorded_is_parked(now, shop, said, reason, detail):
    assert bring(now, shop, track(8), order(1, properties=said)) == Worked(done=1, parked=1)
    assert parked() == [("m1", reason, detail)]
    assert Purchase.objects.count() == 0


def test_prices_are_read_in_the_companys_currency(now, shop):
    Company.objects.update_or_create(id=1, defaults={"currency": "JPY"})
    bring(
        now, shop, order(properties={"currency": "jpy", "products": [{"sku": "t", "price": 1200}]})
    )
    assert lines(Purchase.objects.get()) == [("t", Decimal(1), 1200)]


def test_a_refund_of_a_part_and_then_of_the_rest(now, shop):
    part = refund(2, products=[{"product_id": "p1", "quantity": 1}])
    assert bring(now, shop, order(1), part) == Worked(done=2)
    assert bring(now, shop, refund(3)) == Worked(done=1)
    _, first, rest = Purchase.objects.order_by("pk")
    assert lines(first) == [("p1", Decimal(-1), 410)]
    assert sorted(lines(rest)) == [("p1", Decimal(-1), 410), ("tea", Decimal(-1), 351)]
    assert bring(now, shop, refund(4)) == Worked(parked=1)
    assert parked() == [("m4", "order_conflict", "products")]


def test_more_than_was_bought_cannot_be_refunded(now, shop):
    much = refund(2, products=[{"product_id": "p1", "price": 4.1, "quantity": 3}])
    assert bring(now, shop, order(1), much) == Worked(done=1, parked=1)
    assert Purchase.objects.count() == 1


def test_a_refund_that_comes_before_its_order_waits_for_it(now, shop):
    assert bring(now, shop, refund(2)) == Worked(parked=1)
    assert parked() == [("m2", "order_unknown", "order_id")]
    assert bring(now, shop, order(1)) == Worked(done=1)
    assert processing.process_waiting(now=now) == Worked(done=1)
    assert PurchaseLine.objects.filter(quantity__lt=0).count() == 2


def test_a_product_that_was_looked_at_is_named_by_the_catalogues_code(now, shop):
    ProductFactory(code="S1")
    viewed = track(1, event="Product Viewed", properties={"product_id": "p1", "sku": "S1"})
    unknown = track(2, event="Product Added", properties={"product_id": 7, "quantity": 1})
    bring(now, shop, viewed, unknown)
    codes = Touchpoint.objects.order_by("pk").values_list("name", "data__product")
    assert list(codes) == [("Product Viewed", "S1"), ("Product Added", "7")]
    assert Product.objects.count() == 1


# --- the queue ------------------------------------------------------------------------------------


def test_an_event_that_breaks_its_batch_stops_no_other(now, shop):
    take(now, shop, *(track(n, userId=f"u{n}") for n in range(9)))
    # No door lets such a row in; an older version may have.
    broken = InboundEvent.objects.create(
        source=shop, message_id="broken", payload=["no event"], received_at=now
    )
    take(now, shop, *(track(n, userId=f"u{n}") for n in range(9, 20)))
    assert processing.process_waiting(now=now) == Worked(done=20, parked=1)
    assert parked() == [("broken", "failed", "AttributeError")]
    assert Touchpoint.objects.count() == 20
    assert InboundEvent.objects.get() == broken


def test_a_parked_event_is_replayed_after_a_fix(now, shop, admin_user):
    event = order(1, properties={"currency": "USD"})
    bring(now, shop, event)
    Company.objects.update_or_create(id=1, defaults={"currency": "USD"})
    ids = list(InboundEvent.objects.values_list("pk", flat=True))
    assert parking.replay(ids=ids, by=admin_user, now=now) == 1
    assert processing.process_waiting(now=now) == Worked(done=1)
    assert Purchase.objects.count() == 1
    with pytest.raises(parking.NotParked):
        parking.replay(ids=ids, by=admin_user, now=now)


def test_a_dropped_event_does_not_come_back(now, shop, admin_user):
    take(now, shop, 7, track(1))
    bad = InboundEvent.objects.exclude(reason="").get()
    waiting = InboundEvent.objects.get(reason="")
    assert parking.drop(ids=[bad.pk, waiting.pk], by=admin_user, now=now) == 1
    assert InboundEvent.objects.get() == waiting
    with pytest.raises(parking.NotParked):
        parking.drop(ids=[bad.pk], by=admin_user, now=now)


def test_nothing_waits_nothing_is_done(now):
    assert not processing.process_waiting(now=now)


def test_a_batch_costs_as_many_statements_as_one(now, shop, django_assert_max_num_queries):
    take(now, shop, *(track(n, userId=f"u{n % 50}") for n in range(300)))
    with django_assert_max_num_queries(40):
        assert processing.process_waiting(now=now).done == 300
    take(now, shop, *(track(n, userId=f"u{n % 50}") for n in range(300, 600)))
    with django_assert_max_num_queries(25):
        assert processing.process_waiting(now=now + timedelta(minutes=1)).done == 300
