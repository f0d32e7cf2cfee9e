"""Customers over the API: found without an address that names them, made known once, corrected."""

from __future__ import annotations

import uuid

import pytest

from profiles.models import AccessRecord, Customer, Identifier, Profile
from profiles.services import merging
from tests.factories.profiles import IdentifierFactory, PlaceFactory, ProfileFactory, SourceFactory
from tests.profiles.api import System, at, rows, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def dolores():
    profile = ProfileFactory(external_id="C1", customer__name="Dolores Reyes")
    profile.home_customer = profile.customer
    profile.save()
    IdentifierFactory(origin_profile=profile, kind="phone", value="+12124151234")
    return profile


def test_the_end_of_a_phone_number_is_found_by_post(shop, dolores):
    found = shop.post("customers/search/", {"q": "1234"}).json()
    assert found == {
        "items": [
            {
                "id": str(dolores.customer.public_id),
                "name": "Dolores Reyes",
                "matched": "phone number",
                "contacts": ["phone …1234"],
            }
        ],
        "hint": "",
    }
    record = AccessRecord.objects.get()
    assert (record.act, record.detail, record.customer_id) == (
        "searched",
        "found 1",
        dolores.customer_id,
    )


def test_nobody_found_is_on_record_too(shop):
    answer = shop.post("customers/search/", {"q": "Nobody"}).json()
    assert answer["items"] == []
    assert AccessRecord.objects.get().detail == "found 0"


def test_a_customer_is_read_and_the_look_is_on_record(shop, dolores, now):
    answer = shop.get(at(dolores)).json()
    (phone,) = answer.pop("identifiers")
    assert (phone["kind"], phone["value"], phone["verified_at"]) == ("phone", "+12124151234", None)
    answer.pop("created_at")
    assert answer == {
        "id": str(dolores.customer.public_id),
        "name": "Dolores Reyes",
        "language": "",
        "time_zone": "",
        "home_store": None,
        "known_as": [{"source": "till", "number": "C1"}],
    }
    record = AccessRecord.objects.get()
    assert (record.actor, record.act, record.door) == (
        f"api:{shop.key.pk}",
        "looked",
        "profiles:api-customer",
    )
    assert (record.customer_id, record.occurred_at) == (dolores.customer_id, now)


def test_reading_costs_the_same_number_of_queries(shop, dolores, django_assert_num_queries):
    shop.get(at(dolores))
    # the key, the customer, profiles, identifiers, the record
    with django_assert_num_queries(6):
        shop.get(at(dolores))


def test_who_was_merged_answers_with_the_present_customer(shop, dolores, now):
    other = ProfileFactory()
    other.home_customer = other.customer
    other.save()
    merging.join(one=dolores, other=other, rule="person", actor="staff:1", now=now)
    old = Customer.objects.exclude(merged_into=None).get()
    answer = shop.get(f"customers/{old.public_id}/").json()
    assert answer["id"] == str(old.merged_into.public_id)
    assert [one["number"] for one in answer["known_as"]] == ["C1", other.external_id]


def test_who_was_erased_is_gone_and_who_never_was_is_not_there(shop, dolores, now):
    Customer.objects.filter(pk=dolores.customer_id).update(erased_at=now)
    assert said(shop.get(at(dolores))) == (410, "erased")
    assert said(shop.get(f"customers/{uuid.uuid4()}/")) == (404, "not_found")
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("asked", [{"number": "C1"}, {"number": "C1", "source": "till"}])
def test_a_number_leads_to_the_customer(shop, dolores, asked):
    assert shop.post("customers/lookup/", asked).json()["id"] == str(dolores.customer.public_id)


@pytest.mark.parametrize("number", ["null", " -1 ", "0000", "Anonymous"])
def test_a_number_that_stands_for_nobody_makes_nobody_known(shop, number):
    before = rows()
    answer = shop.post("customers/", {"number": number, "name": "Dolores Reyes"})
    assert said(answer) == (409, "identifies_nobody")
    assert rows() == before


@pytest.mark.parametrize("depth", [51, 400])
def test_a_body_too_deep_to_be_answered_is_refused(shop, dolores, depth):
    data: dict[str, object] = {}
    for _ in range(depth):
        data = {"in": data}
    call = {"kind": "call", "occurred_at": "2026-03-10T06:00:00Z", "data": data}
    before = rows()
    assert said(shop.post(at(dolores, "touchpoints/"), call)) == (400, "parse_error")
    assert rows() == before


def test_a_number_of_another_system_leads_nowhere(shop, dolores):
    SourceFactory(code="crm")
    asked = {"number": "C1", "source": "crm"}
    assert said(shop.post("customers/lookup/", asked)) == (404, "not_found")


