"""When two records may be one person: what is compared, and how much each likeness weighs.

The model of Fellegi and Sunter (1969), computed by Splink. ``m`` is how often records of one person come out so,
``u`` how often those of two do; the logarithms of their ratios add up to the score. They are set by hand and
hold everywhere: a house with a hundred customers has no duplicates to learn them from. How common a name is
in the house itself is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a record is made of; the first is its key. All are folded text, empty where nothing is known.
COLUMNS = (
    "unique_id", "given", "surname", "street", "postcode", "city", "birthday", "email", "phone",
)  # fmt: skip
# Attributes of customers that are compared, by their codes.
FACTS: Mapping[str, Sequence[str]] = {
    "street": ("street", "address"),
    "postcode": ("postcode", "postal_code", "zip"),
    "city": ("city", "town"),
    "birthday": ("birthday",),
}
# Shown to people from a chance of one in twenty: a look is cheap, and nothing is joined without one.
WORTH_A_LOOK = 0.05
# How common a first or last name is taken to be before the house's own are counted, and against how many.
USUAL_SHARE = {"given": 0.006, "surname": 0.003}
SMOOTHED_BY = 1_000
# A beginning, day or address that so many share says nothing, and would cost a look at each pair of them.
MOST_ALIKE = 300
# Pairs that share none of these are not looked at.
KEYS: Mapping[str, str] = {
    "key_birthday": "birthday",
    "key_names": "surname || '|' || left(given, 2)",
    "key_swapped": "list_aggregate(list_sort([given, surname]), 'string_agg', '|')",
    "key_street": "street",
    "key_given_postcode": "given || '|' || postcode",
    "key_surname_postcode": "left(surname, 3) || '|' || postcode",
    "key_email": "split_part(email, '@', 1)",
    "key_phone_end": "right(phone, 7)",
    "key_phone_begin": "left(phone, length(phone) - 3) || '|' || left(surname, 1)",
}


@dataclass(frozen=True)
class Level:
    """One way in which a comparison comes out: its code, condition, m, u, and words for people."""

    code: str
    condition: str
    m: float
    u: float
    words: str
    counts: str = ""


_ALIKE = "(damerau_levenshtein({0}_l, {0}_r) <= 1 OR jaro_winkler_similarity({0}_l, {0}_r) >= 0.9)"
_NEAR = "jaro_winkler_similarity({0}_l, {0}_r) >= 0.8"
_SWAPPED = (
    "least(jaro_winkler_similarity(given_l, surname_r), jaro_winkler_similarity(surname_l, given_r))"
    " >= 0.85"
)
_STREET = "jaro_winkler_similarity(street_l, street_r) >= 0.88"
_PLACE = "(postcode_l = postcode_r OR city_l = city_r)"
# The model takes its comparisons for independent. Of a family they are not: one last name and one address or, of
# twins, one birthday. The first name tells them apart then, and weighs as much; twins still come to a person.
_FAMILY = (
    "surname_l = surname_r AND (street_l = street_r OR birthday_l = birthday_r)"
    " AND jaro_winkler_similarity(given_l, given_r) < 0.6"
)
_ELSE = "ELSE"

COMPARISONS: Mapping[str, Sequence[Level]] = {
    "given": (
        Level("same", "given_l = given_r", 0.70, 0.006, "Same first name", "given"),
        Level("swapped", _SWAPPED, 0.02, 0.00001, "First and last name swapped"),
        Level("alike", _ALIKE.format("given"), 0.18, 0.006, "First name nearly the same"),
        Level("near", _NEAR.format("given"), 0.06, 0.02, "First name similar"),
        Level("family", _FAMILY, 1e-7, 0.005, "Other first name, perhaps of the family"),
        Level("other", _ELSE, 0.0399999, 0.96299, "Other first name"),
    ),
    "surname": (
        Level("same", "surname_l = surname_r", 0.76, 0.003, "Same last name", "surname"),
        Level("swapped", _SWAPPED, 0.02, 0.02, ""),
        Level("alike", _ALIKE.format("surname"), 0.14, 0.003, "Last name nearly the same"),
        Level("near", _NEAR.format("surname"), 0.03, 0.01, "Last name similar"),
        Level("other", _ELSE, 0.05, 0.964, "Other last name"),
    ),
    "birthday": (
        Level("same", "birthday_l = birthday_r", 0.86, 0.00005, "Same birthday"),
        Level(
            "alike",
            "damerau_levenshtein(birthday_l, birthday_r) <= 1",
            0.09,
            0.0012,
            "Birthday but for one digit",
        ),
        Level(
            "near",
            "damerau_levenshtein(birthday_l, birthday_r) <= 2",
            0.02,
            0.012,
            "Birthday but for two digits",
        ),
        Level("other", _ELSE, 0.03, 0.98675, "Other birthday"),
    ),
    "address": (
        Level(
            "same", "street_l = street_r AND postcode_l = postcode_r", 0.50, 0.00001, "Same address"
        ),
        Level("street", "street_l = street_r", 0.10, 0.00003, "Same street and number"),
        Level("alike", f"{_STREET} AND {_PLACE}", 0.18, 0.00003, "Address nearly the same"),
        Level("alike_street", _STREET, 0.05, 0.003, "Street similar"),
        Level("place", _PLACE, 0.07, 0.003, "Same town"),
        Level("other", _ELSE, 0.10, 0.99393, "Other address"),
    ),
    "email": (
        Level("alike", "damerau_levenshtein(email_l, email_r) <= 2", 0.15, 0.00002,
              "E-mail but for a letter or two"),
        Level("local", "split_part(email_l, '@', 1) = split_part(email_r, '@', 1)", 0.15, 0.0005,
              "Same e-mail name at another provider"),
        Level("other", _ELSE, 0.70, 0.99948, ""),
    ),
    "phone": (
        Level("alike", "damerau_levenshtein(phone_l, phone_r) <= 1 OR right(phone_l, 7) = right(phone_r, 7)",
              0.15, 0.00005, "Phone but for one digit"),
        Level("other", _ELSE, 0.85, 0.99995, ""),
    ),
}  # fmt: skip
# Not compared but told: no model weighs it, and it is worth a look.
GAVE_THEIRS = "contact:theirs"
GAVE_THEIRS_SCORE = 0.5
_TOLD = {GAVE_THEIRS: "One gave an address or number that the other is known by"}
_UNKNOWN = {
    "address": "(street_l IS NULL OR street_r IS NULL)"
    " AND (postcode_l IS NULL OR postcode_r IS NULL)",
}


def settings(records: int) -> dict[str, Any]:
    """Return the model as Splink reads it, for so many records."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": prior(records),
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": f"l.{key} = r.{key}", "sql_dialect": "duckdb"} for key in KEYS
        ],
        "comparisons": [
            {
                "output_column_name": name,
                "comparison_levels": [_unknown(name), *map(_level, levels)],
            }
            for name, levels in COMPARISONS.items()
        ],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
    }


