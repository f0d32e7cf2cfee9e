"""Every code has words for staff."""

from __future__ import annotations

import pytest

from campaigns.rules import telling
from campaigns.rules.codes import Arm, DeliveryState, OutcomeKind, Refusal, Verdict
from profiles.rules.cadence import Unsure
from profiles.rules.telling import DOUBT, amount_in_words, chance_in_words, rhythm_in_words


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (telling.REFUSAL, Refusal),
        (telling.VERDICT, Verdict),
        (telling.ARM, Arm),
        (telling.OUTCOME, OutcomeKind),
        (telling.DELIVERY, DeliveryState),
        (DOUBT, Unsure),
    ],
)
def test_no_code_is_without_words(words, codes):
    assert set(words) == set(codes)


def test_reasons_are_told_in_one_line():
    assert (
        telling.reasons_in_words(["no_consent", "attention_spent"])
        == "no consent to such messages; their attention for this week is spent"
    )


def test_a_code_of_former_days_is_said_as_it_is():
    assert telling.refusal_in_words("moon_is_full") == "moon is full"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1.0, "about every day"),
        (6.9, "about every 7 days"),
        (33.4, "about every 5 weeks"),
        (61, "about every 2 months"),
    ],
)
def test_rhythms_are_said_in_the_unit_people_use(days, words):
    assert rhythm_in_words(days) == words


@pytest.mark.parametrize(
    ("chance", "words"),
    [(0.03, "less than 1 in 10"), (0.34, "3 in 10"), (0.99, "more than 9 in 10")],
)
def test_chances_are_said_as_so_many_in_ten(chance, words):
    assert chance_in_words(chance) == words


def test_amounts_have_two_digits_and_a_true_minus():
    assert amount_in_words(-123456, "EUR") == "−1,234.56 EUR"
