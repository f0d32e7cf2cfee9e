"""The API of what is coming: only with the scope, repeatable, and clear where something is not known."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from profiles.api.json_bodies import LARGEST
from profiles.models import AccessRecord, Pickup, Purchase
from profiles.services import keys
from tests.factories.profiles import PlaceFactory, ProductFactory, ProfileFactory, SourceFactory
from tests.pages.tables import fingerprint

pytestmark = pytest.mark.django_db
RECORDED = {"profiles_accessrecord"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def api(now):
    """Return a client with a key of these scopes, whose rows come from the till."""

    def of(*scopes: str) -> Client:
        made = keys.create_key(
            name="Shop",
            scopes=scopes,
            source=SourceFactory(),
            random="y" * 30 + "".join(scopes),
            by=None,
            now=now,
        )
        return Client(headers={"Authorization": f"Bearer {made.secret}"})

    return of


@pytest.fixture
def order(now):
    PlaceFactory()
    ProductFactory(code="latte", name="Latte")
    ProfileFactory(external_id="C1")
    return {
        "number": "W-1",
        "customer": "C1",
        "kind": "order",
        "place": "main-street",
        "starts_at": (now + timedelta(hours=1)).isoformat(),
        "lines": [{"product": "latte", "quantity": "2", "unit_price_minor": 420}],
    }


def rows() -> dict[str, str]:
    """Every row but the record that somebody asked."""
    return {table: held for table, held in fingerprint().items() if table not in RECORDED}


def post(client: Client, body: dict, path: str = ""):
    return client.post(f"/api/v1/pickups/{path}", body, content_type="application/json")


def test_an_order_is_taken_once_moved_and_becomes_a_purchase(api, order):
    client = api("write")
    first = post(client, order)
    assert (first.status_code, first.json()["state"]) == (201, "requested")
    assert post(client, order).json() == first.json()
    assert Pickup.objects.count() == 1
    moved = post(client, {"number": "W-1", "state": "handed_over"}, "state/").json()
    assert (moved["state"], moved["purchase"]) == ("handed_over", Purchase.objects.get().pk)
    refused = post(client, {"number": "W-1", "state": "cancelled"}, "state/")
    assert (refused.status_code, refused.json()["code"]) == (409, "pickup_not_moved")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"customer": "C2"}, 409, "not_known"),
        ({"place": "elsewhere"}, 409, "not_known"),
        ({"lines": [{"product": "mocha", "unit_price_minor": 1}]}, 409, "not_known"),
        ({"lines": []}, 409, "pickup_refused"),
        ({"kind": "meal"}, 400, "invalid"),
        ({"starts_at": "soon"}, 400, "invalid"),
        ({"wish": "x" * 301}, 400, "invalid"),
        ({"wish": "\0"}, 400, "parse_error"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_is_stored(api, order, change, status, code):
    client = api("write")
    post(client, {})  # writes down that the key is used
    before = rows()
    answer = post(client, order | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert rows() == before


def keyed(client: Client, body: dict, key: str, path: str = ""):
    address = f"/api/v1/pickups/{path}"
    headers = {"Idempotency-Key": key}
    return client.post(address, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("path", ["", "state/"])
def test_under_an_idempotency_key_nothing_is_done_twice(api, order, path):
    client = api("write")
    body = order if not path else {"number": "W-1", "state": "ready"}
    if path:
        post(client, order)
    first = keyed(client, body, "a", path)
    post(client, {"number": "W-1", "state": "handed_over"}, "state/")
    before, seen = rows(), changed()
    again = keyed(client, body, "a", path)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again["Idempotency-Replayed"] == "true"
    other = keyed(client, body | {"number": "W-2"}, "a", path)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert rows() == before
    assert changed() == [*seen, ("changed", Pickup.objects.get().customer_id)]


def changed() -> list[tuple[str, int]]:
    return list(AccessRecord.objects.order_by("pk").values_list("act", "customer_id"))


def test_a_change_and_a_list_are_on_record_for_whom_they_name(api, order):
    post(api("write"), order)
    api("read").get("/api/v1/pickups/at/main-street/")
    customer = Pickup.objects.get().customer_id
    assert changed() == [("changed", customer), ("looked", customer)]


def test_a_request_has_an_end_and_is_json(api, order):
    client = api("write")
    too_large = post(client, order | {"wish": "x" * LARGEST})
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")
    form = client.post("/api/v1/pickups/", {"number": "W-1"})
    assert (form.status_code, form.json()["code"]) == (415, "unsupported_media_type")
    assert not Pickup.objects.exists()


def test_a_key_that_asks_too_often_waits_at_every_door(api, order, settings):
    settings.API_REQUESTS_PER_SECOND = 1
    client = api("read", "write")
    asks = [
        lambda: post(client, order),
        lambda: post(client, {"number": "W-1", "state": "ready"}, "state/"),
        lambda: client.get("/api/v1/pickups/at/main-street/"),
    ]
    assert [ask().status_code for ask in [*asks, asks[0]]] == [201, 200, 200, 201]
    for ask in asks:
        refused = ask()
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
        assert refused["Retry-After"] == "1"


def test_a_store_is_listed_for_who_may_read(api, order):
    post(api("write"), order)
    listed = api("read").get("/api/v1/pickups/at/main-street/").json()
    assert [(one["kind"], one["lines"]) for one in listed] == [("order", ["2 × Latte"])]


@pytest.mark.parametrize(("scopes", "status"), [((), 401), (("events",), 403), (("read",), 403)])
def test_nobody_else_asks(api, order, scopes, status):
    client = api(*scopes) if scopes else Client()
    assert post(client, order).status_code == status
    assert not Pickup.objects.exists()
