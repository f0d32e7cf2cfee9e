"""Enrolment at the counter: nobody twice, every box unticked, the card at once and a link by mail."""

from __future__ import annotations

import pytest
import time_machine

from campaigns.models import SandboxMessage, SendingPolicy
from cxportal.pages.access import Role
from loyalty.services.setting_up import ensure_programme
from profiles.models import ConsentEntry, ConsentRule, Customer, Identifier
from profiles.rules.names import Purpose, folded
from tests.factories.campaigns import ready_house, wording
from tests.factories.profiles import CustomerFactory, IdentifierFactory, PlaceFactory


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    wording(Purpose.REMINDERS)
    wording(Purpose.OFFERS)
    PlaceFactory()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def counter(browser_of):
    return browser_of(Role.COUNTER)


def enrol(counter, **form: object):
    given = {"name": "Mara Lind", "contact": "mara@example.com"}
    return counter.post("/counter/enrol/", given | form, follow=True)


def test_the_counter_offers_it_under_a_key(counter):
    assert 'href="/counter/enrol/" data-key="n"' in counter.get("/counter/").content.decode()


def test_boxes_stand_with_their_wording_and_nobody_ticked_them(counter):
    page = counter.get("/counter/enrol/").content.decode()
    assert "You may write about reminders." in page
    assert page.count('name="agreed"') == 2
    assert "checked" not in page


def test_one_form_leads_to_the_card(counter, staff, now):
    answer = enrol(counter, agreed=[wording(Purpose.REMINDERS).pk])
    mara = Customer.objects.get()
    assert answer.redirect_chain == [(f"/counter/{mara.pk}/", 302)]
    page = answer.content.decode()
    assert "Mara Lind" in page
    assert "A link to complete the profile is on its way" in page
    assert (mara.home_place.code, mara.profiles.get().source.kind) == ("main-street", "counter")
    yes = ConsentEntry.objects.get()
    assert (yes.purpose, yes.state, yes.door) == ("reminders", "granted", "counter")
    assert yes.actor == f"staff:{staff(Role.COUNTER).pk}"
    mail = SandboxMessage.objects.get()
    assert mail.recipient == "mara@example.com"
    link = next(line for line in mail.text.splitlines() if line.startswith("http"))
    assert counter.get(link.partition("8000")[2]).status_code == 200


def test_a_yes_that_needs_confirmation_says_so(counter):
    ConsentRule.objects.update(needs_confirmation=True)
    page = enrol(counter, agreed=[wording(Purpose.OFFERS).pk]).content.decode()
    assert "counts once they confirm it by mail" in page
    assert "offers and news by e-mail: yes, not confirmed yet" in page
    assert ConsentEntry.objects.get().state == "asked"


def test_a_known_contact_is_shown_instead_of_stored_twice(counter):
    known = IdentifierFactory(kind="phone", value="+12124151234").customer
    answer = enrol(counter, contact="212 415 1234", agreed=[wording(Purpose.OFFERS).pk])
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "known already" in page
    assert f'href="/counter/{known.pk}/"' in page
    assert Customer.objects.count() == 1
    assert not ConsentEntry.objects.exists()


def test_a_namesake_is_asked_about_first(counter):
    known = CustomerFactory(name="Mára  Lind", search_name=folded("Mára  Lind"))
    page = enrol(counter).content.decode()
    assert "Is it one of them?" in page
    assert f'href="/counter/{known.pk}/"' in page
    assert not Identifier.objects.exists()
    enrol(counter, sure="yes")
    assert Identifier.objects.get().customer != known


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"contact": "nonsense"}, "no phone number"),
        ({"contact": ""}, "Write an e-mail address or a phone number"),
        ({"name": ""}, "Write a name"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_stored(counter, form, words):
    answer = enrol(counter, **form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Customer.objects.exists()


def test_a_stopped_house_enrols_and_says_that_no_link_went_out(counter, now):
    SendingPolicy.objects.update(stopped_at=now)
    assert "the link to their page was not sent" in enrol(counter).content.decode()
    assert Customer.objects.count() == 1
    assert not SandboxMessage.objects.exists()


def test_without_an_address_there_is_no_link(counter):
    page = enrol(counter, contact="(212) 415-1234").content.decode()
    assert "Without an e-mail address there is no link" in page
    assert not SandboxMessage.objects.exists()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR])
def test_who_has_no_counter_enrols_nobody(browser_of, role):
    assert enrol(browser_of(role)).status_code == 403
    assert not Customer.objects.exists()
