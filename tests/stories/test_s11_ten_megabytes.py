"""S11: ten megabytes left, at three in the morning.

Who is active is told at once, whatever the hour; the same offer to somebody who sleeps waits for their morning.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from campaigns.models import SandboxMessage
from campaigns.tasks import deliver_due, plan_morning, react
from profiles.models import Profile
from profiles.rules.names import Purpose
from profiles.tasks import process_events
from tests.factories.campaigns import consent
from tests.profiles.events import post, write_key
from tests.stories.moment_doors import answered_moment

NIGHT = datetime.fromisoformat("2026-03-10T03:00:00+00:00")
WORDS = "Swap call minutes for data: {{ facts.remaining_mb }} MB are left."


MOMENT = {
    "name": "Allowance nearly used up", "event": "Allowance Low", "is_urgent": "on",
    "property_1": "remaining_mb", "how_1": "at_most", "value_1": "10", "chance": "mostly",
    "because": "you have {remaining_mb} MB left",
}  # fmt: skip


@pytest.fixture
def dolores(client_of):
    """Known to her carrier by its own events, and reachable for offers; the manager wrote what to say to her."""
    with time_machine.travel(NIGHT - timedelta(days=1), tick=False):
        write_key(NIGHT)
        traits = {"email": "dolores@example.com", "name": "Dolores Reyes"}
        post("/v1/identify", {"userId": "dolores", "messageId": "hello", "traits": traits})
        process_events()
    dolores = Profile.objects.get(external_id="dolores").customer
    consent(dolores, purpose=Purpose.OFFERS)
    with time_machine.travel(NIGHT - timedelta(hours=9), tick=False):
        answered_moment(client_of("manager"), MOMENT, "offers", WORDS)
    return dolores


def comes_in(at: datetime, *, happened: datetime, remaining_mb: int = 10) -> None:
    """The carrier's system says so, and the workers do what rings."""
    with time_machine.travel(at, tick=False):
        said = {
            "userId": "dolores", "event": "Allowance Low", "messageId": "low",
            "properties": {"remaining_mb": remaining_mb}, "timestamp": happened.isoformat(),
        }  # fmt: skip
        post("/v1/track", said)
        process_events()
        react()
        deliver_due()


def mails_at(at: datetime) -> list[str]:
    """What has arrived once the workers ran."""
    with time_machine.travel(at, tick=False):
        plan_morning()
        deliver_due()
    return list(SandboxMessage.objects.order_by("pk").values_list("subject", flat=True))


def test_who_is_active_is_told_at_once(dolores):
    comes_in(NIGHT, happened=NIGHT)
    message = SandboxMessage.objects.get()
    assert message.subject == "Swap call minutes for data: 10 MB are left."
    assert "you have 10 MB left" in message.text


def test_the_same_offer_to_a_sleeping_customer_waits_for_the_morning(dolores):
    comes_in(NIGHT, happened=NIGHT - timedelta(hours=5))
    assert not SandboxMessage.objects.exists()
    assert mails_at(NIGHT + timedelta(hours=2)) == []
    morning = mails_at(NIGHT + timedelta(hours=9))
    assert morning == ["Swap call minutes for data: 10 MB are left."]
    assert mails_at(NIGHT + timedelta(hours=33)) == morning, "and it is said once"


def test_with_plenty_left_nothing_is_said(dolores):
    comes_in(NIGHT, happened=NIGHT, remaining_mb=200)
    assert mails_at(NIGHT + timedelta(hours=9)) == []
