"""S08: the usual, ordered on the own page for 07:10, stands in the store's list and is bought when handed over."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from cxportal.lib.links import LinkPurpose, token_for
from profiles.models import Company, Pickup, Place, Purchase
from tests.stories.doors import Bought, bring_orders, customer, public_client

MONDAY = date(2026, 3, 9)
EVENING = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
# Ten past seven in Vienna.
TEN_PAST = datetime(2026, 3, 10, 6, 10, tzinfo=UTC)


@pytest.fixture
def page(tmp_path):
    """The page of a customer who has a coffee at Main Street on most working mornings at about ten past seven."""
    Company.objects.update(time_zone="Europe/Vienna")
    days = (MONDAY - timedelta(days=back) for back in range(60))
    lines = [
        Bought("dolores", day, "Large coffee", price="4.20", at=time(6, 8 + n % 5))
        for n, day in enumerate(days)
        if day.weekday() < 5
    ]
    bring_orders(tmp_path, lines, now=EVENING)
    Place.objects.create(code="old-market", name="Old Market", kind="store")
    return f"/my/{token_for(LinkPurpose.MY_PAGE, str(customer('dolores').public_id))}/"


def seen(page: str, *, at: datetime = EVENING) -> str:
    with time_machine.travel(at, tick=False):
        return public_client().get(page).content.decode()


def field(html: str, name: str) -> str:
    """What a field of the order form holds when the page is opened."""
    section = html[html.index('id="coming"') :]
    if name == "store":
        return re.search(r'<option value="(\d+)" selected>Main Street', section)[1]
    return re.search(rf'name="{name}" value="([^"]+)"', section)[1]


def order(page: str, html: str, **changes: str):
    form = {name: field(html, name) for name in ("product", "once", "day", "at", "store")} | changes
    with time_machine.travel(EVENING, tick=False):
        return public_client().post(f"{page}order/", form, follow=True).content.decode()


def at_counter(client_of, store: str):
    browser = client_of("counter")
    browser.post("/counter/store/", {"store": Place.objects.get(name=store).pk})
    return browser


def test_her_usual_is_offered_where_and_when_she_takes_it(page):
    html = seen(page)
    assert "Large coffee" in html[html.index('id="coming"') :]
    assert (field(html, "day"), field(html, "at")) == ("2026-03-10", "07:10")
    assert "4.20 EUR" in html


def test_one_tap_and_the_store_hands_it_over_as_a_purchase(page, client_of):
    answer = order(page, seen(page))
    assert "Ordered: ready on Tuesday, 10 March at 07:10, Main Street." in answer
    staff = at_counter(client_of, "Main Street")
    bought = Purchase.objects.count()
    with time_machine.travel(TEN_PAST - timedelta(minutes=10), tick=False):
        assert "Orders ahead: 1" in staff.get("/counter/").content.decode()
        listed = staff.get("/counter/coming/").content.decode()
        assert "07:10" in listed
        assert "Dolores" in listed
        assert "Large coffee" in listed
        pickup = Pickup.objects.get()
        staff.post(f"/counter/coming/{pickup.pk}/ready/")
    assert "ready" in seen(page, at=TEN_PAST)
    assert Purchase.objects.count() == bought
    with time_machine.travel(TEN_PAST, tick=False):
        listed = staff.post(f"/counter/coming/{pickup.pk}/hand-over/", follow=True).content.decode()
    assert "Handed over" in listed
    purchase = Purchase.objects.order_by("-pk")[0]
    assert (purchase.customer, purchase.place.name) == (customer("dolores"), "Main Street")
    assert purchase.occurred_at == TEN_PAST
    assert list(purchase.lines.values_list("product__name", "unit_price_minor")) == [
        ("Large coffee", 420)
    ]


def test_another_store_does_not_see_it(page, client_of):
    order(page, seen(page))
    staff = at_counter(client_of, "Old Market")
    with time_machine.travel(TEN_PAST, tick=False):
        assert "Dolores" not in staff.get("/counter/coming/").content.decode()
        refused = staff.post(f"/counter/coming/{Pickup.objects.get().pk}/hand-over/")
    assert (refused.status_code, Pickup.objects.get().state) == (404, "requested")


def test_two_taps_are_one_order(page):
    html = seen(page)
    order(page, html)
    order(page, html)
    assert Pickup.objects.count() == 1


def test_she_cancels_and_takes_it_back(page, client_of):
    order(page, seen(page))
    pickup = Pickup.objects.get()
    with time_machine.travel(EVENING, tick=False):
        browser = public_client()
        cancelled = browser.post(f"{page}order/{pickup.pk}/cancel/", follow=True).content.decode()
        assert "Cancelled. Nothing is made." in cancelled
        assert "Undo: have it ready after all" in cancelled
        browser.post(f"{page}order/{pickup.pk}/undo/")
    assert Pickup.objects.get().state == "requested"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day": "2026-03-09", "at": "07:10"}, "That time is over already. Choose a later one."),
        ({"day": "2026-03-24"}, "That is too far ahead"),
        ({"at": "soon"}, "Choose a store, a day and a time."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_ordered(page, changes, words):
    assert words in order(page, seen(page), **changes)
    assert not Pickup.objects.exists()


def test_an_order_of_somebody_else_cannot_be_touched(page, tmp_path):
    order(page, seen(page))
    bring_orders(tmp_path, [Bought("eve", MONDAY, "Tea")], now=EVENING)
    other = token_for(LinkPurpose.MY_PAGE, str(customer("eve").public_id))
    refused = public_client().post(f"/my/{other}/order/{Pickup.objects.get().pk}/cancel/")
    assert (refused.status_code, Pickup.objects.get().state) == (404, "requested")
