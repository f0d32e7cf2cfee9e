"""Facts and consents over the API: with where they come from, and never a delicate one without a yes."""

from __future__ import annotations

import pytest

from profiles.models import ConsentEntry, FactValue
from profiles.rules.purposes import special_wording
from profiles.services import consenting
from tests.factories.facts import AttributeFactory, note
from tests.factories.profiles import IdentifierFactory, ProfileFactory
from tests.profiles.api import System, at, rows, said

pytestmark = pytest.mark.django_db
MOMENT = "2026-03-10T06:05:00Z"


@pytest.fixture
def profile():
    AttributeFactory(code="drink", name="Drink")
    AttributeFactory(code="diet-of", name="Diet", sensitivity="special", purpose="to serve you")
    return ProfileFactory()


def test_a_fact_is_told_listed_and_outranked_by_the_customer(shop, profile, now):
    note(profile.customer, "drink", "coffee", now)
    told = shop.post(at(profile, "facts/"), {"attribute": "drink", "value": "tea"})
    assert (told.status_code, told.json()) == (
        201,
        {
            "attribute": "drink",
            "value": "tea",
            "manner": "told",
            "occurred_at": MOMENT,
            "confidence": 1.0,
        },
    )
    own = {"attribute": "drink", "value": "cocoa", "in_person": True}
    shop.post(at(profile, "facts/"), own)
    shop.post(at(profile, "facts/"), {"attribute": "drink", "value": "water"})
    assert shop.get(at(profile, "facts/")).json()["items"] == [
        {
            "attribute": "drink",
            "value": "cocoa",
            "manner": "told",
            "told_by": "customer",
            "source": "Till",
            "occurred_at": MOMENT,
            "confidence": 1.0,
        }
    ]
    assert FactValue.objects.count() == 4


def test_what_the_customer_deleted_is_not_brought_back(shop, profile):
    shop.post(at(profile, "facts/"), {"attribute": "drink", "value": "tea"})
    assert shop.delete(at(profile, "facts/drink/")).status_code == 204
    shop.post(at(profile, "facts/"), {"attribute": "drink", "value": "tea"})
    assert shop.get(at(profile, "facts/")).json() == {"items": []}
    assert said(shop.delete(at(profile, "facts/none/"))) == (404, "not_found")


def test_a_special_category_needs_its_sentence_and_is_told(shop, profile):
    body = {"attribute": "diet-of", "value": "vegan"}
    before = rows()
    refused = shop.post(at(profile, "facts/"), body)
    assert said(refused) == (409, "not_agreed")
    seen = shop.post(at(profile, "facts/"), body | {"manner": "seen"})
    assert said(seen) == (409, "special_only_told")
    assert rows() == before
    sentence = special_wording("Diet", "to serve you")
    assert refused.json()["data"] == {"sentence": sentence}
    assert shop.post(at(profile, "facts/"), body | {"agreed_to": sentence}).status_code == 201
    # It is not for those who serve the customer, and so not listed.
    assert shop.get(at(profile, "facts/")).json() == {"items": []}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"attribute": "none", "value": "x"}, 409, "attribute_unknown"),
        ({"attribute": "drink", "value": None}, 400, "invalid"),
        ({"attribute": "drink", "value": {"a": 1}}, 409, "value_malformed"),
        ({"attribute": "drink", "value": "x", "manner": "guessed"}, 400, "invalid"),
        ({"attribute": "drink", "value": "x", "confidence": 0.5}, 409, "confidence_impossible"),
        ({"attribute": "drink", "value": "x", "occurred_at": "2027-01-01T00:00Z"}, 400, "invalid"),
        ({"attribute": "drink", "value": "x", "occurred_at": "0001-01-01T00:00Z"}, 400, "invalid"),
    ],
)
def test_what_cannot_be_a_fact_is_said_and_nothing_is_stored(shop, profile, body, status, code):
    before = rows()
    assert said(shop.post(at(profile, "facts/"), body)) == (status, code)
    assert rows() == before


def test_attributes_in_use_are_listed(shop, profile):
    AttributeFactory(code="old", is_active=False)
    codes = [one["code"] for one in shop.get("attributes/").json()["items"]]
    assert "drink" in codes
    assert "old" not in codes


# --- consent --------------------------------------------------------------------------------------


