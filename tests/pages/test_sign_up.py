"""The sign-up page: a new profile from that minute, one answer for everybody, and no box ticked by itself."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from campaigns.models import SandboxMessage, SendingPolicy
from profiles.models import ConsentEntry, ConsentRule, Customer, Identifier
from profiles.rules.names import Purpose
from profiles.rules.privacy import Traces
from profiles.services import suppressing
from tests.factories.campaigns import ready_house, wording
from tests.factories.profiles import IdentifierFactory, PlaceFactory


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    wording(Purpose.REMINDERS)
    wording(Purpose.OFFERS)
    PlaceFactory()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def visitor() -> Client:
    return Client(REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="Firefox/140")


def join(visitor: Client, **form: object):
    given = {"name": "Mara Lind", "contact": "mara@example.com"}
    return visitor.post("/join/main-street/", given | form, follow=True)


def links() -> list[str]:
    return [
        line.partition("8000")[2]
        for message in SandboxMessage.objects.order_by("pk")
        for line in message.text.splitlines()
        if line.startswith("http")
    ]


def test_no_box_is_ticked_and_each_stands_with_its_wording(visitor):
    page = visitor.get("/join/main-street/").content.decode()
    assert "Welcome at Main Street" in page
    assert "You may write about offers." in page
    assert page.count('name="agreed"') == 2
    assert "checked" not in page
    assert not Customer.objects.exists()


def test_somebody_new_is_known_from_that_minute(visitor, now):
    answer = join(visitor, agreed=[wording(Purpose.OFFERS).pk])
    assert "Thank you" in answer.content.decode()
    mara = Customer.objects.get()
    assert (mara.name, mara.home_place.code, mara.created_at) == ("Mara Lind", "main-street", now)
    assert mara.identifiers.get().value == "mara@example.com"
    yes = ConsentEntry.objects.get()
    assert (yes.purpose, yes.state, yes.door, yes.actor, yes.wording) == (
        "offers", "granted", "sign-up", "customer", wording(Purpose.OFFERS),
    )  # fmt: skip
    assert (yes.evidence.ip_address, yes.evidence.user_agent) == ("198.51.100.7", "Firefox/140")
    (address,) = links()
    assert visitor.get(address).status_code == 200


def test_without_a_tick_there_is_no_consent(visitor):
    join(visitor)
    assert Customer.objects.count() == 1
    assert not ConsentEntry.objects.exists()


def test_where_it_is_asked_for_a_yes_waits_for_its_confirmation(visitor):
    ConsentRule.objects.filter(purpose="offers").update(needs_confirmation=True)
    join(visitor, agreed=[wording(Purpose.OFFERS).pk, wording(Purpose.REMINDERS).pk])
    states = ConsentEntry.objects.order_by("purpose").values_list("purpose", "state")
    assert list(states) == [("offers", "asked"), ("reminders", "granted")]


def test_a_known_address_gets_its_own_page_and_no_second_profile(visitor):
    known = IdentifierFactory(value="mara@example.com").customer
    first = join(visitor, contact="new@example.com").content.decode()
    answer = join(visitor, name="Somebody Else", contact=" Mara@Example.com ").content.decode()
    assert answer.partition("<main")[2] == first.partition("<main")[2]
    assert Customer.objects.count() == 2
    known.refresh_from_db()
    assert known.name != "Somebody Else"
    assert set(SandboxMessage.objects.values_list("recipient", flat=True)) == {
        "new@example.com", "mara@example.com",
    }  # fmt: skip
    assert visitor.get(links()[1]).status_code == 200


def test_a_strangers_tick_for_a_known_address_counts_only_when_it_is_confirmed(visitor, now):
    IdentifierFactory(value="mara@example.com")
    join(visitor, agreed=[wording(Purpose.OFFERS).pk])
    assert [entry.state for entry in ConsentEntry.objects.all()] == ["asked"]


def test_the_same_address_again_gets_no_second_mail_within_ten_minutes(visitor):
    for _ in range(3):
        join(visitor)
    assert Customer.objects.count() == 1
    assert len(links()) == 1


def test_a_phone_number_is_enough(visitor):
    join(visitor, contact="(212) 415-1234")
    assert Identifier.objects.get().value == "+12124151234"
    assert links() == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"contact": "12"}, "no phone number"),
        ({"contact": "mara@"}, "no e-mail address"),
        ({"contact": ""}, "Write an e-mail address or a phone number"),
        ({"name": " "}, "Write a name"),
        ({"name": "a\0b"}, "Null characters"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_stored(visitor, form, words):
    answer = join(visitor, **form, agreed=[wording(Purpose.OFFERS).pk])
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert page.count(" checked") == 1
    assert not Customer.objects.exists()


def test_a_program_that_fills_every_field_stores_nothing(visitor):
    assert "Thank you" in join(visitor, website="https://spam.example.com").content.decode()
    assert not Customer.objects.exists()


def test_sixty_in_an_hour_from_one_address_are_enough(visitor):
    for number in range(60):
        assert join(visitor, contact=f"m{number}@example.com").status_code == 200
    assert join(visitor, contact="one-more@example.com").status_code == 429
    assert Customer.objects.count() == 60


def test_a_stopped_house_takes_people_in_and_sends_nothing(visitor, now):
    SendingPolicy.objects.update(stopped_at=now)
    assert "the link to your own page comes later" in join(visitor).content.decode()
    assert Customer.objects.count() == 1
    assert not SandboxMessage.objects.exists()


def test_a_store_that_is_not_there_has_no_page(visitor):
    assert visitor.get("/join/nowhere/").status_code == 404
    assert visitor.get("/join/nowhere/done/").status_code == 404


def test_a_form_of_another_site_is_refused():
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/join/main-street/", {"name": "A", "contact": "b@c.de"}).status_code == 403
    assert not Customer.objects.exists()


def test_the_address_of_somebody_erased_is_answered_like_any_other(visitor, now):
    traces = Traces(identifiers=[("email", "", "mara@example.com")])
    suppressing.remember(traces=traces, now=now)
    other = join(visitor, contact="new@example.com").content.decode()
    answer = join(visitor).content.decode()
    assert answer.partition("<main")[2] == other.partition("<main")[2]
    assert Customer.objects.count() == 1
