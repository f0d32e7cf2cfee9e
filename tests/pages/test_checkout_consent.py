"""The consent box in a shop's checkout: the wording that was shown, from pages that may ask, and no leak."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from profiles.models import ConsentEntry, ConsentRule, Customer, Source
from profiles.rules.names import Purpose, SourceKind
from profiles.services import consenting
from tests.factories.campaigns import consent, ready_house, wording
from tests.factories.profiles import IdentifierFactory

SHOP = "https://shop.example.com"
SCRIPT = {"HTTP_ORIGIN": SHOP, "HTTP_ACCEPT": "application/json"}


@pytest.fixture(autouse=True)
def shop(db, now):
    ready_house()
    wording(Purpose.REMINDERS)
    wording(Purpose.OFFERS)
    with time_machine.travel(now, tick=False):
        yield Source.objects.create(
            code="web-shop", name="Web shop", kind=SourceKind.PAGE, origins=[SHOP]
        )


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True, REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT="Firefox")


def agree(browser: Client, **form: object):
    given = {"email": "mara@example.com", "agreed": ["offers.en.1"]}
    return browser.post("/checkout/web-shop/", given | form, **SCRIPT)


def statements() -> list[tuple[str, str, str]]:
    rows = ConsentEntry.objects.order_by("pk")
    return [(row.purpose, row.state, row.wording.text) for row in rows]


def test_the_script_gets_the_present_wordings_of_its_language(browser):
    consenting.publish_wording(purpose=Purpose.OFFERS, language="de", text="Angebote per E-Mail.")
    answer = browser.get("/checkout/web-shop/boxes.json?language=de-AT", **SCRIPT)
    assert answer.json() == {
        "company": "My company",
        "language": "de",
        "boxes": [
            {
                "wording": "reminders.en.1",
                "purpose": "reminders",
                "title": "Reminders to buy again",
                "text": "You may write about reminders.",
                "language": "en",
            },
            {
                "wording": "offers.de.1",
                "purpose": "offers",
                "title": "Offers and news",
                "text": "Angebote per E-Mail.",
                "language": "de",
            },
        ],
    }
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" in answer["Vary"]


def test_what_was_ticked_is_kept_with_the_version_that_was_shown(browser, shop):
    consenting.publish_wording(purpose=Purpose.OFFERS, language="en", text="Newer words.")
    answer = agree(browser)
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert statements() == [("offers", "granted", "You may write about offers.")]
    yes = ConsentEntry.objects.get()
    assert (yes.door, yes.actor, yes.origin_profile.source) == ("web-shop", "customer", shop)
    assert (yes.evidence.ip_address, yes.evidence.user_agent) == ("198.51.100.7", "Firefox")
    assert agree(browser).json() == answer.json()
    assert ConsentEntry.objects.count() == 1


def test_a_plain_form_is_answered_by_a_page(browser):
    form = {"email": "mara@example.com", "agreed": ["offers.en.1", "reminders.en.1"]}
    answer = browser.post("/checkout/web-shop/", form, HTTP_ORIGIN=SHOP)
    assert "Thank you" in answer.content.decode()
    assert [row[:2] for row in statements()] == [("offers", "granted"), ("reminders", "granted")]


def test_double_opt_in_where_it_is_asked(browser):
    ConsentRule.objects.filter(purpose="offers").update(needs_confirmation=True)
    agree(browser, agreed=["offers.en.1", "reminders.en.1"])
    assert [row[:2] for row in statements()] == [("offers", "asked"), ("reminders", "granted")]


def test_a_strangers_yes_lifts_nobodys_no_and_tells_nothing(browser):
    known = IdentifierFactory(value="mara@example.com").customer
    consent(known, "withdrawn", Purpose.OFFERS)
    answer = agree(browser)
    assert answer.json() == agree(browser, email="new@example.com").json()
    held = ConsentEntry.objects.standing([known.pk], ConsentEntry.objects.last().occurred_at)
    assert held[known.pk, "offers", "email"].state == "withdrawn"
    assert [e.state for e in known.consents.order_by("pk")] == ["withdrawn", "asked"]


def test_a_language_other_than_the_houses_is_kept_with_the_customer(browser):
    consenting.publish_wording(purpose=Purpose.OFFERS, language="de", text="Angebote per E-Mail.")
    agree(browser, agreed=["offers.de.1"])
    assert Customer.objects.get().language == "de"


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "https://shop.example.com.evil.com", "null", ""]
)
def test_only_pages_that_may_ask_are_heard(browser, origin):
    form = {"email": "mara@example.com", "agreed": ["offers.en.1"]}
    answer = browser.post("/checkout/web-shop/", form, HTTP_ORIGIN=origin)
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer
    shown = browser.get("/checkout/web-shop/boxes.json", HTTP_ORIGIN=origin)
    assert "Access-Control-Allow-Origin" not in shown
    assert not Customer.objects.exists()


def test_a_shop_that_asks_no_more_is_not_there(browser, shop):
    Source.objects.update(origins=[])
    assert agree(browser).status_code == 404
    assert browser.get("/checkout/web-shop/boxes.json").status_code == 404


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"email": "mara@"}, 422),
        ({"email": ""}, 422),
        ({"agreed": []}, 422),
        ({"agreed": ["offers.en.99"]}, 422),
        ({"agreed": ["special.en.1"]}, 422),
        ({"agreed": ["offers.en.²", "x\0.en.1", "." * 50, "9" * 30]}, 422),
        ({"name": "a\0b"}, 422),
        ({"website": "https://spam.example.com"}, 200),
    ],
)
def test_what_is_wrong_stores_nothing(browser, form, status):
    assert agree(browser, **form).status_code == status
    assert not Customer.objects.exists()


def test_the_browser_may_ask_first(browser):
    answer = browser.options("/checkout/web-shop/", HTTP_ORIGIN=SHOP)
    assert (answer.status_code, answer["Access-Control-Allow-Methods"]) == (204, "GET, POST")
    assert browser.options("/checkout/web-shop/", HTTP_ORIGIN="https://a.com").status_code == 403


def test_sixty_in_an_hour_from_one_address_are_enough(browser):
    for number in range(60):
        assert agree(browser, email=f"m{number}@example.com").status_code == 200
    assert agree(browser, email="one-more@example.com").status_code == 429
    assert Customer.objects.count() == 60