@pytest.fixture
def wording(db):
    return consenting.publish_wording(purpose="offers", language="en", text="Write to me.")


def state(shop, profile, purpose="offers"):
    items = shop.get(at(profile, "consents/")).json()["items"]
    return next(one for one in items if one["purpose"] == purpose)


def test_a_yes_is_kept_with_its_wording_and_a_no_ends_it(shop, profile, wording):
    body = {
        "purpose": "offers",
        "language": "en",
        "version": 1,
        "occurred_at": "2026-03-01T10:00:00Z",
        "evidence": {"ip_address": "198.51.100.7", "user_agent": "Browser"},
    }
    given = shop.post(at(profile, "consents/"), body)
    assert (given.status_code, given.json()["state"]) == (201, "granted")
    assert shop.post(at(profile, "consents/"), body).json() == given.json()
    entry = ConsentEntry.objects.get()
    assert (entry.wording, entry.door, entry.actor) == (wording, "till", f"api:{shop.key.pk}")
    assert entry.evidence.ip_address == "198.51.100.7"
    assert state(shop, profile)["state"] == "granted"
    gone = shop.post(at(profile, "consents/withdrawals/"), {"purpose": "offers"})
    assert (gone.status_code, gone.json()["state"]) == (201, "withdrawn")
    assert state(shop, profile) == {
        "purpose": "offers",
        "channel": "email",
        "state": "withdrawn",
        "occurred_at": MOMENT,
        "door": "till",
        "waits_since": None,
    }


def test_a_yes_that_has_to_be_confirmed_waits(shop, profile, wording):
    consenting.require_confirmation(purpose="offers", is_needed=True)
    IdentifierFactory(origin_profile=profile, value="dolores@example.com")
    body = {"purpose": "offers", "language": "en", "version": 1, "email": "Dolores@example.com"}
    assert shop.post(at(profile, "consents/"), body).json()["state"] == "asked"
    held = state(shop, profile)
    assert (held["state"], held["waits_since"]) == ("", MOMENT)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"version": 2}, 409, "wording_missing"),
        ({"language": "xx"}, 409, "wording_missing"),
        ({"purpose": "special"}, 400, "invalid"),
        ({"purpose": "reminders"}, 409, "wording_missing"),
        ({"email": "other@example.com"}, 409, "identifier_unknown"),
        ({"evidence": {"ip_address": "none"}}, 400, "invalid"),
        ({"occurred_at": "2026-02-30T10:00:00Z"}, 400, "invalid"),
    ],
)
def test_what_proves_nothing_is_refused(shop, profile, wording, change, status, code):
    before = rows()
    body = {"purpose": "offers", "language": "en", "version": 1} | change
    assert said(shop.post(at(profile, "consents/"), body)) == (status, code)
    assert rows() == before


def test_wordings_are_listed_in_their_newest_version(shop, wording):
    consenting.publish_wording(purpose="offers", language="en", text="Write to me, please.")
    newest = [one for one in shop.get("wordings/").json()["items"] if one["purpose"] == "offers"]
    assert [
        (one["language"], one["version"], one["text"]) for one in newest if one["language"] == "en"
    ] == [("en", 2, "Write to me, please.")]


def test_a_receipt_says_what_was_said(shop, profile, wording):
    body = {"purpose": "offers", "language": "en", "version": 1}
    shop.post(at(profile, "consents/"), body)
    receipt = shop.get(at(profile, "consents/receipt/")).json()
    assert receipt["pii_principal_id"] == str(profile.customer.public_id)
    assert [one["state"] for one in receipt["records"]] == ["granted"]


def test_lists_cost_the_same_number_of_queries(shop, profile, django_assert_num_queries):
    shop.get("attributes/")  # writes down that the key is used
    # the key, the customer, what is asked for, the record
    with django_assert_num_queries(5):
        shop.get(at(profile, "facts/"))
    with django_assert_num_queries(6):
        shop.get(at(profile, "consents/"))


def test_only_who_may_write_writes(profile, now):
    system = System("read", now=now)
    before = rows()
    assert system.post(at(profile, "facts/"), {}).status_code == 403
    assert system.delete(at(profile, "facts/drink/")).status_code == 403
    assert system.post(at(profile, "consents/"), {}).status_code == 403
    assert system.post(at(profile, "consents/withdrawals/"), {}).status_code == 403
    assert rows() == before
