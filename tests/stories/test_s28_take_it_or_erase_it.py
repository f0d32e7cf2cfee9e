"""S28: a full export in two forms; an erasure that leaves the books right and survives the old file."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection

from campaigns.models import SandboxMessage
from campaigns.tasks import mail_exports
from cxportal.lib.links import LinkPurpose, token_for
from loyalty.models import PointsEntry
from profiles.models import Purchase, PurchaseLine
from profiles.services import consenting
from profiles.tasks import erase_people, write_exports
from tests.stories.doors import (
    Bought,
    at,
    bring_orders,
    customer,
    every,
    link_in,
    mailbox,
    morning_to_noon,
    public_client,
    work_off,
)

LAST = date(2026, 2, 10)
DONE = at(LAST + timedelta(days=30), 15)
WORDING = "You may remind me by e-mail when something is about to run out."
LINES = [
    *(Bought("wilhelmina", day, "Dog food") for day in every(28, until=LAST, times=9)),
    *(Bought("otto", day, "Cat food") for day in every(21, until=LAST, times=6)),
]


@pytest.fixture
def page(tmp_path) -> str:
    """Wilhelmina's own page, after a month in which she agreed to reminders and got one."""
    bring_orders(tmp_path, LINES, now=at(LAST, 20))
    words = consenting.publish_wording(purpose="reminders", language="en", text=WORDING)
    token = token_for_her(at(LAST, 21))
    with time_machine.travel(at(LAST, 21), tick=False):
        public_client().post(
            f"/my/{token}/consent/",
            {"purpose": "reminders", "channel": "email", "state": "granted", "agreed": "yes",
             "wording": str(words.pk)},
        )  # fmt: skip
    work_off(at(LAST, 22))
    for number in range(16, 31):
        morning_to_noon(LAST + timedelta(days=number))
    return f"/my/{token_for_her(DONE)}/"


def token_for_her(now) -> str:
    with time_machine.travel(now, tick=False):
        return token_for(LinkPurpose.MY_PAGE, str(customer("wilhelmina").public_id))


def dump() -> str:
    """All rows of the whole database as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        text = []
        for (table,) in cursor.fetchall():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                text += [bytes(part).decode() for part in copy]
    return "".join(text).lower()


def books() -> tuple[object, ...]:
    return (
        Purchase.objects.count(),
        sorted(PurchaseLine.objects.values_list("occurred_at", "quantity", "unit_price_minor")),
        sorted(PointsEntry.objects.values_list("occurred_at", "points")),
    )


def test_she_takes_everything_along_as_one_file(page):
    with time_machine.travel(DONE, tick=False):
        client = public_client()
        client.post(f"{page}export/")
        write_exports()
        mail_exports()
        letter = SandboxMessage.objects.get(subject__startswith="Your data")
        assert letter.recipient == "wilhelmina@example.com"
        answer = client.get(link_in(letter, "export"))
    bundle = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    data = json.loads(bundle.read("data.json"))
    rows = {section["kind"]: section["rows"] for section in data["sections"]}
    assert [row["value"] for row in rows["profiles.Identifier"]] == ["wilhelmina@example.com"]
    assert len(rows["profiles.PurchaseLine"]) == 9
    assert rows["profiles.PurchaseLine"][-1] == {
        "occurred_at": "2026-02-10T11:00:00Z",
        "product__name": "Dog food",
        "quantity": "1.000",
        "unit_price_minor": 450,
    }
    assert [row["state"] for row in rows["profiles.ConsentEntry"]] == ["granted"]
    assert [row["recipient"] for row in rows["campaigns.Message"]] == ["wilhelmina@example.com"]
    readable = bundle.read("data.html").decode()
    assert "Wilhelmina" in readable
    assert "otto" not in readable.lower()


def test_she_is_erased_and_the_old_file_does_not_bring_her_back(page, tmp_path, client_of):
    work_off(DONE)
    before, messages = books(), mailbox("wilhelmina")
    assert len(messages) == 1
    why, stop = link_in(messages[0], "why"), link_in(messages[0], "stop")
    assert "wilhelmina" in dump()
    with time_machine.travel(DONE, tick=False):
        client = public_client()
        assert "we ask once more by mail" in client.get(f"{page}erase/").text
        client.post(f"{page}erase/")
        assert erase_people() == 0
        letter = SandboxMessage.objects.get(subject__startswith="Please confirm")
        assert letter.recipient == "wilhelmina@example.com"
        confirm = link_in(letter, "erase")
        assert "Erase me for good" in client.get(confirm).text
        client.post(confirm)
        assert erase_people() == 1
        assert "It is done" in client.get(confirm).text
        assert [client.get(link).status_code for link in (page, why, stop)] == [410, 410, 410]
        found = client_of("counter").post("/counter/", {"q": "Wilhelmina"}).text
        assert "Nobody found" in found
    assert "wilhelmina" not in dump()
    assert books() == before

    bring_orders(tmp_path, LINES, now=DONE + timedelta(days=1))
    (tmp_path / "orders.csv").unlink()
    work_off(DONE + timedelta(days=1))
    assert "wilhelmina" not in dump()
    assert books() == before
    for number in range(31, 60):
        morning_to_noon(LAST + timedelta(days=number))
    assert mailbox("wilhelmina") == []
    assert customer("otto").erased_at is None
