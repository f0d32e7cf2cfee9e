"""How often somebody comes: the rhythm of visits, who stays away, and who has come only once.

A visit is a day on which something was bought. Gaps between visits are log-normal, and a customer's mean log
gap is drawn around the house's: shrunk by empirical Bayes with variances from moments (Morris 1983), as
``profiles.rules.rhythms`` does for products. So three gaps of five days make a rhythm of about seven, and a
customer is never held to a number of days that is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.rules.reordering import day_words, span

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Somebody stays away who has let three of their own rhythms pass, and so long a gap besides as only one in
# twenty of theirs would be (1.645 deviations of the normal distribution).
MISSED_RHYTHMS = 3
RARE = 1.645
# Three gaps at least, or there is no rhythm to stay away from.
FEWEST_VISITS = 4
SHORTEST_DAYS = 7
# Who first came within so many days of the oldest purchase we know of may be an old customer.
KNOWN_BEFORE_DAYS = 90
# A second visit that took longer has nothing to do with the first any more, for a first guess at its time.
LONGEST_SECOND_DAYS = 120
# What holds while a house has shown little: gaps of about a month, widely spread (``rhythms``); of newcomers a
# little less than half come again, of those who stayed away one in five. Each counts as this many cases.
PRIOR_GAPS, PRIOR_CASES = 20.0, 10.0
DEFAULT_MEAN, DEFAULT_WITHIN, DEFAULT_BETWEEN = float(np.log(30.0)), 0.25, 0.4
DEFAULT_SECOND_SHARE, DEFAULT_BACK_SHARE, DEFAULT_SECOND_DAYS = 0.45, 0.2, 30.0


@dataclass(frozen=True, slots=True)
class House:
    """What all customers share; log gaps in log days.

    ``since``: the day number of the oldest purchase (-1: none known). ``second_days``: the median gap to a
    second visit; ``second_share``: how many who had not come again when that window opened did so within it.
    ``back_share``: how many who stayed away came back within one more of their rhythms.
    """

    mean: float = DEFAULT_MEAN
    within: float = DEFAULT_WITHIN
    between: float = DEFAULT_BETWEEN
    since: int = -1
    second_days: float = DEFAULT_SECOND_DAYS
    second_share: float = DEFAULT_SECOND_SHARE
    back_share: float = DEFAULT_BACK_SHARE

    def to_dict(self) -> dict[str, float]:
        return {name: round(value, 6) for name, value in asdict(self).items()}

    @property
    def second_window(self) -> tuple[int, int]:
        """Days after a first visit between which a second is to be expected."""
        return max(2, round(self.second_days / 2)), max(4, round(2 * self.second_days))


@dataclass(frozen=True, slots=True)
class Visits:
    """Visit days of some customers, by customer and day; ``gap``: days since the one before, 0 for a first."""

    customer: Ints
    day: Ints
    gap: Ints
    nth: Ints
    customers: Ints
    start: Ints

    @property
    def last(self) -> Ints:
        """The row of each customer's last visit."""
        return np.append(self.start[1:], len(self.day))[: len(self.start)] - 1


def visits_of(customer: Ints, day: Ints) -> Visits:
    """Put purchase days in order, each once.

    >>> found = visits_of(np.array([7, 5, 7, 7]), np.array([12, 3, 10, 10]))
    >>> found.customer.tolist(), found.day.tolist(), found.gap.tolist(), found.nth.tolist()
    ([5, 7, 7], [3, 10, 12], [0, 0, 2], [0, 0, 1])
    """
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    new = np.r_[True, (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])][: len(day)]
    customer, day = customer[new], day[new]
    customers, start = np.unique(customer, return_index=True)
    nth = np.arange(len(day)) - np.repeat(start, np.diff(np.append(start, len(day))))
    gap = np.where(nth > 0, np.diff(day, prepend=day[:1]), 0)
    return Visits(customer, day, gap, nth, customers, start)


def rhythm(log_sum: Floats, gaps: Ints, house: House) -> tuple[Floats, Ints]:
    """Return each rhythm in days, and after how many days without a visit somebody stays away.

    ``log_sum``: the sum of the logs of so many ``gaps``.

    >>> days, away = rhythm(np.log([[5.0]] * 3).sum(0), np.array([3]), House())
    >>> days.round(1).tolist(), away.tolist()
    ([6.8], [21])
    """
    weight = gaps / house.within + 1.0 / house.between
    mean = (log_sum / house.within + house.mean / house.between) / weight
    deviation = np.sqrt(house.within + 1.0 / weight)
    days = np.exp(mean)
    away = np.maximum(MISSED_RHYTHMS * days, np.exp(mean + RARE * deviation))
    return days, np.ceil(np.maximum(away, SHORTEST_DAYS)).astype(np.int64)


def waits(days: Floats) -> Ints:
    """For how many days more it is worth asking somebody back: one rhythm, a week at least."""
    return np.ceil(np.maximum(days, SHORTEST_DAYS)).astype(np.int64)


# --- what all share -------------------------------------------------------------------------------


