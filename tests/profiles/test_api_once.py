"""A request under an idempotency key is answered once; what cannot be read is refused; a key has its share."""

from __future__ import annotations

import json

import pytest
from django.db import connection, connections
from django.test import Client

from profiles.api.json_bodies import LARGEST
from profiles.models import AccessRecord, Customer, IdempotencyRecord, Profile
from tests.factories.profiles import ProfileFactory
from tests.profiles.api import System, at, rows, said

pytestmark = pytest.mark.django_db
BODY = {"kind": "note", "name": "Asked for oat milk", "occurred_at": "2026-03-09T10:00:00Z"}


@pytest.fixture
def profile():
    return ProfileFactory(external_id="C1")


def note(shop, profile, key, body=BODY):
    return shop.post(at(profile, "touchpoints/"), body, **{"Idempotency-Key": key})


def test_the_same_request_gets_the_same_answer_and_is_done_once(shop, profile):
    first, second = note(shop, profile, "a"), note(shop, profile, "a", dict(reversed(BODY.items())))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert profile.customer.touchpoints.count() == 1
    assert [r.customer_id for r in AccessRecord.objects.all()] == [profile.customer_id] * 2
    assert note(shop, profile, "b").json()["id"] != first.json()["id"]


def test_another_request_under_the_key_is_refused(shop, profile):
    note(shop, profile, "a")
    before = rows()
    other = note(shop, profile, "a", BODY | {"name": "Something else"})
    assert said(other) == (422, "idempotency_key_reused")
    assert rows() == before


def test_a_refusal_is_not_kept_and_can_be_tried_again(shop, profile):
    body = BODY | {"place": "nowhere"}
    assert said(note(shop, profile, "a", body)) == (409, "place_unknown")
    assert not IdempotencyRecord.objects.exists()
    assert note(shop, profile, "a").status_code == 201


def test_keys_of_two_systems_are_two(shop, profile, now):
    other = System("read", "write", now=now, source="crm")
    first, second = note(shop, profile, "a"), note(other, profile, "a")
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("key", ["x" * 201, "ü"])
def test_a_key_that_is_none_is_said(shop, profile, key):
    assert said(note(shop, profile, key)) == (400, "idempotency_key_malformed")


def test_a_replayed_enrolment_is_a_look_at_whom_it_names(shop):
    for _ in range(2):
        shop.post("customers/", {"number": "K1"}, **{"Idempotency-Key": "a"})
    customer = Customer.objects.get()
    assert [r.customer_id for r in AccessRecord.objects.all()] == [customer.pk, customer.pk]


@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_being_answered_is_not_begun_again(shop, profile):
    with connection.cursor() as cursor:
        name = f"{shop.key.pk}:a"
        other = connections.create_connection("default")
        try:
            with other.cursor() as holding:
                holding.execute("BEGIN")
                holding.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
                assert said(note(shop, profile, "a")) == (409, "request_under_way")
        finally:
            other.close()
        cursor.execute("SELECT count(*) FROM profiles_touchpoint")
        assert cursor.fetchone() == (0,)
    assert note(shop, profile, "a").status_code == 201


# --- bodies ---------------------------------------------------------------------------------------


def raw(shop, body, content_type="application/json"):
    return shop._client.post("/api/v1/customers/", body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'{"number": "a\\u0000"}',
        b'{"number": "\\ud800"}',
        b'{"number": "a", "name": NaN}',
        b'{"number": "a", "x": 1e999}',
        b'{"number": "\xff"}',
        b"[" * 100_000,
        b'{"number": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(shop, body):
    before = rows()
    answer = raw(shop, body)
    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "message", "data"}
    assert rows() == before


def test_a_byte_order_mark_is_read_over(shop):
    assert raw(shop, b'\xef\xbb\xbf{"number": "a"}').status_code == 201


def test_a_body_has_an_end(shop):
    body = json.dumps({"number": "a", "name": "x" * LARGEST})
    assert said(raw(shop, body)) == (413, "too_large")
    assert not Profile.objects.exists()


def test_only_json_is_taken(shop):
    answer = raw(shop, "number=a", "application/x-www-form-urlencoded")
    assert said(answer) == (415, "unsupported_media_type")


# --- who may, how often ---------------------------------------------------------------------------


def test_without_a_key_nothing_is_said(db, profile):
    answer = Client().get(f"/api/v1/{at(profile)}")
    assert said(answer) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_key_that_does_not_hold_opens_nothing(db, profile):
    answer = Client(headers={"Authorization": "Bearer cx_none"}).get(f"/api/v1/{at(profile)}")
    assert said(answer) == (401, "authentication_failed")


def test_a_key_that_asks_too_often_waits(shop, profile, settings):
    settings.API_REQUESTS_PER_SECOND = 2
    statuses = [shop.get(at(profile)).status_code for _ in range(9)]
    assert statuses == [200] * 8 + [429]
    refused = shop.get(at(profile))
    assert said(refused) == (429, "throttled")
    assert refused["Retry-After"] == "1"


@pytest.mark.parametrize(
    "path", ["nothing/", "customers/12/", "customers/none/facts/", "customers"]
)
def test_an_address_that_is_none_answers_as_the_others_do(shop, path):
    assert said(shop.get(path)) == (404, "not_found")


def test_a_method_that_is_none_says_which_are(shop):
    answer = shop.delete("customers/")
    assert said(answer) == (405, "method_not_allowed")
    assert answer["Allow"] == "POST, OPTIONS"
