"""The doors of events keep the contract that real clients were measured to need."""

from __future__ import annotations

import gzip
import json
import zlib
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client

from profiles.models import EventKey, InboundEvent
from profiles.services import keys
from tests.profiles.events import WRITE_KEY, basic, post, track, write_key

pytestmark = pytest.mark.django_db
NAMES = "identify track page screen group alias".split()


@pytest.fixture(autouse=True)
def key(now):
    with time_machine.travel(now, tick=False):
        yield write_key(now).key


def stored() -> int:
    return InboundEvent.objects.count()


def code(answer) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"code", "message"}
    assert all(isinstance(each, str) for each in body.values())
    return answer.status_code, body["code"]


# --- addresses and answers ------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", NAMES)
def test_each_address_takes_its_kind_of_event_long_and_short(name, slash):
    event = {"userId": "u1", "event": "Opened", "previousId": "u0"}
    for number, path in enumerate([name, name[0]]):
        answer = post(f"/v1/{path}{slash}", event | {"messageId": f"{name}{number}"})
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    kinds = InboundEvent.objects.values_list("payload__type", flat=True)
    assert list(kinds) == [name, name]


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/", "/v1/b", "/v1/b/"])
def test_a_batch_is_taken_and_what_it_says_for_all_goes_into_each(path, now):
    events = [track(1, context={"locale": "de"}), track(2)]
    body = {"batch": events, "sentAt": "2026-03-10T06:05:00Z", "context": {"app": "x"}}
    assert post(path, body).json() == {"success": True}
    one, other = InboundEvent.objects.order_by("pk")
    assert one.payload["context"] == {"app": "x", "locale": "de"}
    assert other.payload["context"] == {"app": "x"}
    assert {one.payload["sentAt"], other.payload["sentAt"]} == {"2026-03-10T06:05:00Z"}
    assert (one.received_at, one.reason, one.source.code) == (now, "", "shop")


def test_an_empty_batch_is_a_success():
    assert post("/v1/batch", {"batch": []}).status_code == 200
    assert stored() == 0


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("get", "/v1/track", (405, "method_not_allowed")),
        ("put", "/v1/batch", (405, "method_not_allowed")),
        ("post", "/v1/nothing", (404, "not_found")),
        ("get", "/v1/projects/unknown/settings", (404, "not_found")),
    ],
)
def test_other_addresses_and_methods_get_json(method, path, expected):
    assert code(getattr(Client(), method)(path)) == expected


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("application/json", {"Content-Encoding": "gzip"}),
        ("application/json", {}),
        ("application/x-www-form-urlencoded", {"Content-Encoding": "gzip"}),
        ("application/x-www-form-urlencoded", {}),
        ("multipart/form-data; boundary=x", {}),
        ("text/plain; charset=utf-7", {}),
    ],
)
def test_gzip_is_known_by_its_bytes_whatever_the_headers_say(content_type, encoding):
    body = {"batch": [track()]}
    answer = post("/v1/batch", body, zipped=True, content_type=content_type, **encoding)
    assert answer.json() == {"success": True}
    assert stored() == 1


def test_a_proxy_that_inflated_the_body_and_left_the_header_does_no_harm():
    answer = post("/v1/track", track(), **{"Content-Encoding": "gzip"})
    assert (answer.status_code, stored()) == (200, 1)


def test_the_browser_sends_text_and_names_its_key_in_the_body():
    body = track() | {"writeKey": WRITE_KEY, "sentAt": "2026-03-10T06:05:00Z"}
    answer = post("/v1/t", body, key=None, content_type="text/plain")
    assert answer.json() == {"success": True}
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "writeKey" not in InboundEvent.objects.get().payload


def test_a_byte_order_mark_is_read_over():
    answer = post("/v1/track", b"\xef\xbb\xbf" + json.dumps(track()).encode())
    assert (answer.status_code, stored()) == (200, 1)


BROKEN = [
    (b"", (400, "invalid_json")),
    (b"{", (400, "invalid_json")),
    (b"{} {}", (400, "invalid_json")),
    (b"[]", (400, "not_an_object")),
    (b'"text"', (400, "not_an_object")),
    (b"null", (400, "not_an_object")),
    (b'{"batch": {}}', (400, "batch_missing")),
    (b"{}", (400, "batch_missing")),
    ('{"batch": []}'.encode("utf-16"), (400, "not_utf8")),
    (b'{"batch": ["\xff"]}', (400, "not_utf8")),
    (b"\x1f\x8bnonsense", (400, "body_broken")),
    (gzip.compress(b'{"batch": []}', mtime=0)[:-4], (400, "body_broken")),
    (b'{"batch":' + b"[" * 100_000 + b"]" * 100_000 + b"}", (400, "invalid_json")),
    (urlencode({"batch": "[]"}).encode(), (400, "invalid_json")),
]


