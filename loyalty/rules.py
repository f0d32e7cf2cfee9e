"""Arithmetic of points and tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Close to the next tier: within a tenth of its threshold, and in any case within 50 points.
CLOSE_SHARE = Fraction(1, 10)
CLOSE_POINTS = 50
CLOSE_VALUE = 1.0
# A tier that will be lost within so many days, with nothing earned, is at risk.
AT_RISK_DAYS = 30
# Before a customer has shown anything: as if one purchase in a quarter of a year had been seen, and of two
# purchases one had been large enough.
PRIOR_DAYS, PRIOR_PURCHASES, PRIOR_LARGE = 90, 1, 1
YEAR_DAYS = 365


# What one message may give at most: a slip of the hand should not cost a year's points.
MOST_BONUS_POINTS = 10_000


def wrong_with_bonus(parameters: Any) -> str:
    """Say what keeps a campaign from giving bonus points like this; "" where nothing does.

    >>> wrong_with_bonus({"points": 50})
    ''
    >>> wrong_with_bonus({"points": -500})
    'Give whole points from 1 to 10,000, such as {"points": 50}.'
    """
    points = parameters.get("points") if isinstance(parameters, Mapping) else None
    if not isinstance(points, int) or isinstance(points, bool) or set(parameters) != {"points"}:
        points = 0
    if 1 <= points <= MOST_BONUS_POINTS:
        return ""
    return f'Give whole points from 1 to {MOST_BONUS_POINTS:,}, such as {{"points": 50}}.'


class EntryKind(StrEnum):
    """Why points were booked."""

    PURCHASE = "purchase"
    RETURN = "return"
    BONUS = "bonus"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class TierStep:
    """A tier, held from this many points in twelve months."""

    code: str
    name: str
    from_points: int


@dataclass(frozen=True, slots=True)
class Band:
    """Points from ``low`` to below ``high`` are close to the tier that begins at ``high``."""

    low: int
    high: int


TIERS_AT_START = (
    TierStep("member", "Member", 0),
    TierStep("silver", "Silver", 500),
    TierStep("gold", "Gold", 1500),
)


def minor_per_unit(currency: str) -> int:
    """Count the minor units in one unit of a currency (ISO 4217, from CLDR).

    >>> minor_per_unit("EUR"), minor_per_unit("JPY"), minor_per_unit("KWD")
    (100, 1, 1000)
    """
    return int(10 ** get_currency_precision(currency))


#: One purchase is worth no more: beyond it somebody's price is wrong, and the ledger could not hold it.
MOST_POINTS = 1_000_000_000


def points_for(amount_minor: Decimal | int, rate: Decimal, minor: int = 100) -> int:
    """Return the whole points of one purchase of ``amount_minor``, at ``rate`` points per unit.

    Fractions are dropped from the size, so a return never takes more than its purchase gave:
    downwards it would take 10 points for the 9 that 9.99 had earned.

    >>> points_for(999, Decimal(1)), points_for(-999, Decimal(1)), points_for(999, Decimal("1.5"))
    (9, -9, 14)
    """
    points = int(Fraction(amount_minor) * Fraction(rate) / minor)
    return max(-MOST_POINTS, min(points, MOST_POINTS))


def tier_for(points: int, tiers: Iterable[TierStep]) -> TierStep | None:
    """Return the highest tier that these points reach.

    >>> [tier_for(points, TIERS_AT_START).code for points in (0, 499, 500, 1500, 9000)]
    ['member', 'member', 'silver', 'gold', 'gold']
    >>> tier_for(-1, TIERS_AT_START) is None
    True
    """
    reached = (tier for tier in tiers if tier.from_points <= points)
    return max(reached, key=lambda tier: tier.from_points, default=None)


def next_tier(points: int, tiers: Iterable[TierStep]) -> TierStep | None:
    """Return the lowest tier that these points do not reach yet.

    >>> next_tier(499, TIERS_AT_START).code, next_tier(500, TIERS_AT_START).code
    ('silver', 'gold')
    >>> next_tier(1500, TIERS_AT_START) is None
    True
    """
    ahead = (tier for tier in tiers if tier.from_points > points)
    return min(ahead, key=lambda tier: tier.from_points, default=None)


def close_bands(tiers: Iterable[TierStep]) -> Sequence[Band]:
    """Return from where to where points are close to a tier, one band for each that can be neared.

    A band never reaches below the tier before it, nor down to a customer without points.

    >>> close_bands(TIERS_AT_START)
    [Band(low=450, high=500), Band(low=1350, high=1500)]
    """
    bands, held_from = [], 1
    for threshold in sorted(tier.from_points for tier in tiers):
        margin = max(CLOSE_POINTS, int(threshold * CLOSE_SHARE))
        band = Band(max(threshold - margin, held_from), threshold)
        if band.low < band.high:
            bands.append(band)
        held_from = max(threshold, held_from)
    return bands


def close_to_next(points: int, tiers: Iterable[TierStep]) -> bool:
    """Tell whether the next tier is near.

    >>> [close_to_next(points, TIERS_AT_START) for points in (449, 450, 499, 500, 1350)]
    [False, True, True, False, True]
    """
    return any(band.low <= points < band.high for band in close_bands(tiers))


def chance_to_earn(purchases: Floats, large: Floats, days: Floats) -> Floats:
    """Return the chance that a customer earns what is missing within ``days``, by one purchase.

    From their own ledger of twelve months: how many purchases they made, and how many of those brought as many
    points as are missing. Purchases come by chance at their rate (Poisson), and one is large enough in the
    share of those that were (Laplace's rule of succession). Several small ones may do it too, so this is rather
    low. It stands for the likelihood that a word about it helps in time, as the chance of a purchase does for
    a reminder.

    >>> chance_to_earn(np.array([12.0, 4.0, 0.0]), np.array([9.0, 3.0, 0.0]), np.array([20.0])).round(2).tolist()
    [0.31, 0.13, 0.02]
    """
    rate = (purchases + PRIOR_PURCHASES) / (YEAR_DAYS + PRIOR_DAYS)
    buys = 1.0 - np.exp(-rate * days)
    return buys * (large + PRIOR_LARGE) / (purchases + 2.0 * PRIOR_LARGE)


def leaves_on(earned_on: date) -> date:
    """Return the first day on which points of a day no longer count for the year.

    >>> leaves_on(date(2025, 3, 10)), leaves_on(date(2028, 2, 29))
    (datetime.date(2026, 3, 10), datetime.date(2029, 3, 1))
    """
    if (earned_on.month, earned_on.day) == (2, 29):
        return date(earned_on.year + 1, 3, 1)
    return earned_on.replace(year=earned_on.year + 1)


def close_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say how near the next tier is.

    >>> close_because({"points_to_next": 40, "next_tier": "Gold"}, "staff")
    'the customer is 40 points from Gold'
    """
    who = "you are" if reader == "customer" else "the customer is"
    points = facts["points_to_next"]
    return f"{who} {points:,} {'point' if points == 1 else 'points'} from {facts['next_tier']}"


def risk_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say what is at stake, and what would save it.

    >>> risk_because({"tier": "Gold", "falls_on": "2026-04-02", "points_needed": 120}, "customer")
    'your Gold ends on 2 April unless you earn 120 points before'
    """
    whose, who = ("your", "you earn") if reader == "customer" else ("their", "they earn")
    day = date.fromisoformat(facts["falls_on"])
    points = facts["points_needed"]
    words = f"{points:,} {'point' if points == 1 else 'points'}"
    return f"{whose} {facts['tier']} ends on {day.day} {day:%B} unless {who} {words} before"


def year_before(now: datetime) -> datetime:
    """Return the same moment a year earlier; 29 February goes to the 28th.

    >>> year_before(datetime(2028, 2, 29, 8, 0)).date().isoformat()  # noqa: DTZ001
    '2027-02-28'
    """
    leap_day = now.month == 2 and now.day == 29
    return now.replace(year=now.year - 1, day=28 if leap_day else now.day)
