from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.rules import (
    TIERS_AT_START,
    Band,
    TierStep,
    close_bands,
    close_to_next,
    minor_per_unit,
    next_tier,
    points_for,
    tier_for,
    year_before,
)


@pytest.mark.parametrize(
    ("amount_minor", "rate", "points"),
    [
        (999, "1", 9),
        (1000, "1", 10),
        (99, "1", 0),
        (-999, "1", -9),
        (-99, "1", 0),
        (Decimal("333.333"), "3", 9),
        (10_000, "0.3333", 33),
        (100, "0.01", 0),
    ],
)
def test_only_whole_points_count(amount_minor, rate, points):
    assert points_for(amount_minor, Decimal(rate)) == points


def test_a_full_return_takes_exactly_what_was_given():
    assert all(
        points_for(amount, Decimal("1.37")) == -points_for(-amount, Decimal("1.37"))
        for amount in range(0, 5000, 7)
    )


def test_a_currency_without_cents_earns_by_its_own_unit():
    assert points_for(500, Decimal(1), minor_per_unit("JPY")) == 500


@pytest.mark.parametrize(
    ("points", "held", "ahead"),
    [
        (0, "member", "silver"),
        (499, "member", "silver"),
        (500, "silver", "gold"),
        (1499, "silver", "gold"),
        (1500, "gold", None),
    ],
)
def test_a_tier_begins_at_its_threshold(points, held, ahead):
    assert tier_for(points, TIERS_AT_START).code == held
    reached = next_tier(points, TIERS_AT_START)
    assert (reached.code if reached else None) == ahead


def test_without_tiers_nobody_holds_one():
    assert tier_for(100, []) is None
    assert next_tier(100, []) is None
    assert not close_to_next(100, [])


def test_close_is_a_tenth_or_fifty_points_whichever_is_more():
    assert close_bands(TIERS_AT_START) == [Band(450, 500), Band(1350, 1500)]


def test_close_to_a_tier_never_means_below_the_tier_before():
    near = (TierStep("a", "A", 0), TierStep("b", "B", 20), TierStep("c", "C", 40))
    assert close_bands(near) == [Band(1, 20), Band(20, 40)]
    assert not close_to_next(0, near)


def test_a_year_ends_at_the_same_hour():
    at = datetime(2026, 3, 10, 6, 5, tzinfo=UTC)
    assert year_before(at) == datetime(2025, 3, 10, 6, 5, tzinfo=UTC)
    assert year_before(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2027, 2, 28, tzinfo=UTC)
