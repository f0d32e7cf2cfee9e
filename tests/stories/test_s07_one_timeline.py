"""S07: a till's order file, the web shop's events and the customer's own page stand in one timeline, each once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.test import Client

from cxportal.lib.links import LinkPurpose, token_for
from profiles.services import consenting, keys
from profiles.tasks import process_events
from tests.stories.doors import Bought, bring_orders, customer, public_client

EVENING = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
ORDERS = [Bought("dolores", date(2026, 3, 9), "Latte", at=time(7, 5))]
VIEWED = {
    "type": "track",
    "userId": "dolores",
    "event": "Product Viewed",
    "messageId": "m-1",
    "timestamp": "2026-03-10T18:30:00Z",
    "sentAt": "2026-03-10T20:00:00Z",
    "properties": {"sku": "CO-1"},
}


@pytest.fixture
def shop():
    """The web shop: it knows her by the number that the till knows her by."""
    made = keys.create_key(
        name="Web shop",
        scopes=["events"],
        source=keys.source_for(code="till", name="Till"),
        random="z" * 30,
        by=None,
        now=EVENING,
    )
    client = Client(headers={"Authorization": f"Bearer {made.secret}"})

    def send() -> None:
        with time_machine.travel(EVENING, tick=False):
            answer = client.post("/v1/batch", {"batch": [VIEWED]}, content_type="application/json")
            assert answer.status_code == 200
            process_events()

    return send


def agree() -> None:
    """She agrees to reminders on her page, once."""
    page = f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer('dolores').public_id))}/"
    with time_machine.travel(EVENING, tick=False):
        browser = public_client()
        wording = consenting.publish_wording(purpose="reminders", language="en", text="Remind me.")
        browser.post(
            f"{page}consent/",
            {
                "purpose": "reminders",
                "channel": "email",
                "state": "granted",
                "agreed": "yes",
                "wording": wording.pk,
            },
        )


def lines(browser, **filters: str) -> list[str]:
    """The timeline as staff read it, newest first."""
    url = f"/customers/{customer('dolores').pk}/timeline/"
    with time_machine.travel(EVENING, tick=False):
        html = browser.get(url, filters).content.decode()
    words = ("Bought Latte", "Product Viewed", "Agreed to reminders")
    found = [(html.index(word, at), word) for word in words for at in _places(html, word)]
    return [word for _, word in sorted(found)]


def _places(html: str, word: str) -> list[int]:
    return [at for at in range(len(html)) if html.startswith(word, at)]


def test_everything_stands_in_one_timeline_each_with_its_source(tmp_path, shop, client_of):
    bring_orders(tmp_path, ORDERS, now=EVENING)
    shop()
    agree()
    supervisor = client_of("supervisor")
    assert lines(supervisor) == ["Agreed to reminders", "Product Viewed", "Bought Latte"]
    with time_machine.travel(EVENING, tick=False):
        page = supervisor.get(f"/customers/{customer('dolores').pk}/timeline/").content.decode()
    assert "Customer&#x27;s page" in page
    assert "sku: CO-1" in page
    assert lines(supervisor, kind="purchase") == ["Bought Latte"]


def test_twice_is_once(tmp_path, shop, client_of):
    for _ in range(2):
        bring_orders(tmp_path, ORDERS, now=EVENING)
        shop()
    assert lines(client_of("manager")) == ["Product Viewed", "Bought Latte"]
