"""The rule over versions of a fact, and what a value may be: no database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from profiles.rules.facts import (
    Malformed,
    Schema,
    Version,
    normal_value,
    origin_in_words,
    present,
    value_in_words,
)
from profiles.rules.names import AttributeType, Manner, Sensitivity

NOW = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
TOLD, SEEN, CONCLUDED = Manner.TOLD, Manner.SEEN, Manner.CONCLUDED


def version(number, value, manner=TOLD, actor="customer", days=10, **changes):
    return Version(number, value, manner, actor, NOW - timedelta(days=days), **changes)


def believed(*versions, **schema):
    found = present(versions, Schema(**schema), NOW)
    return found and found.value


# --- which version --------------------------------------------------------------------------------


def test_nothing_said_nothing_known():
    assert believed() is None


def test_ranks_customer_staff_told_seen_concluded_whatever_their_age():
    ranked = [
        version(1, "customer", days=50),
        version(2, "staff", actor="staff:4", days=40),
        version(3, "file", actor="file:9", days=30),
        version(4, "seen", SEEN, "file:9", days=20),
        version(5, "concluded", CONCLUDED, "rule:baskets", days=10),
    ]
    while ranked:
        assert believed(*reversed(ranked)) == ranked.pop(0).value


def test_a_correction_outlives_the_next_import():
    assert believed(version(1, "tea", days=9), version(2, "coffee", actor="file:9", days=1)) == (
        "tea"
    )


def test_the_newest_of_the_same_standing_counts_and_of_one_time_the_last_written():
    assert believed(version(1, "a", days=2), version(2, "b", days=1)) == "b"
    assert believed(version(2, "b", days=1), version(1, "a", days=1)) == "b"


def test_the_order_of_sources_counts_before_age():
    crm = version(1, "crm", SEEN, "file:1", days=9, source="crm")
    shop = version(2, "shop", SEEN, "file:2", days=1, source="shop")
    till = version(3, "till", SEEN, "file:3", days=0, source="till")
    assert believed(crm, shop, till, outranks=["crm", "shop"]) == "crm"
    assert believed(shop, till, outranks=["crm", "shop"]) == "shop"
    assert believed(crm, shop, till) == "till"


def test_a_value_is_believed_for_as_long_as_it_holds():
    assert believed(version(1, "tea", days=29), holds_days=30) == "tea"
    assert believed(version(1, "tea", days=30), holds_days=30) is None
    old_word, guess = version(1, "tea", days=99), version(2, "coffee", CONCLUDED, "rule:x", days=3)
    assert believed(old_word, guess, holds_days=30) == "coffee"


def test_the_future_and_what_was_taken_back_are_not_known():
    assert believed(version(1, "tea", days=-1)) is None
    assert believed(version(1, "tea", is_taken_back=True)) is None


@pytest.mark.parametrize("manner", [SEEN, CONCLUDED])
@pytest.mark.parametrize("days", [20, 1])
def test_a_deleted_value_does_not_come_back_by_itself(manner, days):
    guess = version(1, True, manner, "rule:baskets", days=days)
    assert believed(guess, version(2, None, days=10)) is None


def test_no_import_brings_a_deleted_value_back():
    assert believed(version(1, None, days=10), version(2, "x", actor="file:9", days=1)) is None


@pytest.mark.parametrize("actor", ["customer", "staff:4"])
def test_what_is_told_anew_in_person_lifts_a_deletion(actor):
    deletion = version(1, None, days=10)
    assert believed(deletion, version(2, "x", actor=actor, days=1)) == "x"
    assert believed(deletion, version(2, "x", actor=actor, days=11)) is None


def test_taking_a_deletion_back_leaves_what_stood_before():
    guess = version(1, True, CONCLUDED, "rule:baskets", days=20)
    assert believed(guess, version(2, None, is_taken_back=True)) is True


def test_a_deletion_never_grows_old():
    guess = version(1, True, CONCLUDED, "rule:baskets", days=1)
    assert believed(guess, version(2, None, days=400), holds_days=30) is None


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"is_agreed": True}, "x"),
        ({}, None),
        ({"is_agreed": True, "manner": SEEN}, None),
        ({"is_agreed": True, "manner": CONCLUDED}, None),
    ],
)
def test_a_special_category_is_believed_only_when_told_and_agreed_to(changes, value):
    assert believed(version(1, "x", **changes), sensitivity=Sensitivity.SPECIAL) == value


# --- what a value may be --------------------------------------------------------------------------

DIETS = ["vegan", "Eats everything"]


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "  The   Times\n", "The Times"),
        ("text", "Cafe\u0301 👩‍👧", "Café 👩‍👧"),
        ("text", "مرحبا", "مرحبا"),
        ("number", "70", 70),
        ("number", "70.50 kg", 70.5),
        ("number", " -3KG ", -3),
        ("number", Decimal("2.5"), 2.5),
        ("number", 4.0, 4),
        ("yes_no", True, True),
        ("yes_no", "No", False),
        ("yes_no", "1", True),
        ("date", "2019-05-04", "2019-05-04"),
        ("date", date(2020, 2, 29), "2020-02-29"),
        ("choice", "VEGAN", "vegan"),
        ("choices", "eats everything; vegan", ["vegan", "Eats everything"]),
        ("choices", ["vegan", "vegan"], ["vegan"]),
    ],
)
def test_values_are_kept_in_one_form(kind, raw, value):
    schema = Schema(type=AttributeType(kind), unit="kg", choices=DIETS)
    kept = normal_value(raw, schema)
    assert kept == value
    assert type(kept) is type(value)


@pytest.mark.parametrize(
    ("kind", "raw", "reason"),
    [
        ("text", "a\0b", "unreadable"),
        ("text", "\ud800", "unreadable"),
        ("text", "   ", "empty"),
        ("text", 7, "not_text"),
        pytest.param("text", "a" * 501, "too_long", id="501 letters"),
        pytest.param("text", "a" * 10_000_000, "too_long", id="ten megabytes"),
        ("number", "NaN", "not_a_number"),
        ("number", float("nan"), "out_of_range"),
        ("number", float("inf"), "out_of_range"),
        ("number", Decimal("NaN"), "out_of_range"),
        ("number", "70 lb", "other_unit"),
        ("number", "1,5", "other_unit"),
        pytest.param("number", "9" * 5000, "not_a_number", id="5,000 digits"),
        pytest.param("number", 10**5000, "out_of_range", id="a number of 5,000 digits"),
        ("number", True, "not_a_number"),
        ("number", None, "not_a_number"),
        ("yes_no", "maybe", "not_yes_or_no"),
        ("yes_no", 0.0, "not_yes_or_no"),
        ("yes_no", [], "not_yes_or_no"),
        ("date", "0001-01-01", "out_of_range"),
        ("date", "9999-12-31", "out_of_range"),
        ("date", "2026-02-29", "not_a_date"),
        ("date", datetime(2026, 1, 1, tzinfo=UTC), "not_a_date"),
        ("date", "4.5.2019", "not_a_date"),
        ("choice", "carnivore", "not_a_choice"),
        ("choice", None, "not_a_choice"),
        ("choices", [], "not_a_choice"),
        ("choices", "vegan;x", "not_a_choice"),
        ("choices", 3, "not_a_choice"),
    ],
)
def test_what_cannot_be_a_value_is_refused_with_a_reason(kind, raw, reason):
    with pytest.raises(Malformed) as refusal:
        normal_value(raw, Schema(type=AttributeType(kind), unit="kg", choices=DIETS))
    assert refusal.value.reason == reason
    assert str(refusal.value).endswith(".")


# --- in words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (version(1, "x"), "Told by you on 28 February 2026."),
        (version(1, "x", actor="staff:4"), "Told to our staff on 28 February 2026."),
        (version(1, "x", actor="file:1"), "Told to us through CRM on 28 February 2026."),
        (version(1, "x", SEEN, "file:1"), "Seen by us at CRM on 28 February 2026."),
        (
            version(1, "x", CONCLUDED, "rule:baskets"),
            "Concluded by us on 28 February 2026, 7 in 10 likely.",
        ),
    ],
)
def test_says_where_a_fact_came_from(one, words):
    assert origin_in_words(one, source="CRM", chance="7 in 10", day=one.occurred_at.date()) == words


def test_says_several_choices_in_one_line():
    schema = Schema(type=AttributeType.CHOICES, choices=["a", "b"])
    assert value_in_words(["a", "b"], schema) == "a, b"