def test_somebody_is_made_known_once(shop):
    PlaceFactory()
    body = {
        "number": "K7",
        "name": "  Aiden   Reyes ",
        "identifiers": {"email": "Aiden@Example.com", "phone": "(212) 415-1234"},
        "language": "de",
        "time_zone": "Europe/Vienna",
        "home_store": "main-street",
    }
    first, second = shop.post("customers/", body), shop.post("customers/", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    answer = first.json()
    assert (answer["name"], answer["language"], answer["time_zone"], answer["home_store"]) == (
        "Aiden Reyes",
        "de",
        "Europe/Vienna",
        "main-street",
    )
    assert [one["value"] for one in answer["identifiers"]] == ["aiden@example.com", "+12124151234"]
    assert Customer.objects.get().search_name == "aiden reyes"
    assert {record.act for record in AccessRecord.objects.all()} == {"changed"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"number": ""}, 400, "invalid"),
        ({"number": "K7", "name": "x" * 201}, 400, "invalid"),
        ({"number": "K7", "language": "Deutsch!"}, 400, "invalid"),
        ({"number": "K7", "home_store": "nowhere"}, 409, "place_unknown"),
        ({"number": "K7", "time_zone": "Mars/Base"}, 409, "time_zone_unknown"),
        ({"number": "K7", "identifiers": {"email": "none"}}, 409, "identifier_malformed"),
        ({"number": "K7", "identifiers": {"phone": "212 415 1234"}}, 409, "identifier_taken"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_stored(shop, dolores, body, status, code):
    before = rows()
    assert said(shop.post("customers/", body)) == (status, code)
    assert rows() == before


def test_whoever_is_known_by_it_is_named_as_the_api_names_them(shop, dolores):
    body = {"number": "K7", "identifiers": {"phone": "212 415 1234"}}
    assert shop.post("customers/", body).json()["data"] == {
        "kind": "phone",
        "customer": str(dolores.customer.public_id),
    }


def test_a_correction_changes_what_it_names_and_nothing_else(shop, dolores):
    PlaceFactory()
    shop.patch(at(dolores), {"language": "fr", "home_store": "main-street"})
    answer = shop.patch(at(dolores), {"name": "Dolores de los Reyes", "home_store": None}).json()
    assert (answer["name"], answer["language"], answer["home_store"]) == (
        "Dolores de los Reyes",
        "fr",
        None,
    )
    dolores.customer.refresh_from_db()
    assert dolores.customer.search_name == "dolores de los reyes"


def test_a_lent_name_that_is_written_anew_is_their_own(shop, dolores, now):
    nameless = ProfileFactory(customer__name="", customer__search_name="")
    nameless.home_customer = nameless.customer
    nameless.save()
    edge = merging.join(one=nameless, other=dolores, rule="person", actor="staff:1", now=now)
    present = Customer.objects.get(merged_into=None)
    other = dolores if present != dolores.customer else nameless
    shop.patch(at(other), {"name": "D. Reyes"})
    merging.part(edge=edge, by="staff:1", now=now)
    present.refresh_from_db()
    assert (present.name, present.borrowed) == ("D. Reyes", [])


def test_a_zone_that_is_none_changes_nothing(shop, dolores):
    before = rows()
    answer = shop.patch(at(dolores), {"name": "Other", "time_zone": "Mars/Base"})
    assert said(answer) == (409, "time_zone_unknown")
    assert rows() == before


def test_an_identifier_is_added_verified_and_removed(shop, dolores, now):
    body = {"kind": "email", "value": "Dolores@Example.com"}
    added = shop.post(at(dolores, "identifiers/"), body)
    assert (added.status_code, added.json()["value"]) == (201, "dolores@example.com")
    assert shop.post(at(dolores, "identifiers/"), body).json() == added.json()
    key = added.json()["id"]
    proven = shop.post(at(dolores, f"identifiers/{key}/verified/")).json()
    assert proven["verified_at"] == now.isoformat().replace("+00:00", "Z")
    assert shop.delete(at(dolores, f"identifiers/{key}/")).status_code == 204
    assert not Identifier.objects.filter(pk=key).exists()
    assert said(shop.delete(at(dolores, f"identifiers/{key}/"))) == (404, "not_found")


def test_an_identifier_of_somebody_else_is_not_touched(shop, dolores):
    theirs = IdentifierFactory()
    before = rows()
    assert said(shop.delete(at(dolores, f"identifiers/{theirs.pk}/"))) == (404, "not_found")
    taken = {"kind": "email", "value": theirs.value}
    assert said(shop.post(at(dolores, "identifiers/"), taken)) == (409, "identifier_taken")
    assert rows() == before


READS = ["customers/search/", "customers/lookup/"]


@pytest.mark.parametrize(("scopes", "status"), [(("events",), 403), (("write",), 403)])
def test_only_who_may_read_reads(dolores, now, scopes, status):
    system = System(*scopes, now=now)
    assert system.get(at(dolores)).status_code == status
    assert {system.post(path, {"q": "x", "number": "C1"}).status_code for path in READS} == {status}
    assert not AccessRecord.objects.exists()


def test_only_who_may_write_writes(dolores, now):
    system = System("read", now=now)
    before = rows()
    assert system.post("customers/", {"number": "K7"}).status_code == 403
    assert system.patch(at(dolores), {"name": "X"}).status_code == 403
    assert system.post(at(dolores, "identifiers/"), {}).status_code == 403
    assert rows() == before
    assert Profile.objects.count() == 1
