"""Events are taken once for good; what cannot be taken is parked beside the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.models import EventKey, InboundEvent, Touchpoint
from profiles.services import processing, receiving
from tests.factories.profiles import SourceFactory
from tests.profiles.events import take, track

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return SourceFactory(code="shop", kind="api")


def reasons():
    return list(InboundEvent.objects.order_by("pk").values_list("message_id", "reason", "detail"))


def test_a_retry_stores_nothing_twice_also_after_it_was_worked_off(now, shop):
    first = take(now, shop, track(1, sentAt="2026-03-10T06:05:00Z"))
    assert first == receiving.Receipt(accepted=1)
    processing.process_waiting(now=now)
    again = take(now + timedelta(days=40), shop, track(1, sentAt="2026-04-20T06:05:00Z"))
    assert again == receiving.Receipt(repeated=1)
    assert (InboundEvent.objects.count(), EventKey.objects.count()) == (0, 1)
    assert Touchpoint.objects.count() == 1


def test_an_event_twice_in_one_batch_is_one(now, shop):
    assert take(now, shop, track(), track()) == receiving.Receipt(accepted=1, repeated=1)
    assert InboundEvent.objects.count() == 1


def test_the_order_of_fields_makes_no_other_event(now, shop):
    take(now, shop, track())
    turned = dict(reversed(track().items()))
    assert take(now, shop, turned) == receiving.Receipt(repeated=1)


def test_another_source_may_use_the_same_id(now, shop):
    take(now, shop, track())
    other = SourceFactory(code="app", kind="api")
    assert take(now, other, track()) == receiving.Receipt(accepted=1)


def test_the_same_id_with_another_content_is_parked_once(now, shop):
    take(now, shop, track(1))
    other = track(1, event="Closed")
    assert take(now, shop, other, other) == receiving.Receipt(parked=1, repeated=1)
    assert take(now, shop, other) == receiving.Receipt(repeated=1)
    assert reasons() == [("m1", "", ""), ("m1", "id_reused", "messageId")]


def test_an_event_without_id_gets_one(now, shop):
    event = track()
    del event["messageId"]
    assert take(now, shop, event) == receiving.Receipt(accepted=1)
    assert reasons() == [("spare-0-0", "", "")]


BAD = [
    (7, "not_an_object", ""),
    (None, "not_an_object", ""),
    (["track"], "not_an_object", ""),
    (track(messageId="x" * 10_000), "id_too_long", "messageId"),
    (track(messageId={"a": 1}), "id_unreadable", "messageId"),
    (track(messageId="a\ufffdb"), "id_unreadable", "messageId"),
    (track(properties={"text": "x" * 33_000}), "too_large", "33136 bytes"),
]


@pytest.mark.parametrize(("event", "reason", "detail"), BAD)
def test_a_bad_event_is_parked_alone(now, shop, event, reason, detail):
    receipt = take(now, shop, track(2), event, track(3))
    assert receipt == receiving.Receipt(accepted=2, parked=1)
    parked = InboundEvent.objects.exclude(reason="").get()
    assert (parked.reason, parked.detail) == (reason, detail)


def test_a_number_is_an_id_too(now, shop):
    take(now, shop, track(messageId=77))
    assert reasons() == [("77", "", "")]


# --- where somebody is ----------------------------------------------------------------------------

SOMEWHERE = {
    "context": {"location": {"city": "Graz"}, "ip": "203.0.113.9", "locale": "de"},
    "properties": {"Latitude": 47.07, "deep": [{"geofence_id": "graz-1", "kept": 1}]},
}


def test_where_somebody_is_never_reaches_the_queue_without_consent(now, shop):
    take(now, shop, track(1, **SOMEWHERE), track(2, **SOMEWHERE, messageId={}))
    for event in InboundEvent.objects.all():
        assert event.payload["context"] == {"locale": "de"}
        assert event.payload["properties"] == {"deep": [{"kept": 1}]}


def test_an_event_about_nothing_but_a_place_is_not_stored(now, shop):
    receipt = take(now, shop, track(1, event="Geofence Entered", properties={"geofence": "g"}))
    assert receipt == receiving.Receipt(withheld=1)
    assert InboundEvent.objects.count() == 0


def test_a_batch_costs_as_many_statements_as_one(now, shop, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):  # one of them is the test's own
        take(now, shop, *(track(n) for n in range(300)))
    assert InboundEvent.objects.count() == 300
