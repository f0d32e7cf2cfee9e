"""What customers are in the middle of: for minutes, by their own events, and at places only with consent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.models import ConsentEntry, FreshTouch, ProductCompanion, Touchpoint
from profiles.queries import at_hand
from profiles.rules.at_hand import VALID
from profiles.rules.names import Channel, ConsentState, Purpose, TouchpointKind
from profiles.services import fresh_touches, touching
from profiles.services.touching import Touch
from tests.factories.campaigns import wording
from tests.factories.profiles import (
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(now):
    profile = ProfileFactory()
    say(profile, ConsentState.GRANTED, now - timedelta(days=9))
    return profile


def say(profile, state: ConsentState, at) -> None:
    ConsentEntry.objects.create(
        customer=profile.customer,
        origin_profile=profile,
        purpose=Purpose.LOCATION,
        channel=Channel.NONE,
        state=state,
        occurred_at=at,
        door="page",
        actor="customer",
        wording=wording(Purpose.LOCATION),
    )


def touch(profile, at, *, kind="visit", name="", place=None, **data) -> Touchpoint:
    return touching.record_touchpoint(
        source=SourceFactory(),
        profile=profile,
        touch=Touch(TouchpointKind(kind), name, data, at, place=place),
        now=at,
    )


def test_a_visit_lasts_for_minutes(ann, now):
    touch(ann, now, place=PlaceFactory(time_zone="Europe/Vienna"))
    found = at_hand.visits([ann.customer_id], now)
    assert found.subject_id.tolist() == [PlaceFactory().pk]
    assert found.cycle.tolist() == [now.date()]
    assert found.facts["place"].tolist() == ["Main Street"]
    assert found.facts["at"].tolist() == ["07:05"]
    assert len(at_hand.arrivals([ann.customer_id], now)) == 0
    asked = (found.customer_id, found.subject_id, found.cycle)
    ended = at_hand.over(at_hand.visits)
    last = now + VALID - timedelta(seconds=1)
    assert ended(*asked, last).tolist() == [""]
    assert ended(*asked, now + VALID).tolist() == ["too_late"]


def test_an_arrival_ends_with_the_exit(ann, now):
    touch(ann, now, kind="track", name="Geofence Entered", place=PlaceFactory())
    assert len(at_hand.arrivals([ann.customer_id], now)) == 1
    assert len(at_hand.visits([ann.customer_id], now)) == 0
    later = now + timedelta(minutes=4)
    touch(ann, later, kind="track", name="Geofence Exited", place=PlaceFactory())
    assert len(at_hand.arrivals([ann.customer_id], later)) == 0


def test_a_no_to_location_between_event_and_decision_wins(ann, now):
    touch(ann, now, place=PlaceFactory())
    say(ann, ConsentState.WITHDRAWN, now + timedelta(minutes=1))
    assert len(at_hand.visits([ann.customer_id], now + timedelta(minutes=2))) == 0


def test_without_consent_there_is_no_place_and_nothing_to_decide(now):
    profile = ProfileFactory()
    assert touch(profile, now, place=PlaceFactory()).place is None
    assert not FreshTouch.objects.exists()
    assert len(at_hand.visits([profile.customer_id], now)) == 0


def put(profile, at, product, name="Product Added"):
    return touch(profile, at, kind="track", name=name, product=product.code)


def test_a_basket_holds_what_was_put_in_and_not_taken_out(ann, now):
    lettuce, mayonnaise = ProductFactory(name="Lettuce"), ProductFactory(name="Mayonnaise")
    put(ann, now - timedelta(minutes=3), lettuce)
    put(ann, now - timedelta(minutes=2), mayonnaise)
    found = at_hand.baskets([ann.customer_id], now)
    assert found.facts["basket"].tolist() == [["Mayonnaise", "Lettuce"]]
    put(ann, now - timedelta(minutes=1), mayonnaise, "Product Removed")
    found = at_hand.baskets([ann.customer_id], now)
    assert found.facts["basket"].tolist() == [["Lettuce"]]
    put(ann, now, lettuce, "Product Removed")
    assert len(at_hand.baskets([ann.customer_id], now)) == 0


def test_a_basket_is_about_what_goes_with_it(ann, now):
    lettuce, mayonnaise = ProductFactory(name="Lettuce"), ProductFactory(name="Mayonnaise")
    chicken, bag = ProductFactory(name="Chicken"), ProductFactory(name="Bag")
    for product, companion, together, score in (
        (lettuce, chicken, 41, 0.3),
        (lettuce, bag, 90, 0.2),
        (mayonnaise, chicken, 20, 0.3),
        (lettuce, mayonnaise, 99, 0.9),
    ):
        ProductCompanion.objects.create(
            product=product, companion=companion, together=together, baskets=300, score=score
        )
    put(ann, now - timedelta(minutes=3), lettuce)
    put(ann, now - timedelta(minutes=2), mayonnaise)
    found = at_hand.baskets([ann.customer_id], now)
    assert found.subject_id.tolist() == [chicken.pk, bag.pk]
    assert found.likelihood.tolist() == pytest.approx([41 / 300, 90 / 300])
    assert {name: column[0] for name, column in found.facts.items()} == {
        "basket": ["Mayonnaise", "Lettuce"],
        "companion": "Chicken",
        "beside": "Lettuce",
        "together": 41,
        "baskets": 300,
    }
    put(ann, now, chicken)
    assert at_hand.baskets([ann.customer_id], now).subject_id.tolist() == [bag.pk]


def test_an_order_empties_the_basket(ann, now):
    put(ann, now - timedelta(minutes=3), ProductFactory())
    PurchaseFactory(origin_profile=ann, occurred_at=now - timedelta(minutes=1))
    assert len(at_hand.baskets([ann.customer_id], now)) == 0
    put(ann, now, ProductFactory(name="Chicken"))
    found = at_hand.baskets([ann.customer_id], now)
    assert found.facts["basket"].tolist() == [["Chicken"]]


def test_what_is_at_hand_is_queued_and_what_is_old_or_else_is_not(ann, now):
    fresh = touch(ann, now, place=PlaceFactory())
    touch(ann, now, kind="page", name="Beans")
    touching.record_touchpoint(
        source=SourceFactory(),
        profile=ann,
        touch=Touch(TouchpointKind.VISIT, "", {}, now - timedelta(hours=2), place=PlaceFactory()),
        now=now,
    )
    assert list(FreshTouch.objects.values_list("pk", flat=True)) == [fresh.pk]


def test_each_customer_is_handed_out_once(ann, now):
    for minute in range(3):
        touch(ann, now + timedelta(minutes=minute), place=PlaceFactory())
    assert fresh_touches.take(most=2) == (2, [ann.customer_id])
    assert fresh_touches.take(most=2) == (1, [ann.customer_id])
    assert fresh_touches.take(most=2) == (0, [])
