"""Amounts in words, in the currency's own digits."""

from __future__ import annotations

import pytest

from profiles.rules.telling import amount_in_words


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (-123456, "EUR", "−1,234.56 EUR"),
        (1200, "JPY", "1,200 JPY"),
        (1235, "KWD", "1.235 KWD"),
        (-5, "KWD", "−0.005 KWD"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(minor, currency, words):
    assert amount_in_words(minor, currency) == words
