"""S45: how complete and fresh a profile is, what in it is wrong, and one question at a time about it."""

from __future__ import annotations

import re
import smtplib
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from campaigns.sandbox import SandboxBackend
from cxportal.lib.links import LinkPurpose, token_for
from feedback.services import cases
from profiles.models import Attribute, Finding, IdentifierRule
from profiles.tasks import find_unclean, run_imports
from tests.factories.campaigns import consent
from tests.pages.tables import fingerprint
from tests.stories.doors import (
    Bought,
    at,
    bring_file,
    bring_orders,
    customer,
    every,
    mailbox,
    morning_to_noon,
    public_client,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LAST = date(2026, 2, 10)


class NoSuchMailbox(SandboxBackend):
    """A mail server that does not know Bea's old address."""

    def send_messages(self, email_messages):
        if "bea@example.com" in email_messages[0].to:
            raise smtplib.SMTPRecipientsRefused({"bea@example.com": (550, b"5.1.1 no such user")})
        return super().send_messages(email_messages)


@pytest.fixture
def manager(client_of, monkeypatch):
    monkeypatch.setattr(run_imports, "apply_async", lambda **options: None)
    return client_of("manager")


def bring_crm(manager, text: str, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        bring_file(manager, "customers", "CRM", text)


def night_before(now: datetime) -> None:
    with time_machine.travel(now.replace(hour=4), tick=False):
        find_unclean()


def own_page(external_id: str) -> str:
    return f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer(external_id).public_id))}/"


def question_on(text: str) -> str:
    """The one question that a page shows, with its reason; "" for none."""
    assert text.count('id="question"') <= 1
    found = re.search(r'id="question".*?</section>', text, re.DOTALL)
    return re.sub(r"\s*<[^>]+>\s*", " ", found[0]) if found else ""


def read(client, address: str, now: datetime) -> str:
    with time_machine.travel(now, tick=False):
        return client.get(address).content.decode()


def say(client, address: str, now: datetime, **form: str) -> str:
    with time_machine.travel(now, tick=False):
        return client.post(address, form, follow=True).content.decode()


def test_an_address_that_bounces_is_pointed_out_and_the_next_mail_goes_to_the_new_one(
    tmp_path, settings, client_of
):
    lines = [Bought("bea", day, "Dog food") for day in every(30, until=LAST, times=8)]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    consent(customer("bea"))
    settings.EMAIL_BACKEND = f"{__name__}.NoSuchMailbox"
    day = LAST
    while not Finding.objects.exists() and day < LAST + timedelta(days=45):
        day += timedelta(days=1)
        morning_to_noon(day)
    assert mailbox("bea") == []
    staff, now = client_of("counter"), at(day, 13)
    card = read(staff, f"/counter/{customer('bea').pk}/", now)
    assert "Address bounces" in card
    assert "2 of 4 known: no address that works, no birthday" in card
    asked = question_on(read(public_client(), own_page("bea"), now))
    assert "Where can we reach you?" in asked
    assert f"Mail to b…@example.com came back on {day.day} {day:%B} 2026." in asked
    say(public_client(), f"{own_page('bea')}question/answer/", now, subject="address",
        contact="newbea@example.com")  # fmt: skip
    assert "3 of 4 known: no birthday" in read(staff, f"/counter/{customer('bea').pk}/", now)
    bring_orders(tmp_path, [Bought("bea", day, "Dog food")], now=at(day, 20))
    for later in range(1, 46):
        morning_to_noon(day + timedelta(days=later))
    assert mailbox("bea") == []
    assert len(mailbox("newbea")) == 1


CRM = """Customer number;Name;E-mail;Birthday;Drinks coffee
1;Dolores Ruiz;dolores@example.com;2031-03-11;yes
2;Test;test@example.com;1990-03-31;no
3;Olga Berg;olga@example.com;1970-01-01;
"""


