"""S19: where somebody is, is kept with their consent to it, and dropped before it is stored without."""

from __future__ import annotations

import json

import pytest
import time_machine
from django.apps import apps
from django.core import serializers
from django.test import Client

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import ConsentEntry, ConsentRule, ConsentWording, Profile, Touchpoint
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


def test_she_agrees_and_withdraws_on_her_own_page_and_the_next_event_follows(shop, now):
    said = "You may know where I am, to suggest what is near. I can end it at any time."
    consenting.publish_wording(purpose=Purpose.LOCATION, language="en", text=said)
    dolores = Profile.objects.get(external_id="dolores").customer
    page = f"/my/{token_for(LinkPurpose.MY_PAGE, str(dolores.public_id))}/"
    about = {"purpose": "location", "channel": "none"}

    def visit(number: int) -> Touchpoint:
        event = track(number, userId="dolores", event="Entered", properties=VISIT)
        post("/v1/track", event)
        process_events()
        return Touchpoint.objects.filter(kind="track").latest("pk")

    with time_machine.travel(now, tick=False) as clock:
        shown = Client().get(page).content.decode()
        assert said in shown
        assert visit(1).place is None
        wording = ConsentWording.objects.get(purpose="location")
        answer = about | {"state": "granted", "wording": wording.pk}
        assert "Tick the box to agree" in Client().post(f"{page}consent/", answer).content.decode()
        assert visit(2).place is None
        Client().post(f"{page}consent/", answer | {"agreed": "yes"}, HTTP_USER_AGENT="Phone")
        entry = ConsentEntry.objects.get()
        assert (entry.state, entry.door, entry.actor) == ("granted", "page", "customer")
        assert (entry.wording.version, entry.wording.language) == (1, "en")
        assert entry.evidence.user_agent == "Phone"
        assert "On since 10 March 2026:" in Client().get(page).content.decode()
        assert visit(3).place.code == "main-street"
        clock.shift(60)
        told = Client().post(f"{page}consent/", about | {"state": "withdrawn"}, follow=True)
        assert "nothing new is kept of where you are" in told.content.decode()
        assert visit(4).place is None
    assert [row.state for row in ConsentEntry.objects.order_by("pk")] == ["granted", "withdrawn"]


def test_without_a_wording_nobody_is_asked_and_newcomers_only_where_the_house_says_so(shop, now):
    dolores = Profile.objects.get(external_id="dolores").customer
    page = f"/my/{token_for(LinkPurpose.MY_PAGE, str(dolores.public_id))}/"
    with time_machine.travel(now, tick=False):
        assert "Where you are" not in Client().get(page).content.decode()
        said = "You may know where I am."
        consenting.publish_wording(purpose=Purpose.LOCATION, language="en", text=said)
        assert said in Client().get(page).content.decode()
        assert said not in Client().get("/join/main-street/").content.decode()
        ConsentRule.objects.filter(purpose="location").update(is_asked_at_joining=True)
        form = Client().get("/join/main-street/").content.decode()
        assert said in form
        wording = ConsentWording.objects.get()
        newcomer = {"name": "Mara", "contact": "mara@example.com", "agreed": [wording.pk]}
        Client().post("/join/main-street/", newcomer)
    entry = ConsentEntry.objects.get()
    assert (entry.purpose, entry.channel, entry.state) == ("location", "none", "granted")


def test_stop_everything_ends_it_too(shop, now):
    dolores = Profile.objects.get(external_id="dolores").customer
    page = f"/my/{token_for(LinkPurpose.MY_PAGE, str(dolores.public_id))}/"
    wording = consenting.publish_wording(
        purpose=Purpose.LOCATION, language="en", text="You may know where I am."
    )
    said = {"customer": dolores, "purpose": Purpose.LOCATION, "channel": Channel.NONE,
            "door": "page", "actor": "customer", "occurred_at": now}  # fmt: skip
    consenting.grant(**said, wording=wording)
    with time_machine.travel(now, tick=False) as clock:
        clock.shift(60)
        Client().post(f"{page}consent/", {"scope": "all"})
    assert ConsentEntry.objects.latest("pk").state == "withdrawn"
