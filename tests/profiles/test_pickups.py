"""Orders ahead, stays and bookings: asked for once, moved as the rule says, bought when handed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from profiles.models import Customer, Pickup, PickupEvent, Purchase
from profiles.queries import pickups as queries
from profiles.rules.names import PickupKind
from profiles.services import pickups, recording
from profiles.services.pickups import Wish
from profiles.services.recording import Line
from tests.factories.profiles import (
    CustomerFactory,
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
    SourceFactory,
)
from tests.pages.tables import fingerprint

pytestmark = pytest.mark.django_db
VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture
def wish(now):
    return Wish(
        kind=PickupKind.ORDER,
        place=PlaceFactory(),
        starts_at=now + timedelta(hours=1),
        lines=[Line(ProductFactory(name="Large coffee"), Decimal(1), 420)],
    )


@pytest.fixture
def asked(wish, now):
    """Return everything of one request."""
    return {
        "source": SourceFactory(code="my-page", kind="page"),
        "external_id": "one",
        "profile": ProfileFactory(),
        "wish": wish,
        "by": "customer",
        "now": now,
    }


def history(pickup: Pickup) -> list[tuple[str, str]]:
    return list(pickup.events.order_by("pk").values_list("state", "actor"))


# --- asking ---------------------------------------------------------------------------------------


def test_a_request_is_kept_with_its_lines_and_a_row_of_history(asked, now):
    pickup = pickups.request(**asked)
    assert (pickup.state, pickup.customer) == ("requested", asked["profile"].customer)
    assert list(pickup.lines.values_list("product__name", "quantity", "unit_price_minor")) == [
        ("Large coffee", Decimal(1), 420)
    ]
    assert history(pickup) == [("requested", "customer")]


def test_the_same_again_returns_the_first_also_when_its_time_is_over(asked):
    first = pickups.request(**asked)
    again = pickups.request(**asked | {"now": asked["now"] + timedelta(hours=5)})
    assert (again.pk, Pickup.objects.count(), PickupEvent.objects.count()) == (first.pk, 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": timedelta(minutes=5)},
        {"wish": "with oat milk"},
        {"lines": [2]},
    ],
)
def test_another_content_under_the_same_number_is_refused(asked, change):
    pickups.request(**asked)
    wish = asked["wish"]
    new = {
        "starts_at": wish.starts_at + timedelta(minutes=5),
        "wish": "with oat milk",
        "lines": [replace(wish.lines[0], quantity=Decimal(2))],
    }
    before = fingerprint()
    with pytest.raises(pickups.PickupConflict):
        pickups.request(**asked | {"wish": replace(wish, **{name: new[name] for name in change})})
    assert fingerprint() == before


def test_the_number_of_somebody_else_is_refused(asked):
    pickups.request(**asked)
    with pytest.raises(pickups.PickupConflict):
        pickups.request(**asked | {"profile": ProfileFactory()})
    assert Pickup.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": -timedelta(minutes=1)}, "past"),
        ({"starts_at": timedelta(days=14, minutes=1)}, "too_far"),
        ({"lines": []}, "no_lines"),
        ({"kind": PickupKind.STAY}, "no_end"),
        ({"kind": PickupKind.BOOKING, "resource": "  "}, "no_resource"),
        ({"kind": PickupKind.BOOKING, "resource": "Ana", "ends_at": timedelta()}, "ends_before"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_nothing_is_stored(asked, change, code, now):
    times = {
        name: now + value if name == "starts_at" else asked["wish"].starts_at + value
        for name, value in change.items()
        if isinstance(value, timedelta)
    }
    before = fingerprint()
    with pytest.raises(pickups.RequestRefused) as refusal:
        pickups.request(**asked | {"wish": replace(asked["wish"], **change | times)})
    assert refusal.value.data == {"refusal": code}
    assert fingerprint() == before


def test_a_negative_quantity_is_refused(asked):
    lines = [replace(asked["wish"].lines[0], quantity=Decimal(-1))]
    with pytest.raises(recording.QuantityWrong):
        pickups.request(**asked | {"wish": replace(asked["wish"], lines=lines)})
    assert not Pickup.objects.exists()


def test_nobody_has_more_than_five_orders_coming(asked):
    first, *_ = [pickups.request(**asked | {"external_id": str(n)}) for n in range(5)]
    with pytest.raises(pickups.TooManyComing):
        pickups.request(**asked | {"external_id": "six"})
    assert Pickup.objects.count() == 5
    pickups.cancel(pickup_id=first.pk, by="customer", now=asked["now"])
    pickups.request(**asked | {"external_id": "six"})
    with pytest.raises(pickups.TooManyComing):
        pickups.take_back(pickup_id=first.pk, by="customer", now=asked["now"])
    assert Pickup.objects.get(pk=first.pk).state == "cancelled"


# --- what becomes of it ---------------------------------------------------------------------------


def test_handed_over_it_is_a_purchase_of_now_at_its_place(asked, now):
    pickup = pickups.request(**asked)
    later = now + timedelta(hours=1, minutes=2)
    pickups.mark_ready(pickup_id=pickup.pk, by="staff:1", now=later)
    given = pickups.hand_over(pickup_id=pickup.pk, by="staff:1", now=later)
    purchase = Purchase.objects.get()
    assert given.purchase == purchase
    assert (purchase.customer, purchase.place) == (pickup.customer, pickup.place)
    assert (purchase.occurred_at, purchase.external_id) == (later, f"pickup-{pickup.pk}")
    assert list(purchase.lines.values_list("product__name", "quantity", "unit_price_minor")) == [
        ("Large coffee", Decimal(1), 420)
    ]
    assert Customer.objects.get(pk=pickup.customer_id).habits_due
    assert history(pickup) == [
        ("requested", "customer"),
        ("ready", "staff:1"),
        ("handed_over", "staff:1"),
    ]


def test_handing_over_twice_is_once(asked, now):
    pickup = pickups.request(**asked)
    first = pickups.hand_over(pickup_id=pickup.pk, by="staff:1", now=now)
    before = fingerprint()
    again = pickups.hand_over(pickup_id=pickup.pk, by="staff:2", now=now + timedelta(hours=1))
    assert (again.purchase_id, fingerprint()) == (first.purchase_id, before)


def test_a_booking_without_lines_becomes_no_purchase(asked, now, wish):
    booking = replace(wish, kind=PickupKind.BOOKING, resource="Ana, massage", lines=[])
    pickup = pickups.request(**asked | {"wish": booking})
    pickups.hand_over(pickup_id=pickup.pk, by="staff:1", now=now)
    assert (Pickup.objects.get().state, Purchase.objects.count()) == ("handed_over", 0)


@pytest.mark.parametrize("deed", [pickups.mark_ready, pickups.cancel, pickups.take_back])
def test_what_was_handed_over_stays_so(asked, now, deed):
    pickup = pickups.request(**asked)
    pickups.hand_over(pickup_id=pickup.pk, by="staff:1", now=now)
    before = fingerprint()
    with pytest.raises(pickups.MoveRefused) as refusal:
        deed(pickup_id=pickup.pk, by="staff:1", now=now)
    assert refusal.value.message == (
        "That is no longer possible: it is handed over. Nothing was changed."
    )
    assert fingerprint() == before


def test_a_customer_cannot_cancel_what_is_made_and_staff_can(asked, now):
    pickup = pickups.request(**asked)
    pickups.mark_ready(pickup_id=pickup.pk, by="staff:1", now=now)
    with pytest.raises(pickups.MoveRefused) as refusal:
        pickups.cancel(pickup_id=pickup.pk, by="customer", now=now)
    assert refusal.value.data == {"refusal": "made_already", "pickup": pickup.pk}
    assert Pickup.objects.get().state == "ready"
    pickups.cancel(pickup_id=pickup.pk, by="staff:1", now=now)
    assert Pickup.objects.get().state == "cancelled"


def test_cancelled_comes_back_until_its_time_is_over(asked, now):
    pickup = pickups.request(**asked)
    pickups.cancel(pickup_id=pickup.pk, by="customer", now=now)
    pickups.cancel(pickup_id=pickup.pk, by="customer", now=now)
    assert pickups.take_back(pickup_id=pickup.pk, by="customer", now=now).state == "requested"
    assert history(pickup) == [
        ("requested", "customer"),
        ("cancelled", "customer"),
        ("requested", "customer"),
    ]
    pickups.cancel(pickup_id=pickup.pk, by="customer", now=now)
    with pytest.raises(pickups.MoveRefused) as refusal:
        pickups.take_back(pickup_id=pickup.pk, by="customer", now=now + timedelta(hours=2))
    assert refusal.value.data["refusal"] == "time_is_over"


def test_what_is_not_there_is_refused(now):
    with pytest.raises(pickups.PickupUnknown):
        pickups.cancel(pickup_id=1, by="customer", now=now)


def test_what_nobody_fetched_is_given_up_after_two_days(asked, now, wish):
    late = pickups.request(**asked)
    other = replace(wish, starts_at=now + timedelta(hours=3))
    kept = pickups.request(**asked | {"external_id": "two", "wish": other})
    stay = replace(wish, kind=PickupKind.STAY, ends_at=now + timedelta(days=9), lines=[])
    pickups.request(**asked | {"external_id": "three", "wish": stay})
    at = now + timedelta(days=2, hours=2)
    assert (pickups.lapse(now=at), pickups.lapse(now=at)) == (1, 0)
    assert history(late) == [("requested", "customer"), ("cancelled", "house")]
    assert Pickup.objects.get(pk=kept.pk).state == "requested"
    assert Pickup.objects.get(kind="stay").state == "requested"


# --- reading --------------------------------------------------------------------------------------


def test_a_store_lists_its_own_until_midnight_in_two_queries(
    asked, now, wish, django_assert_num_queries
):
    pickups.request(**asked)
    tomorrow = replace(wish, starts_at=now + timedelta(days=1))
    elsewhere = replace(wish, place=PlaceFactory(code="b", name="B"))
    evening = replace(wish, starts_at=now + timedelta(hours=9), wish="warm")
    for n, other in enumerate((tomorrow, elsewhere, evening)):
        pickups.request(**asked | {"external_id": str(n), "wish": other})
    with django_assert_num_queries(2):
        found = queries.coming_at(wish.place.pk, company_zone=VIENNA, now=now)
    assert [(one.starts_at, one.what, one.wish) for one in found] == [
        (wish.starts_at, "Large coffee", ""),
        (evening.starts_at, "Large coffee", "warm"),
    ]
    assert queries.count_at(wish.place.pk, zone=VIENNA, now=now) == 2


def test_earlier_stays_and_the_last_booking_come_in_two_queries(
    asked, now, wish, django_assert_num_queries
):
    profile = asked["profile"]
    for n, resource in enumerate(["Bea, massage", "Ana, massage", "Carla, sauna"]):
        booking = replace(
            wish,
            kind=PickupKind.BOOKING,
            resource=resource,
            starts_at=now - timedelta(days=30 - n),
            lines=[],
        )
        kept = pickups.request(**asked | {"external_id": f"b{n}", "wish": booking})
        if n < 2:
            pickups.hand_over(pickup_id=kept.pk, by="key:1", now=now)
    for n in range(7):
        start = now - timedelta(days=100 * (n + 1))
        stay = replace(
            wish,
            kind=PickupKind.STAY,
            starts_at=start,
            ends_at=start + timedelta(days=3),
            lines=[],
            wish=f"room {n}",
        )
        kept = pickups.request(**asked | {"external_id": f"s{n}", "wish": stay})
        pickups.hand_over(pickup_id=kept.pk, by="key:1", now=now)
    other = CustomerFactory()
    with django_assert_num_queries(2 + 1):  # one for the lines, of which there are none
        found = queries.before([profile.customer_id, other.pk], company_zone=VIENNA)
    had = found[profile.customer_id]
    assert [one.wish for one in had.stays] == ["room 0", "room 1", "room 2", "room 3", "room 4"]
    assert had.last_booking.resource == "Ana, massage"
    assert other.pk not in found


def test_the_usual_is_offered_where_when_and_for_what_it_was_taken(now):
    profile, coffee = ProfileFactory(), ProductFactory()
    web = PlaceFactory(code="web", name="Web", kind="web")
    for back, minute, price, place in [
        (1, 8, 430, PlaceFactory()),
        (2, 11, 420, PlaceFactory()),
        (3, 12, 420, PlaceFactory()),
        (4, 40, 400, web),
    ]:
        at = (now - timedelta(days=back)).replace(hour=6, minute=minute)
        bought = PurchaseFactory(origin_profile=profile, occurred_at=at, place=place)
        PurchaseLineFactory(purchase=bought, product=coffee, unit_price_minor=price)
    found = queries.usual_orders(profile.customer_id, [coffee.pk], company_zone=VIENNA, now=now)
    assert found == {coffee.pk: queries.UsualOrder(coffee.pk, PlaceFactory().pk, time(7, 10), 430)}
