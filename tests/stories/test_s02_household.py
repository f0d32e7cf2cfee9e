"""S02: the children's allergy stands above every suggestion, at every counter, told once on her page."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Place
from tests.stories.doors import Bought, at, bring_orders, customer, every, public_client

LAST = date(2026, 2, 3)
EVENING = date(2026, 3, 10)


@pytest.fixture
def page(tmp_path) -> str:
    """The own page of a customer with beans due."""
    lines = [
        Bought("dolores", day, "Hazelnut beans", name="Dolores Reyes")
        for day in every(35, until=LAST, times=9)
    ]
    bring_orders(tmp_path, lines, now=at(LAST, 20))
    with time_machine.travel(at(LAST, 21), tick=False):
        return f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer('dolores').public_id))}/"


def tell_of_aiden(page: str) -> None:
    """Add the child and his allergy as a browser does, with what the forms hold."""
    browser = public_client()
    with time_machine.travel(at(LAST, 21), tick=False):
        child = {"name": "Aiden", "role": "child", "born_on": "2019-05-04"}
        text = browser.post(f"{page}household/add/", child, follow=True).content.decode()
        form = text[text.index(f'action="{page}household/warn/"') :].split("</form>")[0]
        member = re.search(r'<option value="(\d+)">Aiden', form)[1]
        mark = re.search(r'name="wording" value="(\w+)"', form)[1]
        warning = {"member": member, "allergen": "nuts", "agreed": "yes", "wording": mark}
        browser.post(f"{page}household/warn/", warning)


def card(client_of, store: str = "") -> str:
    browser = client_of("counter")
    if store:
        place = Place.objects.create(code=store, name=store, kind="store")
        browser.post("/counter/store/", {"store": place.pk})
    with time_machine.travel(at(EVENING, 18), tick=False):
        address = f"/counter/{customer('dolores').pk}/"
        return browser.get(address).content.decode()


def test_the_warning_stands_above_every_suggestion(page, client_of):
    tell_of_aiden(page)
    text = card(client_of, "Harbour")
    assert "<strong>Harbour</strong>" in text
    alert = text.index("Household: Aiden (6)")
    assert "<strong>Nuts</strong>" in text[alert : alert + 80]
    assert "Told on 3 February 2026" in text
    assert alert < text.index("Dolores Reyes</h1>")
    assert alert < text.index("The usual now") < text.index("Best next")


def test_without_a_word_from_her_there_is_no_warning(page, client_of):
    assert "alert-allergy" not in card(client_of)


def test_once_she_takes_it_back_no_counter_shows_it(page, client_of):
    tell_of_aiden(page)
    with time_machine.travel(at(LAST + timedelta(days=1), 9), tick=False):
        public_client().post(f"{page}delicate/withdraw/")
    assert "alert-allergy" not in card(client_of)
