"""S29: who, when, which wording, from where; withdrawn as easily as given; one click by RFC 8058."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.tasks import ask_confirmations
from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import ConsentEntry
from profiles.services import consenting
from tests.stories.doors import (
    Bought,
    at,
    bring_orders,
    customer,
    every,
    link_in,
    mailbox,
    morning_to_noon,
)

LAST = date(2026, 2, 10)
WORDING = "You may remind me by e-mail when something is about to run out."
BROWSER = {"REMOTE_ADDR": "198.51.100.7", "HTTP_USER_AGENT": "Firefox/140"}


@pytest.fixture
def page(tmp_path) -> str:
    """The own page of a customer who never agreed to anything."""
    lines = [Bought("olga", day, "Dog food") for day in every(28, until=LAST, times=9)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    consenting.publish_wording(purpose="reminders", language="en", text=WORDING)
    with time_machine.travel(at(LAST, 21), tick=False):
        return f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer('olga').public_id))}/"


def say(page: str, day: date, **form: str) -> None:
    with time_machine.travel(at(day, 9), tick=False):
        Client().post(
            page + "consent/", {"purpose": "reminders", "channel": "email"} | form, **BROWSER
        )


def agree(page: str, day: date) -> None:
    wording = consenting.publish_wording(purpose="reminders", language="en", text=WORDING)
    say(page, day, state="granted", agreed="yes", wording=str(wording.pk))


def run(first: int, last: int) -> None:
    for number in range(first, last + 1):
        morning_to_noon(LAST + timedelta(days=number))


def ledger() -> list[tuple[str, str, str, str]]:
    rows = ConsentEntry.objects.order_by("pk").select_related("wording", "evidence")
    return [
        (row.state, row.actor, row.wording.text if row.wording else "", row.evidence.ip_address)
        for row in rows
    ]


def test_nobody_is_written_to_who_was_not_asked(page):
    run(16, 30)
    assert mailbox("olga") == []


def test_a_yes_on_the_page_is_kept_with_its_wording_and_from_where(page):
    agree(page, LAST + timedelta(days=2))
    assert ledger() == [("granted", "customer", WORDING, "198.51.100.7")]
    assert ConsentEntry.objects.get().occurred_at == at(LAST + timedelta(days=2), 9)
    run(16, 30)
    assert len(mailbox("olga")) == 1


def test_withdrawn_on_the_same_page_it_holds_before_the_next_message(page):
    agree(page, LAST + timedelta(days=2))
    say(page, LAST + timedelta(days=3), state="withdrawn")
    assert [row[0] for row in ledger()] == ["granted", "withdrawn"]
    run(16, 30)
    assert mailbox("olga") == []


def test_one_click_in_the_mail_program_stops_it(page):
    agree(page, LAST + timedelta(days=2))
    run(16, 30)
    headers = mailbox("olga")[0].headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    provider = Client(enforce_csrf_checks=True)
    with time_machine.travel(at(LAST + timedelta(days=31), 9), tick=False):
        for _ in range(2):
            answer = provider.post(
                address,
                "List-Unsubscribe=One-Click",
                content_type="application/x-www-form-urlencoded",
            )
            assert answer.status_code == 200
    states = list(ConsentEntry.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["granted", "withdrawn"]


def test_where_double_opt_in_is_asked_a_yes_counts_once_its_mail_was_answered(page):
    consenting.require_confirmation(purpose="reminders", is_needed=True)
    agree(page, LAST + timedelta(days=2))
    with time_machine.travel(at(LAST + timedelta(days=2), 10), tick=False):
        ask_confirmations()
    run(16, 20)
    (asked,) = mailbox("olga")
    with time_machine.travel(at(LAST + timedelta(days=20), 13), tick=False):
        Client().get(link_in(asked, "confirm"))
        assert [row[0] for row in ledger()] == ["asked"]
        Client().post(link_in(asked, "confirm"), **BROWSER)
    assert [row[0] for row in ledger()] == ["asked", "granted"]
    run(21, 30)
    assert len(mailbox("olga")) == 2


def test_a_yes_that_waits_is_ended_on_the_same_page(page):
    consenting.require_confirmation(purpose="reminders", is_needed=True)
    agree(page, LAST + timedelta(days=2))
    with time_machine.travel(at(LAST + timedelta(days=2), 10), tick=False):
        ask_confirmations()
    say(page, LAST + timedelta(days=3), scope="all")
    with time_machine.travel(at(LAST + timedelta(days=4), 9), tick=False):
        assert Client().post(link_in(mailbox("olga")[0], "confirm")).status_code == 410
    assert [row[0] for row in ledger()] == ["asked", "withdrawn"]


def test_the_receipt_tells_all_of_it(page):
    agree(page, LAST + timedelta(days=2))
    say(page, LAST + timedelta(days=3), state="withdrawn")
    with time_machine.travel(at(LAST + timedelta(days=4), 9), tick=False):
        (record,) = Client().get(page + "consent/receipt.json").json()["records"]
    assert [event["event_state"] for event in record["events"]] == ["granted", "withdrawn"]
    assert record["events"][0]["notice"]["text"] == WORDING
