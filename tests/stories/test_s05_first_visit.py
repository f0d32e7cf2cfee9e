"""S05: somebody new is known from that minute: at the counter, by the code at the till, in a shop's checkout."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import SandboxMessage
from campaigns.tasks import ask_confirmations
from profiles.models import ConsentEntry, Customer, Place
from profiles.rules.names import PlaceKind
from profiles.services import checkouts, consenting
from tests.stories.doors import at, link_in, mailbox

TODAY = date(2026, 3, 10)
REMIND = "You may remind me by e-mail when something is about to run out."
OFFERS = "You may write to me about offers and news by e-mail."
MARA = {"name": "Mara Lind", "contact": "mara@example.com"}


@pytest.fixture(autouse=True)
def shop(house, django_user_model):
    """A store, a web shop that may ask, and offers that are asked twice."""
    Place.objects.create(code="main-street", name="Main Street", kind=PlaceKind.STORE)
    consenting.publish_wording(purpose="reminders", language="en", text=REMIND)
    consenting.publish_wording(purpose="offers", language="en", text=OFFERS)
    consenting.require_confirmation(purpose="offers", is_needed=True)
    with time_machine.travel(at(TODAY, 9), tick=False):
        checkouts.settle_checkout(
            source=None,
            code="web-shop",
            name="Web shop",
            origins=["https://shop.example.com"],
            by=django_user_model.objects.create_user("boss"),
            now=at(TODAY, 8),
        )
        yield


def boxes(page: str) -> dict[str, str]:
    """The value of each box of a form, by its wording."""
    found = {}
    for text in (REMIND, OFFERS):
        before = page[: page.index(text)]
        found[text] = before.rpartition('name="agreed" value="')[2].partition('"')[0]
    assert " checked" not in page
    return found


def statements() -> list[tuple[str, str, str]]:
    rows = ConsentEntry.objects.order_by("pk").select_related("wording")
    return [(row.door, row.state, row.wording.text) for row in rows]


def test_staff_enrol_her_with_one_form_and_she_completes_it_herself(client_of):
    counter = client_of("counter")
    ticks = boxes(counter.get("/counter/enrol/").content.decode())
    card = counter.post("/counter/enrol/", MARA | {"agreed": [ticks[REMIND]]}, follow=True)
    assert "Mara Lind" in card.content.decode()
    assert statements() == [("counter", "granted", REMIND)]
    (letter,) = mailbox("mara")
    own = Client().get(link_in(letter, "my"))
    assert "Hello Mara" in own.content.decode()
    again = counter.post("/counter/enrol/", MARA | {"name": "M. Lind"})
    assert "known already" in again.content.decode()
    assert Customer.objects.count() == 1


def test_she_begins_it_herself_by_the_code_at_the_till(client_of):
    sheet = client_of("manager").get(f"/settings/doors/{Place.objects.get().pk}/").content.decode()
    assert "http://127.0.0.1:8000/join/main-street/" in sheet
    phone = Client()
    ticks = boxes(phone.get("/join/main-street/").content.decode())
    phone.post("/join/main-street/", MARA | {"agreed": list(ticks.values())})
    assert statements() == [("sign-up", "granted", REMIND), ("sign-up", "asked", OFFERS)]
    assert (
        "mara"
        in client_of("counter")
        .post("/counter/", {"q": "lind"}, follow=True)
        .content.decode()
        .lower()
    )
    ask_confirmations()
    welcome, confirm = mailbox("mara")
    assert phone.get(link_in(welcome, "my")).status_code == 200
    with time_machine.travel(at(TODAY + timedelta(days=2), 9), tick=False):
        phone.post(link_in(confirm, "confirm"))
    assert statements()[2:] == [("confirmation", "granted", OFFERS)]


def test_a_checkout_embeds_the_box_and_keeps_what_was_shown():
    browser = Client(HTTP_ORIGIN="https://shop.example.com", HTTP_ACCEPT="application/json")
    shown = browser.get("/checkout/web-shop/boxes.json").json()["boxes"]
    assert [box["text"] for box in shown] == [REMIND, OFFERS]
    form = {"email": "mara@example.com", "agreed": [shown[0]["wording"]]}
    assert browser.post("/checkout/web-shop/", form).json()["ok"]
    assert statements() == [("web-shop", "granted", REMIND)]
    assert Customer.objects.get().identifiers.get().value == "mara@example.com"


def test_nobody_learns_who_is_known():
    phone = Client()
    answers = {
        phone.post("/join/main-street/", MARA, follow=True).content.partition(b"<main")[2]
        for _ in range(2)
    }
    assert len(answers) == 1
    assert Customer.objects.count() == 1
    assert SandboxMessage.objects.count() == 1