@pytest.mark.parametrize(("body", "expected"), BROKEN)
def test_what_cannot_be_read_is_refused_whole(body, expected):
    assert code(post("/v1/batch", body)) == expected
    assert stored() == EventKey.objects.count() == 0


def test_a_bomb_is_given_up_while_it_is_inflated():
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 1024**2) for _ in range(200)) + packer.flush()
    assert len(bomb) < 250_000
    assert code(post("/v1/batch", bomb)) == (413, "too_large")


def test_a_batch_of_four_megabytes_is_taken_and_a_larger_one_told_why_not():
    events = [track(n, properties={"text": "x" * 30_000}) for n in range(135)]
    assert post("/v1/batch", {"batch": events}, zipped=True).status_code == 200
    assert stored() == 135
    assert code(post("/v1/batch", {"batch": events * 2})) == (413, "too_large")


def test_ten_thousand_events_at_once_get_a_clear_answer():
    answer = post("/v1/batch", {"batch": [{"userId": "u"}] * 10_000})
    assert code(answer) == (413, "too_many_events")
    assert "2500" in answer.json()["message"]
    assert stored() == 0


# --- who is calling -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [basic(), basic(colon=False), f"Bearer {WRITE_KEY}", basic(f"{WRITE_KEY}:secret", colon=False)],
)
def test_the_key_is_read_from_the_header_in_each_form(header):
    assert (
        post("/v1/batch", {"batch": [track()]}, key=None, Authorization=header).status_code == 200
    )


def test_a_token_of_another_authority_leaves_the_key_to_the_body():
    body = {"batch": [track()], "writeKey": WRITE_KEY}
    assert post("/v1/batch", body, key=None, Authorization="Bearer abc").status_code == 200


@pytest.mark.parametrize(
    ("header", "body_key"),
    [("", None), ("", 7), ("", "cx_unknown"), (basic("cx_unknown"), WRITE_KEY), ("Basic %%", None)],
)
def test_nobody_comes_in_without_a_key_that_holds(header, body_key):
    body = {"batch": [track()], "writeKey": body_key}
    answer = post("/v1/batch", body, key=None, **({"Authorization": header} if header else {}))
    assert code(answer) == (401, "unauthorized")
    assert "WWW-Authenticate" in answer
    assert stored() == 0


def test_a_revoked_key_and_one_for_other_things_open_nothing(key, now, admin_user):
    write_key(now, "read", random="r" * 30)
    assert code(post("/v1/track", track(), key=f"{keys.PREFIX}{'r' * 30}")) == (403, "forbidden")
    keys.revoke(key=key, by=admin_user, now=now)
    assert code(post("/v1/track", track())) == (401, "unauthorized")
    assert stored() == 0


def test_a_client_that_runs_wild_is_told_when_to_come_again(settings):
    settings.EVENTS_PER_SECOND = 7
    batch = {"batch": [{"userId": "u", "type": "page"}] * 2500}
    assert post("/v1/batch", batch).status_code == 200
    answer = post("/v1/batch", batch)
    assert code(answer) == (429, "too_many_requests")
    assert answer["Retry-After"].isdecimal()
    assert 300 <= int(answer["Retry-After"]) <= 358
    assert stored() == 2500


# --- browsers -------------------------------------------------------------------------------------


def test_browsers_of_any_site_may_ask_and_send():
    answer = Client().options(
        "/v1/t",
        headers={"Origin": "https://shop.example.com", "Access-Control-Request-Headers": "x-retry"},
    )
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Headers"] == "x-retry"
    assert "POST" in answer["Access-Control-Allow-Methods"]


def test_the_browsers_client_is_told_where_to_send_events():
    answer = Client().get(f"/v1/projects/{WRITE_KEY}/settings", headers={"Host": "127.0.0.1:8000"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    settings = answer.json()["integrations"]["Segment.io"]
    assert (settings["apiKey"], settings["apiHost"], settings["protocol"]) == (
        WRITE_KEY,
        "127.0.0.1:8000/v1",
        "http",
    )


def test_a_secret_key_is_no_project(now):
    write_key(now, "events", "read", random="s" * 30)
    answer = Client().get(f"/v1/projects/{keys.PREFIX}{'s' * 30}/settings")
    assert code(answer) == (404, "not_found")


# --- what it costs --------------------------------------------------------------------------------


def test_a_batch_of_a_hundred_costs_as_many_queries_as_one(django_assert_max_num_queries):
    post("/v1/batch", {"batch": [track(0)]})
    with django_assert_max_num_queries(6):
        post("/v1/batch", {"batch": [track(n) for n in range(1, 101)]})
    assert stored() == 101