def prior(records: int) -> float:
    """How likely two records drawn at random are one person: one customer in ten is there twice.

    >>> prior(10), prior(2_001)
    (5e-05, 5e-05)
    >>> f"{prior(1_000_001):.0e}"
    '2e-07'
    """
    return min(5e-5, 0.2 / max(records - 1, 1))


def _unknown(name: str) -> dict[str, Any]:
    condition = _UNKNOWN.get(name, f"{name}_l IS NULL OR {name}_r IS NULL")
    return {"sql_condition": condition, "label_for_charts": "unknown", "is_null_level": True}


def _level(level: Level) -> dict[str, Any]:
    known: dict[str, Any] = {
        "sql_condition": level.condition,
        "label_for_charts": level.code,
        "m_probability": level.m,
        "u_probability": level.u,
    }
    if level.counts:
        known |= {"tf_adjustment_column": level.counts, "tf_adjustment_weight": 1.0}
        known["disable_tf_exact_match_detection"] = True
    return known


def reasons(outcomes: Mapping[str, int]) -> list[str]:
    """Name what came of each comparison, without what was compared; unknown is left out.

    Splink numbers the levels from the last up, and what is unknown -1.

    >>> reasons({"given": 3, "birthday": 3, "email": -1})
    ['given:alike', 'birthday:same']
    """
    return [
        f"{name}:{COMPARISONS[name][-1 - outcome].code}"
        for name, outcome in outcomes.items()
        if outcome >= 0
    ]


def reasons_in_words(codes: Sequence[str]) -> list[str]:
    """Say why two may be one, what speaks for it first.

    >>> reasons_in_words(["given:other", "birthday:same"])
    ['Same birthday', 'Other first name']
    """
    words = _TOLD | {
        f"{name}:{one.code}": one.words for name, levels in COMPARISONS.items() for one in levels
    }
    told = [(words[code], code) for code in codes if words.get(code)]
    return [
        text for text, _ in sorted(told, key=lambda one: one[1].endswith((":other", ":family")))
    ]


def record(
    key: int | str,
    *,
    name: str = "",
    given: str = "",
    surname: str = "",
    street: str = "",
    postcode: str = "",
    city: str = "",
    birthday: str = "",
    email: str = "",
    phone: str = "",
) -> tuple[str, ...]:
    """Return what is known of somebody as a row of ``COLUMNS``; ``name`` is a folded whole name.

    >>> record(7, name="dolores maria reyes", birthday="1990-03-31")[:3]
    ('7', 'dolores', 'reyes')
    """
    words = name.split()
    given = given or (words[0] if words else "")
    surname = surname or (words[-1] if len(words) > 1 else "")
    digits = birthday.replace("-", "")
    return str(key), given, surname, street, postcode, city, digits, email, phone
