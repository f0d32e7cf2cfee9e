"""Household and wishes at the counter: what comes first, what staff keep, and who may."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from cxportal.pages.access import Role
from cxportal.pages.my_known import Agreement
from loyalty.services.setting_up import ensure_programme
from profiles.models import ConsentEntry, FactValue, HouseholdMember, HouseholdWarning
from profiles.rules.purposes import WARNINGS_WORDING
from tests.factories.campaigns import reachable_customer, ready_house
from tests.factories.facts import attribute, child, note, tell, warn_of
from tests.factories.profiles import IdentifierFactory


@pytest.fixture(autouse=True)
def house(db, now):
    ready_house()
    ensure_programme()
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def mira(browser_of):
    return browser_of(Role.COUNTER)


@pytest.fixture
def dolores():
    return reachable_customer("Dolores Reyes")


AGREED = {"agreed": "yes", "wording": Agreement(WARNINGS_WORDING).mark}


def card(client, customer) -> str:
    return client.get(f"/counter/{customer.pk}/").content.decode()


def say(client, customer, said: str, **form: object) -> str:
    address = f"/counter/{customer.pk}/household/{said}/"
    return client.post(address, form, follow=True).content.decode()


def test_what_must_be_minded_stands_above_everything(mira, dolores, now):
    warn_of(dolores, now, child(dolores, now, born_on=date(2019, 5, 4)))
    warn_of(dolores, now, None, text="also traces")
    text = card(mira, dolores)
    assert "Household: Aiden (6)" in text
    assert text.index("<strong>Nuts: also traces</strong>") < text.index("<strong>Nuts</strong>")
    assert text.index("<strong>Nuts</strong>") < text.index("Dolores Reyes</h1>")
    assert "Told on 10 March 2026" in text


def test_staff_read_what_was_told_and_not_what_was_concluded(mira, dolores, now):
    tell(dolores, "newspaper", "The Times", now)
    note(dolores, "diet", "vegan", now)
    text = card(mira, dolores)
    assert "Newspaper: The Times" in text
    assert "vegan" not in text


def test_staff_add_a_child_and_the_allergy_that_they_were_told(mira, dolores, staff):
    say(mira, dolores, "add", name="Aiden", role="child")
    aiden = HouseholdMember.objects.get(name="Aiden")
    say(mira, dolores, "warn", member=aiden.pk, allergen="nuts", **AGREED)
    by = f"staff:{staff(Role.COUNTER).pk}"
    assert HouseholdWarning.objects.get().told_by == by
    consent = ConsentEntry.objects.get(purpose="special")
    assert (consent.actor, consent.door, consent.state) == (by, "counter", "granted")
    assert "Nuts" in card(mira, dolores)


def test_without_the_customers_yes_no_allergy_is_kept(mira, dolores):
    assert "toast-error" in say(mira, dolores, "warn", allergen="nuts")
    assert not HouseholdWarning.objects.exists()


def test_another_customer_moves_in_by_a_whole_contact(mira, dolores):
    other = reachable_customer("Ernesto Reyes")
    IdentifierFactory(origin_profile=other.profiles.get(), value="ernesto@example.com")
    assert "Ernesto Reyes" in say(mira, dolores, "join", contact="ernesto@example.com")
    assert "toast-error" in say(mira, dolores, "join", contact="nobody@example.com")
    assert HouseholdMember.objects.count() == 2


def test_staff_keep_a_wish_and_take_it_back(mira, dolores, staff):
    pk = attribute("newspaper").pk
    address = f"/counter/{dolores.pk}/fact/{pk}"
    mira.post(f"{address}/tell/", {"value": "Le Monde"})
    kept = FactValue.objects.get()
    assert (kept.value, kept.manner, kept.actor) == (
        "Le Monde",
        "told",
        f"staff:{staff(Role.COUNTER).pk}",
    )
    assert "Newspaper: Le Monde" in card(mira, dolores)
    mira.post(f"{address}/undo/", {"statement": kept.pk})
    assert "Le Monde" not in card(mira, dolores)


def test_what_is_not_for_staff_is_not_there(mira, dolores):
    pk = attribute("losing_weight").pk
    answer = mira.post(f"/counter/{dolores.pk}/fact/{pk}/tell/", {"value": "yes"})
    assert answer.status_code == 404
    assert not FactValue.objects.exists()


@pytest.mark.parametrize("said", ["explode", "tell"])
def test_what_cannot_be_said_is_not_there(mira, dolores, said):
    assert mira.post(f"/counter/{dolores.pk}/household/{said}/").status_code == 404


@pytest.mark.parametrize("role", [Role.COUNTER, Role.SUPERVISOR, Role.MANAGER])
def test_opens_to(browser_of, dolores, role):
    assert browser_of(role).get(f"/counter/{dolores.pk}/household/").status_code == 200


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR])
def test_stays_closed_to_who_has_no_business_with_customers(browser_of, dolores, role):
    browser = browser_of(role)
    pk = attribute("newspaper").pk
    assert browser.get(f"/counter/{dolores.pk}/household/").status_code == 403
    for address in ("household/add/", f"fact/{pk}/tell/"):
        assert browser.post(f"/counter/{dolores.pk}/{address}", {"name": "x"}).status_code == 403
    assert not HouseholdMember.objects.exists()
