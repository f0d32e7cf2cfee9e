"""Finding a customer: what is found, in which order, and what never is."""

from __future__ import annotations

import pytest
from django.db import connection

from profiles.queries import search
from profiles.rules.names import IdentifierKind, folded
from tests.factories.profiles import IdentifierFactory, ProfileFactory, PurchaseFactory


def person(name: str, **contacts: str):
    profile = ProfileFactory(customer__name=name, customer__search_name=folded(name))
    for kind, value in contacts.items():
        IdentifierFactory(origin_profile=profile, kind=IdentifierKind(kind), value=value)
    return profile.customer


@pytest.fixture
def people(db):
    return {
        "dolores": person(
            "Dolores Reyes", phone="+12124154471", email="dolores@example.com", card="C4711A99"
        ),
        "jose": person("José Ångström-Łuk", phone="+12124158020"),
        "maria": person("Maria Gruber", phone="+436641234471"),
        "wei": person("王伟", phone="+12124150000"),
    }


def names(text: str) -> list[str]:
    return [one.name for one in search.find(text, region="US").found]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("dolores@example.com", ["Dolores Reyes"]),
        (" Dolores@EXAMPLE.com ", ["Dolores Reyes"]),
        ("8020", ["José Ångström-Łuk"]),
        ("020", ["José Ångström-Łuk"]),
        ("(212) 415-8020", ["José Ångström-Łuk"]),
        ("+1 212 415 8020", ["José Ångström-Łuk"]),
        ("c4711a99", ["Dolores Reyes"]),
        ("1a99", ["Dolores Reyes"]),
        ("4471 reyes", ["Dolores Reyes"]),
        ("reyes dolores", ["Dolores Reyes"]),
        ("rey", ["Dolores Reyes"]),
        ("jose angstrom", ["José Ångström-Łuk"]),
        ("ÅNGSTRÖM", ["José Ångström-Łuk"]),
        ("luk", ["José Ångström-Łuk"]),
        ("王伟", ["王伟"]),
        ("Doloers Reyse", ["Dolores Reyes"]),
        ("Dolorse", ["Dolores Reyes"]),
        ("Grubber", ["Maria Gruber"]),
        ("Amria Gruber", ["Maria Gruber"]),
    ],
)
def test_finds(people, typed, found):
    assert names(typed) == found


def test_last_digits_find_all_who_have_them(people):
    assert sorted(names("4471")) == ["Dolores Reyes", "Maria Gruber"]


def test_an_order_number_finds_who_bought(people):
    PurchaseFactory(origin_profile=people["jose"].profiles.get(), external_id="INV-2026/17")
    answer = search.find("INV-2026/17", region="US")
    assert [(one.name, one.matched) for one in answer.found] == [
        ("José Ångström-Łuk", "order number")
    ]


def test_shows_what_matched_and_masks_the_rest(people):
    (one,) = search.find("dolores@example.com", region="US").found
    assert one.matched == "e-mail"
    assert one.contacts == ["phone …4471", "d…@example.com", "card …1A99"]
    assert one.customer_id == people["dolores"].pk


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("d", search.TOO_LITTLE),
        ("do", search.TOO_LITTLE),
        ("%", search.TOO_LITTLE),
        ("___", search.TOO_LITTLE),
        ("%%%%%", search.TOO_LITTLE),
        ("12", search.TOO_LITTLE),
        ("\\", search.TOO_LITTLE),
        ("dol\0ores", search.TOO_LONG),
        ("a" * 10_000, search.TOO_LONG),
        ("@example.com", search.WHOLE_EMAIL),
        ("zzzzzz", search.NOBODY),
        ("999", search.NOBODY),
        ("'; drop table profiles_customer; --", search.NOBODY),
    ],
)
def test_never_everybody(people, typed, hint):
    answer = search.find(typed, region="US")
    assert (list(answer.found), answer.hint) == ([], hint)


@pytest.mark.parametrize("typed", ["D_lores", "Dol%res", "D?lores"])
def test_signs_of_patterns_mean_nothing(people, typed):
    for one in search.find(typed, region="US").found:
        assert one.matched in {"name", search.SIMILAR}


def test_shows_ten_at_most_and_says_that_there_are_more(db):
    for n in range(12):
        person(f"Anna Berger {chr(97 + n)}", phone=f"+4366412{n:02}777")
    by_name, by_digits = search.find("anna", region="AT"), search.find("777", region="AT")
    assert (len(by_name.found), by_name.hint) == (10, search.MORE)
    assert (len(by_digits.found), by_digits.hint) == (10, search.MORE)


def test_one_question_or_two(people, django_assert_num_queries):
    for typed in ("4471", "dolores", "dolores@example.com"):
        with django_assert_num_queries(1):
            search.find(typed, region="US")
    with django_assert_num_queries(2):
        search.find("Doloers", region="US")


def many_phones(customer) -> None:
    """Enough rows that the planner cannot take any index for as good as another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id, first_seen_at)"
            " SELECT 'phone', '+43660' || lpad(n::text, 7, '0'), %s, %s, now()"
            " FROM generate_series(1, 5000) n",
            [customer.pk, customer.profiles.get().pk],
        )
        cursor.execute("ANALYZE profiles_identifier")


@pytest.mark.parametrize(
    ("typed", "index"),
    [
        ("4471", "profiles_identifier_last4"),
        ("reyes", "profiles_customer_trgm"),
        ("reyse", "profiles_customer_trgm"),
    ],
)
def test_uses_the_indexes(people, monkeypatch, typed, index):
    """With full scans forbidden the plan is the index's, so the question is one that it can answer."""
    many_phones(people["dolores"])
    asked = []
    monkeypatch.setattr(search, "_run", lambda hits, params: asked.append((hits, params)) or [])
    search.find(typed, region="US")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for hits, params in asked:
            cursor.execute(f"EXPLAIN {hits}", params)
            assert index in "\n".join(row[0] for row in cursor.fetchall())
