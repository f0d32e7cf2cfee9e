"""S07, and what S37 takes in: five sources stand in one timeline, newest first, each once and with its source."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.test import Client

from profiles.models import Customer, ImportJob, Touchpoint
from profiles.services import keys
from profiles.tasks import process_events, run_imports
from tests.stories.doors import Bought, bring_file, bring_orders

EVENING = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
CRM = """Customer number;Name;E-mail;Phone;Network;Handle;Newspaper
77;Dolores Ruiz;dolores@example.com;+1 212 415 1234;Instagram;dolores.r;Le Monde
"""
CALLS = """Number,Time,Topic,Outcome,Link
+1 (212) 415-1234,2026-03-10 09:00,Late parcel,Solved,https://calls.example.com/7
"""
MENTIONS = """Network,Handle,Time,Text,Rating,URL
Instagram,@Dolores.R,2026-03-10 12:00,Cold coffee again,2,https://social.example.com/1
"""
VIEWED = {
    "type": "track",
    "userId": "web-9",
    "context": {"traits": {"email": "dolores@example.com"}},
    "event": "Product Viewed",
    "messageId": "m-1",
    "timestamp": "2026-03-10T18:30:00Z",
    "sentAt": "2026-03-10T20:00:00Z",
}


@pytest.fixture
def everything(tmp_path, client_of, monkeypatch):
    """Load each file by the page and let the workers run, as often as it is called."""
    monkeypatch.setattr(run_imports, "apply_async", lambda **options: None)
    manager = client_of("manager")
    secret = keys.create_key(
        name="Web shop",
        scopes=["events"],
        source=keys.source_for(code="shop", name="Web shop"),
        random="z" * 30,
        by=None,
        now=EVENING,
    ).secret

    def everything() -> None:
        bring_orders(
            tmp_path, [Bought("dolores", date(2026, 3, 9), "Latte", at=time(7, 5))], now=EVENING
        )
        with time_machine.travel(EVENING, tick=False):
            bring_file(manager, "customers", "CRM", CRM)
            bring_file(manager, "calls", "Call centre", CALLS)
            bring_file(manager, "mentions", "Social", MENTIONS)
            shop = Client(headers={"Authorization": f"Bearer {secret}"})
            shop.post("/v1/batch", {"batch": [VIEWED]}, content_type="application/json")
            process_events()

    return everything


def timeline(browser: Client) -> str:
    customer = Customer.objects.get(identifiers__value="dolores@example.com")
    with time_machine.travel(EVENING, tick=False):
        return browser.get(f"/customers/{customer.pk}/timeline/").content.decode()


WORDS = ("Product Viewed", "Wrote in public: instagram", "Called: Late parcel", "Bought Latte")


def test_five_sources_stand_in_one_timeline_newest_first_each_once(everything, client_of):
    supervisor = client_of("supervisor")
    for _ in range(2):
        everything()
        page = timeline(supervisor)
        assert [page.count(word) for word in WORDS] == [1, 1, 1, 1]
        assert sorted(WORDS, key=page.index) == list(WORDS)
        assert page.count("Told: Newspaper: Le Monde") == 1
    for source in ("CRM", "Till", "Call centre", "Social", "Web shop"):
        assert source.lower() in page.lower()
    assert "https://calls.example.com/7" in page
    assert "Cold coffee again" in page
    assert Customer.objects.filter(merged_into=None).count() == 1
    assert Touchpoint.objects.count() == 3
    assert set(ImportJob.objects.values_list("state", flat=True)) == {"done"}
