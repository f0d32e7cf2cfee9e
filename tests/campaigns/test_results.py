"""Intervals, against the worked examples of the papers they come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rules.results import Comparison, Effect, Share, newcombe, wilson


@pytest.mark.parametrize(
    ("hit", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_newcombe_1998_table_i(hit, n, low, high):
    assert wilson(hit, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(6, 7), Share(2, 7), 0.0582, 0.8062),
        (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
        (Share(0, 10), Share(0, 20), -0.1611, 0.2775),
        (Share(10, 10), Share(0, 10), 0.6075, 1.0),
    ],
)
def test_the_difference_agrees_with_newcombe_1998_table_ii_method_10(first, second, low, high):
    assert newcombe(first, second) == pytest.approx((low, high), abs=5e-5)


def test_nothing_observed_allows_everything():
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe(Share(0, 0), Share(3, 10)) == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("treated", "control", "effect"),
    [
        (Share(56, 70), Share(48, 80), Effect.HELPED),
        (Share(48, 80), Share(56, 70), Effect.HARMED),
        (Share(5, 56), Share(0, 29), Effect.CANNOT_TELL),
        (Share(400, 500), Share(0, 0), Effect.CANNOT_TELL),
    ],
)
def test_an_effect_is_said_only_when_the_whole_interval_says_so(treated, control, effect):
    assert Comparison(treated, control).effect is effect


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_share_holds_the_share_and_stays_between_0_and_1(pair):
    hit, n = pair
    low, high = wilson(hit, n)
    assert 0 <= low <= hit / n + 1e-12
    assert hit / n - 1e-12 <= high <= 1
