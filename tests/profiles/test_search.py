"""Finding a customer: what is found, in which order, and what never is."""

from __future__ import annotations

import pytest
from django.db import connection

from profiles.models import Customer, NameWord
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


# Known answers: Square, "Search customers", the example of its fuzzy phone search.
SQUARE = {"one": "+14152121200", "two": "+12124151234", "three": "+15512341567"}


@pytest.mark.parametrize(
    ("typed", "found"), [("415", {"one", "two", "three"}), ("415 123", {"two", "three"})]
)
def test_any_part_of_a_phone_number_finds_it(db, typed, found):
    for name, phone in SQUARE.items():
        person(name, phone=phone)
    assert set(names(typed)) == found


def test_ends_stand_before_parts_and_whole_numbers_before_ends(db):
    person("Inside", phone="+436604471999")
    person("At the end", phone="+436601234471")
    person("Whole", card="4471")
    assert names("4471") == ["Whole", "At the end", "Inside"]


def test_the_beginning_of_an_address_will_do(people):
    person("Dora Lind", email="dora@example.com")
    assert names("dolores@ex") == ["Dolores Reyes"]
    assert names("do_ores@ex") == names("%@") == []


def test_who_was_merged_or_erased_is_not_found(people, now):
    Customer.objects.filter(pk=people["jose"].pk).update(merged_into=people["dolores"])
    Customer.objects.filter(pk=people["maria"].pk).update(erased_at=now)
    for typed in ("jose", "8020", "gruber", "+436641234471"):
        assert names(typed) == []


def test_a_new_name_is_found_with_its_errors_and_the_old_one_no_more(people):
    Customer.objects.filter(pk=people["dolores"].pk).update(
        name="Dolores Castellanos", search_name="dolores castellanos"
    )
    assert names("Castelanos") == ["Dolores Castellanos"]
    assert names("reyes") == []
    words = set(NameWord.objects.values_list("word", flat=True))
    assert words >= {"dolores", "castellanos"}
    assert "reyes" not in words


def test_exact_names_stand_before_similar_ones(db):
    for name in ("Anna Meier", "Anna Maier", "Anna Mayrhofer"):
        person(name)
    assert names("Anna Maier") == ["Anna Maier", "Anna Meier"]
    assert [one.matched for one in search.find("Anna Maier", region="AT").found] == [
        "name",
        search.SIMILAR,
    ]


def test_the_number_of_questions_is_fixed(people, django_assert_num_queries):
    for typed, queries in (("4471", 2), ("dolores@example.com", 2), ("dolores", 5), ("doloers", 4)):
        with django_assert_num_queries(queries):
            search.find(typed, region="US")


@pytest.mark.parametrize("typed", ["4471", "447", "dolores@exa", "doloers reyes", "INV-1"])
def test_no_question_can_only_be_answered_by_reading_a_whole_table(people, monkeypatch, typed):
    asked = []
    run = search._run
    monkeypatch.setattr(
        search, "_run", lambda sql, params: asked.append((sql, params)) or run(sql, params)
    )
    search.find(typed, region="US")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plans = ""
        for sql, params in asked:
            cursor.execute(f"EXPLAIN {sql}", params)
            plans += "\n".join(row[0] for row in cursor.fetchall())
    for table in ("customer", "identifier", "nameword", "purchase"):
        assert f"Seq Scan on profiles_{table}" not in plans
