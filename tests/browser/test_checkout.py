"""The box in a shop's checkout, in a real browser: another origin, one script tag, no box ticked by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from profiles.models import ConsentEntry, Source
from profiles.rules.names import Purpose, SourceKind
from tests.factories.campaigns import ready_house, wording

PAGE = """<!doctype html><html lang="en"><title>Checkout</title>
<form onsubmit="location.hash = 'paid'; return false"><label>E-mail <input type="email" name="email"></label>
<script src="{cx}/static/js/consent.js" data-shop="web-shop" async></script>
<button>Pay</button></form></html>"""


@pytest.fixture
def checkout(live_server, transactional_db) -> Iterator[str]:
    """A shop on an origin of its own, whose checkout embeds our script."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.format(cx=live_server.url).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def asks(checkout):
    """The shop may ask, in the present words."""
    ready_house()
    wording(Purpose.REMINDERS)
    wording(Purpose.OFFERS)
    return Source.objects.create(
        code="web-shop", name="Web shop", kind=SourceKind.PAGE, origins=[checkout]
    )


def test_what_a_customer_ticks_is_kept_when_they_pay(page, checkout, asks):
    page.goto(checkout)
    boxes = page.locator("fieldset.cxportal-consent input[type=checkbox]")
    page.get_by_text("You may write about offers.").wait_for()
    assert [boxes.nth(n).is_checked() for n in range(boxes.count())] == [False, False]
    page.get_by_label("E-mail").fill("mara@example.com")
    page.get_by_label("You may write about offers.").check()
    with page.expect_response(lambda answer: answer.request.method == "POST") as posted:
        page.get_by_role("button", name="Pay").click()
    assert posted.value.status == 200
    entry = ConsentEntry.objects.get()
    assert (entry.purpose, entry.state, entry.door) == ("offers", "granted", "web-shop")
    assert entry.customer.identifiers.get().value == "mara@example.com"


def test_without_a_tick_nothing_is_sent(page, checkout, asks):
    posts = []
    page.on("request", lambda sent: posts.append(sent) if sent.method == "POST" else None)
    page.goto(checkout)
    page.get_by_text("You may write about offers.").wait_for()
    page.get_by_label("E-mail").fill("mara@example.com")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**#paid")
    assert posts == []


def test_a_page_that_may_not_ask_shows_no_box(page, checkout, asks):
    Source.objects.update(origins=["https://shop.example.com"])
    page.goto(checkout)
    page.wait_for_load_state("networkidle")
    assert page.locator("fieldset.cxportal-consent").count() == 0
