"""The ways in: a code for each store, and which pages of which shop may ask."""

from __future__ import annotations

import pytest

from cxportal.pages.access import Role
from profiles.models import Source
from profiles.rules.names import SourceKind
from tests.factories.profiles import PlaceFactory, SourceFactory

GIVEN = {"name": "Web shop", "code": "web-shop", "origins": "https://Shop.example.com/checkout\n"}


@pytest.fixture(autouse=True)
def place(db):
    return PlaceFactory()


def test_each_store_has_its_code_and_a_sheet_to_print(manager, place):
    page = manager.get("/settings/doors/").content.decode()
    assert "http://127.0.0.1:8000/join/main-street/" in page
    assert "<svg" in page
    sheet = manager.get(f"/settings/doors/{place.pk}/").content.decode()
    assert "New at Main Street?" in sheet
    assert "data-print" in sheet
    assert manager.get("/settings/doors/999999/").status_code == 404


def test_an_administrator_opens_a_checkout_and_gets_its_tag(administrator):
    page = administrator.post("/settings/doors/", GIVEN, follow=True).content.decode()
    shop = Source.objects.get(code="web-shop")
    assert (shop.kind, shop.origins) == (SourceKind.PAGE, ["https://shop.example.com"])
    assert "/static/js/consent.js&quot; data-shop=&quot;web-shop&quot;" in page


def test_the_page_shows_which_pages_may_ask_one_a_line(administrator):
    both = GIVEN | {"origins": "https://b.example.com\nhttps://a.example.com"}
    page = administrator.post("/settings/doors/", both, follow=True).content.decode()
    assert ">https://a.example.com\nhttps://b.example.com</textarea>" in page


def test_the_pages_that_may_ask_are_changed_and_taken_back(administrator):
    administrator.post("/settings/doors/", GIVEN)
    change = {"change": "yes", "name": "Web shop", "code": "web-shop"}
    more = change | {"origins": "https://a.example.com https://b.example.com:8443"}
    administrator.post("/settings/doors/", more)
    origins = ["https://a.example.com", "https://b.example.com:8443"]
    assert Source.objects.get(code="web-shop").origins == origins
    administrator.post("/settings/doors/", change | {"origins": ""})
    assert Source.objects.get(code="web-shop").origins == []
    administrator.post("/settings/doors/", GIVEN)
    assert Source.objects.get(code="web-shop").origins == ["https://shop.example.com"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"origins": "shop.example.com"}, "is no origin"),
        ({"origins": "https://*.example.com"}, "is no origin"),
        ({"code": "till"}, "is there already"),
        ({"code": "web shop"}, "valid"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(administrator, form, words):
    SourceFactory()
    answer = administrator.post("/settings/doors/", GIVEN | form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert [source.code for source in Source.objects.all()] == ["till"]
    assert Source.objects.get().origins == []


def test_a_checkout_that_asks_is_not_taken_over_by_another_of_its_code(administrator):
    administrator.post("/settings/doors/", GIVEN)
    other = GIVEN | {"origins": "https://other.example.com"}
    assert administrator.post("/settings/doors/", other).status_code == 422
    assert Source.objects.get(code="web-shop").origins == ["https://shop.example.com"]


def test_a_manager_reads_and_does_not_change(manager):
    assert manager.post("/settings/doors/", GIVEN).status_code == 403
    assert not Source.objects.filter(code="web-shop").exists()


def test_nobody_else_opens_it(browser_of):
    assert browser_of(Role.COUNTER).get("/settings/doors/").status_code == 403