def test_what_is_wrong_stands_on_one_page_until_it_is_mended_or_found_fine(manager, client_of):
    years_ago = NOON - timedelta(days=800)
    bring_crm(manager, CRM, years_ago)
    night_before(NOON)
    office = client_of("supervisor")
    page = read(office, "/clean/", NOON)
    for words in (
        "Birthday: 11 March 2031",
        "Birthday: 1 January 1970",
        "Drinks coffee, from 31 December 2023; it holds for 730 days",
        "“Test” stands for the name",
    ):
        assert words in page
    only = read(office, "/clean/?kind=doubtful", NOON)
    assert "Birthday: 1 January 1970" in only
    assert "2031" not in only
    olga = Finding.objects.get(customer=customer("3"), kind="doubtful")
    kept = say(office, f"/clean/{olga.pk}/fine/", NOON, kind="doubtful")
    assert "Birthday: 1 January 1970" not in kept
    fine = read(office, "/clean/?kind=fine", NOON)
    assert "Birthday: 1 January 1970" in fine
    assert "one-supervisor" in fine
    night_before(NOON + timedelta(days=1))
    assert "1970" not in read(office, "/clean/?kind=doubtful", NOON + timedelta(days=1))
    say(public_client(), f"{own_page('1')}question/answer/", NOON,
        subject=f"attribute:{attribute_id('birthday')}", value="1990-03-11")  # fmt: skip
    assert "2031" not in read(office, "/clean/", NOON)


def attribute_id(code: str) -> int:
    return Attribute.objects.get(code=code).pk


def test_a_number_that_belongs_to_many_is_blocked_by_a_manager(client_of, manager):
    rows = "".join(f"{n};Person {n};+1 212 415 0000\n" for n in range(1, 8))
    bring_crm(manager, f"Customer number;Name;Phone\n{rows}", NOON)
    night_before(NOON)
    assert "phone …0000, seen with 6 other customers, too" in read(manager, "/clean/", NOON)
    finding = Finding.objects.get()
    supervisor = client_of("supervisor")
    with time_machine.travel(NOON, tick=False):
        assert supervisor.post(f"/clean/{finding.pk}/block/").status_code == 403
    say(manager, f"/clean/{finding.pk}/block/", NOON)
    assert "Nothing of this kind" in read(manager, "/clean/", NOON)
    assert "+12124150000" in IdentifierRule.objects.get(kind="phone").blocked
    with time_machine.travel(NOON, tick=False):
        found = client_of("counter").post("/counter/", {"q": "+12124150000"}).content.decode()
    assert "Nobody found" in found


def test_one_question_at_a_time_and_not_now_holds_at_every_door(client_of, manager):
    bring_crm(manager, CRM, NOON - timedelta(days=800))
    page, card = own_page("2"), f"/counter/{customer('2').pk}/"
    staff, visitor = client_of("counter"), public_client()
    assert "What may we call you?" in question_on(read(visitor, page, NOON))
    assert "Ask: what may we call you?" in question_on(read(staff, card, NOON))
    say(visitor, f"{page}question/later/", NOON, subject="name")
    assert question_on(read(visitor, page, NOON)) == ""
    assert question_on(read(staff, card, NOON)) == ""
    week = NOON + timedelta(days=7)  # another question then, and only one
    assert "Ask: is it still so? Drinks coffee" in question_on(read(staff, card, week))
    say(staff, f"{card}question/never/", week, subject=f"attribute:{attribute_id('drinks_coffee')}")
    month = NOON + timedelta(days=30)
    assert "What may we call you?" in question_on(read(visitor, page, month))
    say(visitor, f"{page}question/answer/", month, subject="name", name="Tess Tester")
    assert "Tess Tester" in read(staff, card, month)
    assert question_on(read(staff, card, month + timedelta(days=100))) == ""


def test_nothing_is_asked_during_a_complaint_and_looking_changes_nothing(client_of, manager):
    bring_crm(manager, CRM, NOON - timedelta(days=800))
    page, card = own_page("2"), f"/counter/{customer('2').pk}/"
    staff = client_of("counter")
    read(staff, card, NOON)
    before = {name: rows for name, rows in fingerprint().items() if "access" not in name}
    assert question_on(read(public_client(), page, NOON)) != ""
    assert question_on(read(staff, card, NOON)) != ""
    after = {name: rows for name, rows in fingerprint().items() if "access" not in name}
    assert after == before
    cases.open_case(
        customer=customer("2"), kind="complaint", source_ref="call:1", detail="Torn.",
        opened_by="staff:1", now=NOON,
    )  # fmt: skip
    assert question_on(read(public_client(), page, NOON)) == ""
    assert question_on(read(staff, card, NOON)) == ""
    told = say(public_client(), f"{page}question/answer/", NOON, subject="name", name="Tess")
    assert "Nothing was changed." in told
