"""What was bought lately, as numbers: counts that fade with the days and with the visits.

Beside the traits of ``profiles.rules.traits``, which ask how long ago and how often, these ask how
much of it is still going on. Each row of a diary before the morning asked about weighs
exp(-age / days); nothing on or after that morning is looked at.
"""

from __future__ import annotations

import numpy as np

from profiles.rules.diary import Diary, Floats, Ints
from profiles.rules.timing import Matrix

FADING_DAYS = (10, 30, 90)  # a week or two, a month, a season
FADING_VISITS = (0.8, 0.95)  # weight kept from one visit to the one before
BASKET_DAYS = (10, 40)
LATELY_DAYS = (7, 14, 28)
# Pseudo-counts, so that nothing is infinite where there was nothing.
LITTLE, HALF = 0.05, 0.5


def faded(
    owner: Ints, day: Ints, morning: int, days: float, owners: int, weight: Floats | None = None
) -> Floats:
    """Sum of exp(-age / days) per owner, over what came before the morning.

    >>> faded(np.array([0, 0]), np.array([9, 10]), 10, 1e9, 1).tolist()
    [1.0]
    """
    kept = np.where(day < morning, np.exp(-np.maximum(morning - 1 - day, 0) / days), 0.0)
    return np.bincount(owner, kept if weight is None else kept * weight, owners).astype(np.float64)


def _by_days(diary: Diary, rows: Ints, morning: int) -> list[Floats]:
    """Fading counts of the pair and of the visits, and the one's share in the other."""
    columns = []
    pairs = int(diary.pair[-1]) + 1
    for days in FADING_DAYS:
        pair = faded(diary.pair, diary.day, morning, days, pairs)[diary.pair[rows]]
        visits = _faded_visits(diary, morning, days)[diary.customer[rows]]
        share = np.log((pair + LITTLE) / (visits + HALF))
        columns += [np.log(pair + LITTLE / 5), np.log(visits + LITTLE), share]
    return columns


def _faded_visits(diary: Diary, morning: int, days: float, weight: Floats | None = None) -> Floats:
    visits = diary.visits
    return faded(visits.owner, visits.day, morning, days, len(diary.customers), weight)


def visit_shares(diary: Diary, rows: Ints, morning: int, keeps: float) -> Floats:
    """Share of the customer's visits that took it, each visit weighing `keeps` of the next one."""
    customers = np.arange(len(diary.customers))
    first = diary.visits.before(customers, np.full(len(customers), diary.visits.first))
    end = diary.visits.before(customers, np.full(len(customers), morning))
    at = diary.visits.before(diary.customer, diary.day)
    back = np.maximum(end[diary.customer] - 1 - at, 0)
    kept = np.where(diary.day < morning, keeps**back, 0.0)
    taken = np.bincount(diary.pair, kept)[diary.pair[rows]]
    whole = ((1.0 - keeps ** (end - first)) / (1.0 - keeps))[diary.customer[rows]]
    return (taken + LITTLE) / (whole + HALF)


def _of_customer(diary: Diary, rows: Ints, morning: int) -> list[Floats]:
    """How much the customer buys now: sizes of baskets, and how many of the habits are alive."""
    who, count = diary.customer[rows], len(diary.customers)
    sizes = diary.basket.astype(np.float64)
    columns = [
        np.log(_faded_visits(diary, morning, days, sizes)[who] + HALF) for days in BASKET_DAYS
    ]
    habits = np.bincount(who, minlength=count)[who].astype(np.float64)
    evening = np.full(len(rows), morning - 1)
    for days in LATELY_DAYS:
        lately = diary.day[rows] >= morning - days
        bought = np.bincount(who, lately & (diary.day[rows] <= evening), count)[who]
        columns.append(np.log((bought + HALF) / (habits + 5.0)))
    return [*columns, np.log(habits)]


def recency_of(diary: Diary, rows: Ints, morning: int) -> Matrix:
    """One row of numbers per pair; `rows` are all habitual pairs' last purchases before the morning.

    A customer's habits are counted among them: give all of hers.
    """
    columns = _by_days(diary, rows, morning)
    columns += [np.log(visit_shares(diary, rows, morning, keeps)) for keeps in FADING_VISITS]
    columns += _of_customer(diary, rows, morning)
    return np.stack([column.astype(np.float32) for column in columns], axis=1)
