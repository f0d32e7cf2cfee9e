"""S11 and S19: an event says that somebody is in the middle of something at three in the morning.

What there is to say about it leaves at once; what is not urgent waits for the morning.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from campaigns.models import Campaign, SandboxMessage
from campaigns.services import composing
from campaigns.tasks import deliver_due, react
from profiles.models import Profile
from profiles.rules.names import Channel, Purpose
from profiles.services import consenting
from profiles.tasks import process_events
from tests.factories.campaigns import consent
from tests.factories.profiles import PlaceFactory
from tests.profiles.events import post, track, write_key

NIGHT = datetime.fromisoformat("2026-03-10T03:00:00+00:00")


@pytest.fixture
def dolores(settings):
    """Known to the night shop, reachable, and content to be located."""
    PlaceFactory(code="airport", name="Airport lounge")
    with time_machine.travel(NIGHT - timedelta(days=1), tick=False):
        write_key(NIGHT)
        traits = {"email": "dolores@example.com", "name": "Dolores Reyes"}
        post("/v1/identify", {"userId": "dolores", "messageId": "hello", "traits": traits})
        process_events()
    dolores = Profile.objects.get(external_id="dolores").customer
    consent(dolores, purpose=Purpose.OFFERS)
    wording = consenting.publish_wording(
        purpose=Purpose.LOCATION, language="en", text="You may know where I am."
    )
    consenting.grant(
        customer=dolores, purpose=Purpose.LOCATION, channel=Channel.NONE, door="page",
        actor="customer", occurred_at=NIGHT - timedelta(days=1), wording=wording,
    )  # fmt: skip
    campaign = Campaign.objects.get(code="arrival")
    Campaign.objects.filter(pk=campaign.pk).update(is_live=True, value=2.0)
    words = "Coffee is ready in the {{ facts.place }}."
    composing.save_template(
        campaign=campaign, language="en", subject=words, text=words, html=f"<p>{words}</p>", by=None
    )
    return dolores


def happens(event: str, at: datetime) -> None:
    """The shop's system says so, and the workers do what rings."""
    with time_machine.travel(at, tick=False):
        said = track(1, userId="dolores", event=event, properties={"place": "airport"})
        post("/v1/track", said | {"timestamp": at.isoformat(), "messageId": f"m{at}"})
        process_events()
        react()
        deliver_due()


def test_at_three_in_the_morning_it_is_said_at_once(dolores):
    happens("Lounge Entered", NIGHT)
    message = SandboxMessage.objects.get()
    assert message.subject == "Coffee is ready in the Airport lounge."
    assert "you came to Airport lounge at 03:00" in message.text


def test_an_event_of_this_evening_that_comes_in_at_night_is_too_late(dolores):
    with time_machine.travel(NIGHT, tick=False):
        early = NIGHT - timedelta(hours=5)
        said = track(1, userId="dolores", event="Lounge Entered", properties={"place": "airport"})
        post("/v1/track", said | {"timestamp": early.isoformat()})
        process_events()
        react()
        deliver_due()
    assert not SandboxMessage.objects.exists()


def test_without_consent_to_location_nothing_is_known_and_nothing_said(dolores):
    consenting.withdraw(
        customer=dolores, purpose=Purpose.LOCATION, channel=Channel.NONE, door="page",
        actor="customer", occurred_at=NIGHT - timedelta(hours=1),
    )  # fmt: skip
    happens("Lounge Entered", NIGHT)
    assert not SandboxMessage.objects.exists()
