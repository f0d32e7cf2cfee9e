"""The browser's client of Segment, unmodified, in a page of somebody else's shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from profiles.models import InboundEvent
from tests.clients import npm
from tests.clients.arrivals import check_arrived
from tests.profiles.events import WRITE_KEY, write_key

pytestmark = [pytest.mark.browser, pytest.mark.npm, pytest.mark.django_db(transaction=True)]
PAGE = b'<!doctype html><title>Shop</title><script src="/index.js"></script>'
SEND = """([key, server]) => {
    const analytics = window.AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: server });
    analytics.identify("web-1", { name: "Zoë 😀", email: "web-1@example.com" });
    analytics.track("Opened", { plan: "gold" });
}"""


class _Shop(SimpleHTTPRequestHandler):
    """Serves the shop's page beside the client's own files."""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    """The address of a shop: another origin than ours, and like ours on this machine, as browsers ask."""
    bundles = npm.installed() / "@segment/analytics-next/dist/umd"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Shop, directory=str(bundles)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_it_asks_for_its_settings_and_its_events_arrive(live_server, transactional_db, shop, page):
    write_key(datetime.now(UTC))
    page.goto(shop)
    with (
        page.expect_response(lambda answer: answer.url.endswith("/v1/i")) as identified,
        page.expect_response(lambda answer: answer.url.endswith("/v1/t")) as tracked,
    ):
        page.evaluate(SEND, [WRITE_KEY, live_server.url])
    assert (identified.value.status, tracked.value.status) == (200, 200)
    assert InboundEvent.objects.count() == 2
    check_arrived("web-1")
