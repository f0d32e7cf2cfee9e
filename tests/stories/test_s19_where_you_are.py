"""S19: where somebody is, is kept with their consent to it, and dropped before it is stored without."""

from __future__ import annotations

import json

import pytest
import time_machine
from django.apps import apps
from django.core import serializers

from profiles.models import Profile, Touchpoint
from profiles.rules.names import Channel, Purpose
from profiles.services import consenting
from profiles.tasks import process_events
from tests.factories.profiles import PlaceFactory
from tests.profiles.events import post, track, write_key

CONTEXT = {"location": {"city": "Klosterneuburg", "latitude": 48.30521}, "ip": "203.0.113.77"}
VISIT = {"place": "Main Street", "beacon_id": "beacon-Zirkon", "wanted": "coffee"}


@pytest.fixture
def shop(now):
    PlaceFactory(code="main-street", name="Main Street")
    with time_machine.travel(now, tick=False):
        write_key(now)
        post("/v1/identify", {"userId": "dolores", "messageId": "hello"})
        process_events()


def everything() -> str:
    """All that the profiles app has stored, as text."""
    rows = [
        row for model in apps.get_app_config("profiles").get_models() for row in model.objects.all()
    ]
    return serializers.serialize("json", rows)


def test_without_consent_no_place_is_stored_anywhere(shop, now):
    with time_machine.travel(now, tick=False):
        event = track(1, userId="dolores", event="Store Entered", context=CONTEXT, properties=VISIT)
        assert post("/v1/track", event).status_code == 200
        bad = track(2, userId="dolores", event="", context=CONTEXT, properties=VISIT)
        fence = track(3, userId="dolores", event="Geofence Entered", properties=VISIT)
        assert post("/v1/batch", {"batch": [bad, fence]}).status_code == 200
        at_rest = everything()
        process_events()
    for text in (at_rest, everything()):
        for secret in ("Klosterneuburg", "48.30521", "203.0.113.77", "Zirkon"):
            assert secret not in text
    seen = Touchpoint.objects.get(kind="track")
    assert (seen.name, seen.data, seen.place) == ("Store Entered", {"wanted": "coffee"}, None)


def test_with_consent_the_place_is_kept_until_it_is_withdrawn(shop, now):
    dolores = Profile.objects.get(external_id="dolores").customer
    wording = consenting.publish_wording(
        purpose=Purpose.LOCATION, language="en", text="You may know where I am."
    )
    said = {"customer": dolores, "purpose": Purpose.LOCATION, "channel": Channel.NONE,
            "door": "page", "actor": "customer", "occurred_at": now}  # fmt: skip
    consenting.grant(**said, wording=wording)
    visit = track(1, userId="dolores", event="Store Entered", context=CONTEXT, properties=VISIT)
    with time_machine.travel(now, tick=False):
        post("/v1/track", visit)
        process_events()
        kept = Touchpoint.objects.get(kind="track")
        assert (kept.place.code, kept.data["beacon_id"]) == ("main-street", "beacon-Zirkon")
        post("/v1/track", visit | {"messageId": "m2"})
        consenting.withdraw(**said)
        process_events()
    after = Touchpoint.objects.exclude(pk=kept.pk).get(kind="track")
    assert (after.place, json.dumps(after.data)) == (None, '{"wanted": "coffee"}')