def fit(visits: Visits, today: int) -> House:
    """Learn what all share from the visits before the day ``today``."""
    if not len(visits.day):
        return House()
    n, own, logs = _own(visits)
    some, several = n >= 1, n >= 2
    k = PRIOR_GAPS
    at = np.repeat(np.arange(len(n)), n + 1)
    off = np.where(visits.nth > 0, logs - own[at], 0.0)
    within = (off @ off + k * DEFAULT_WITHIN) / (np.maximum(n - 1, 0).sum() + k)
    mean = (own[some].sum() + 5.0 * DEFAULT_MEAN) / (some.sum() + 5.0)
    far = (own[several] - mean) ** 2 - within / n[several]
    between = max(0.05, (far.sum() + k * DEFAULT_BETWEEN) / (several.sum() + k))
    house = House(float(mean), float(within), float(between), since=int(visits.day.min()))
    house = _with_second(house, visits, today)
    return _with_back(house, visits, logs, today)


def _own(visits: Visits) -> tuple[Ints, Floats, Floats]:
    """Per customer the number of gaps and their mean log; per visit the log of its gap."""
    logs = np.log(np.maximum(visits.gap, 1).astype(np.float64))
    n = np.diff(np.append(visits.start, len(visits.day))) - 1
    total = np.add.reduceat(logs, visits.start)
    return n, total / np.maximum(n, 1), logs


def _next_gap(visits: Visits) -> Ints:
    """Days to the next visit; -1 where there was none."""
    following = np.append(visits.gap[1:], 0)
    last = np.zeros(len(visits.day), dtype=np.bool_)
    last[visits.last] = True
    return np.where(last, -1, following)


def _with_second(house: House, visits: Visits, today: int) -> House:
    """Learn when newcomers come again, from those whose first visit is long enough ago."""
    first = visits.start[visits.day[visits.start] >= house.since + KNOWN_BEFORE_DAYS]
    first = first[visits.day[first] < today - LONGEST_SECOND_DAYS]
    gap = _next_gap(visits)[first]
    soon = gap[(gap > 0) & (gap <= LONGEST_SECOND_DAYS)]
    weight = len(soon) / (len(soon) + PRIOR_CASES)
    days = weight * float(np.median(soon)) if len(soon) else 0.0
    days += (1 - weight) * DEFAULT_SECOND_DAYS
    known = House(house.mean, house.within, house.between, house.since, days)
    opens, closes = known.second_window
    waiting = (gap < 0) | (gap >= opens)
    came = (gap >= opens) & (gap <= closes)
    share = (came.sum() + PRIOR_CASES * DEFAULT_SECOND_SHARE) / (waiting.sum() + PRIOR_CASES)
    return House(house.mean, house.within, house.between, house.since, days, float(share))


def _with_back(house: House, visits: Visits, logs: Floats, today: int) -> House:
    """Learn how many of those who stayed away came back within one more rhythm."""
    running = np.cumsum(logs)
    before = running[visits.start] - logs[visits.start]
    so_far = running - np.repeat(before, np.diff(np.append(visits.start, len(visits.day))))
    days, away = rhythm(so_far, visits.nth, house)
    gap, more = _next_gap(visits), waits(days)
    asked = (visits.nth >= FEWEST_VISITS - 1) & ((gap < 0) | (gap >= away))
    asked &= visits.day + away + more < today
    came = asked & (gap >= away) & (gap <= away + more)
    share = (came.sum() + PRIOR_CASES * DEFAULT_BACK_SHARE) / (asked.sum() + PRIOR_CASES)
    return House(
        house.mean, house.within, house.between, house.since, house.second_days,
        house.second_share, float(share),
    )  # fmt: skip


# --- each customer --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rhythms:
    """One row per customer; ``opens`` and ``closes`` are days, -1 where no moment is to come."""

    customer: Ints
    visits: Ints
    first: Ints
    last: Ints
    days: Floats
    opens: Ints
    closes: Ints
    likelihood: Floats


def rhythms(visits: Visits, house: House) -> Rhythms:
    """Say of each customer how often they come, and from when to when a word may bring them back.

    After one visit that is the window of a second, of who is new for certain; from four on, the time
    after they should have come.
    """
    n, own, _ = _own(visits)
    days, away = rhythm(own * n, n, house)
    first, last = visits.day[visits.start], visits.day[visits.last]
    is_new = (n == 0) & (house.since >= 0) & (first >= house.since + KNOWN_BEFORE_DAYS)
    is_known = n >= FEWEST_VISITS - 1
    soon, late = house.second_window
    opens = np.where(is_new, first + soon, np.where(is_known, last + away, -1))
    closes = np.where(is_new, first + late, np.where(is_known, last + away + waits(days), -1))
    chance = np.where(is_new, house.second_share, np.where(is_known, house.back_share, 0.0))
    return Rhythms(visits.customers, n + 1, first, last, days, opens, closes, chance)


# --- in words -------------------------------------------------------------------------------------


def away_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say why we think that somebody stays away.

    >>> away_because({"visits": 12, "rhythm_of_visits": 9.8, "last_on": "2026-02-03"}, "staff")
    'the customer came about every 10 days, 12 times, last on 3 February'
    """
    who = "you" if reader == "customer" else "the customer"
    last = day_words(date.fromisoformat(facts["last_on"]))
    often = span(facts["rhythm_of_visits"])
    return f"{who} came about {often}, {facts['visits']} times, last on {last}"


def newcomer_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say that somebody is new.

    >>> newcomer_because({"last_on": "2026-02-03"}, "customer")
    'you came for the first time on 3 February'
    """
    who = "you" if reader == "customer" else "the customer"
    return f"{who} came for the first time on {day_words(date.fromisoformat(facts['last_on']))}"
