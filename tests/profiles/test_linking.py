"""Records that may be one person: exact pairs, scores and reasons on a small sample."""

from __future__ import annotations

import pytest

from profiles.rules import likeness
from profiles.rules.likeness import record
from profiles.services.linking import Pair, linked

DOLORES = {
    "name": "dolores reyes",
    "street": "6 main street",
    "postcode": "1010",
    "city": "vienna",
    "birthday": "1990-03-31",
}


def found(*people: dict[str, str], fresh=None) -> list[tuple[str, str, list[str]]]:
    rows = [record(key, **person) for key, person in enumerate(people, start=1)]
    return [(p.one, p.other, p.reasons) for p in linked(rows, fresh=fresh)]


def test_a_typing_error_and_a_moved_digit_are_one_person():
    other = DOLORES | {"name": "dolroes reyes", "birthday": "1990-03-13"}
    assert found(DOLORES, other) == [
        ("1", "2", ["given:alike", "surname:same", "birthday:alike", "address:same"])
    ]


def test_swapped_names_are_seen():
    other = DOLORES | {"name": "reyes dolores", "street": "", "postcode": "", "city": ""}
    assert found(DOLORES, other) == [
        ("1", "2", ["given:swapped", "surname:swapped", "birthday:same"])
    ]


def test_a_family_at_one_address_is_not_one_person():
    aiden = DOLORES | {"name": "aiden reyes", "birthday": "2019-06-02"}
    nobody_knows_when = {k: v for k, v in DOLORES.items() if k != "birthday"}
    assert found(DOLORES, aiden) == []
    assert found(nobody_knows_when, nobody_knows_when | {"name": "aiden reyes"}) == []


def test_twins_come_to_a_person_who_is_told_of_the_other_first_name():
    ((_, _, why),) = found(DOLORES, DOLORES | {"name": "carmen reyes"})
    assert why == ["given:family", "surname:same", "birthday:same", "address:same"]
    assert likeness.reasons_in_words(why) == [
        "Same last name",
        "Same birthday",
        "Same address",
        "Other first name, perhaps of the family",
    ]


def test_equal_names_alone_are_worth_a_look_only_where_few_are_known():
    rows = [record(1, name="dolores reyes"), record(2, name="dolores reyes")]
    (pair,) = linked(rows)
    assert (round(pair.score, 2), pair.reasons) == (0.4, ["given:same", "surname:same"])
    names = [(given, surname) for given in range(100) for surname in range(120)]
    town = [record(n, name="g{} s{}".format(*names[n % len(names)])) for n in range(80_000)]
    assert list(linked(town, fresh={"7"})) == []


def test_a_typing_error_in_swapped_names_is_no_hindrance():
    other = {"name": "reyez dolores", "street": "6 main street", "postcode": "1010"}
    assert found(DOLORES, other) == [
        ("1", "2", ["given:swapped", "surname:swapped", "address:same"])
    ]


def test_a_name_and_a_phone_with_one_wrong_digit_are():
    one = {"name": "dolores reyes", "phone": "+12124151234"}
    assert found(one, one | {"phone": "+12124151235"}) == [
        ("1", "2", ["given:same", "surname:same", "phone:alike"])
    ]


def test_scores_are_the_same_each_time():
    rows = [record(1, **DOLORES), record(2, **DOLORES | {"name": "dolores reyez"})]
    (pair,) = linked(rows)
    assert pair == Pair(
        "1", "2", pair.score, ["given:same", "surname:alike", "birthday:same", "address:same"]
    )
    assert round(pair.score, 6) == 1.0
    assert list(linked(rows)) == [pair]


def test_with_fresh_ones_only_pairs_of_theirs_are_compared():
    people = [DOLORES, DOLORES | {"name": "dolores reyez"}, {"name": "jonas weiss"}]
    people.append({"name": "jonas weis", "birthday": "1980-01-02"})
    people[2] |= {"birthday": "1980-01-02"}
    assert [pair[:2] for pair in found(*people)] == [("1", "2"), ("3", "4")]
    assert [pair[:2] for pair in found(*people, fresh={"4"})] == [("4", "3")]
    assert found(*people, fresh=set()) == []


@pytest.mark.parametrize("people", [[], [DOLORES]])
def test_nobody_and_one_alone_are_no_pair(people):
    assert found(*people) == []


def test_what_everybody_has_brings_nobody_together():
    """A day that a till writes for all is no birthday: pairs of it are not even looked at."""
    crowd = [
        {"name": f"{chr(97 + n % 26)}{n:03} x{n:03}y", "birthday": "1900-01-01"}
        for n in range(likeness.MOST_ALIKE + 1)
    ]
    assert found(*crowd) == []


def test_text_with_quotes_and_formulas_is_only_text():
    odd = DOLORES | {"street": '6 "main", =cmd|x\nstreet; DROP TABLE records'}
    assert [pair[:2] for pair in found(odd, odd)] == [("1", "2")]


def test_each_comparison_leaves_nothing_out():
    """The chances of all levels add up to one, as the model asks."""
    for levels in likeness.COMPARISONS.values():
        assert sum(level.m for level in levels) == pytest.approx(1, abs=1e-9)
        assert sum(level.u for level in levels) == pytest.approx(1, abs=1e-9)
