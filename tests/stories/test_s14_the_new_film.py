"""S14: an action film came out; who passes the cinema and watches action is told, once; nobody else is."""

from __future__ import annotations

from datetime import date, timedelta

import time_machine

from campaigns.tasks import deliver_due, react
from profiles.models import Source
from profiles.rules.names import Purpose
from profiles.tasks import process_events
from tests.factories.campaigns import consent
from tests.profiles.events import post, track, write_key
from tests.stories.doors import Bought, at, bring_orders, customer, mailbox
from tests.stories.moment_doors import answered_moment

TODAY = date(2026, 3, 10)
WORDS = "{{ customer.first_name }}, the new action film is on tonight."
FILM = {
    "name": "Passes the cinema", "event": "Cinema Passed", "is_urgent": "on", "again": "once",
    "because": "you pass the cinema, and action is what you watch", "chance": "mostly", "lasts": "3",
    "unit": "hours", "line-0-what": "bought:product", "line-0-thing": "action-film",
    "line-0-times": "2", "line-0-within_days": "365",
}  # fmt: skip


def passes(name: str, day: date) -> None:
    """A partner's system says who passes, and the workers do what rings."""
    with time_machine.travel(at(day, 18), tick=False):
        said = track(1, userId=name, event="Cinema Passed", messageId=f"{name}-{day}")
        post("/v1/track", said | {"timestamp": at(day, 18).isoformat()})
        process_events()
        react()
        deliver_due()


def test_who_watches_action_is_told_once_and_who_watches_none_is_not(tmp_path, client_of):
    seen = [("dolores", "Action Film", 90), ("dolores", "Action Film", 30), ("pepe", "Romance", 30)]
    lines = [Bought(name, TODAY - timedelta(days=ago), film) for name, film, ago in seen]
    bring_orders(tmp_path, lines, now=at(TODAY - timedelta(days=20), 9))
    for name in ("dolores", "pepe"):
        consent(customer(name), purpose=Purpose.OFFERS)
    write_key(at(TODAY, 8), source=Source.objects.get(code="till"))
    answered_moment(client_of("manager"), FILM, "offers", WORDS)
    for day in (TODAY, TODAY + timedelta(days=9)):
        passes("dolores", day)
        passes("pepe", day)
    (message,) = mailbox("dolores")
    assert message.subject == "Dolores, the new action film is on tonight."
    assert "you pass the cinema, and action is what you watch" in message.text
    assert not mailbox("pepe")
