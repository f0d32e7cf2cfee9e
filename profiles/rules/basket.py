"""What lies in a customer's next basket, if they come now: a ranking of what they bought before.

What was bought most in the last visits is asked closer: the regression of ``profiles.rules.soon``,
trained on visits of the last weeks instead of mornings (own frequency with decay, then a re-ranker:
on public data the first alone is as good as neighbours of any kind). To learn from many customers at
once, their days are moved so that the visit asked about falls on the same day for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiles.rules.diary import Diary, Floats, Ints, Purchases, open_diary
from profiles.rules.recency import visit_shares
from profiles.rules.rhythms import Rhythms, fit_rhythms
from profiles.rules.soon import FEWEST_CASES, FEWEST_OF_EACH, Soon, known_of, regression

KEEPS = 0.95  # of a visit's weight, from the one before: the best on public data, by its README
CANDIDATES = 60  # of each customer; what ranks lower by frequency is hardly ever in the next basket
WEEKS_DAYS = 56  # of visits to learn from
VISITS = 3  # of each customer, at most
FEWEST_BEFORE = 3  # visits before one that teaches
CUSTOMERS, CASES = 800, 60_000
DAY = 100_000  # where the days asked about are moved to; no history is as long


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates with their scores, by customer and then best first."""

    customer: Ints
    item: Ints
    score: Floats


def aligned(purchases: Purchases, customers: Ints, days: Ints) -> Purchases:
    """What each of ``customers`` (ascending) bought before the own day, moved so that it is ``DAY``.

    >>> bought = Purchases(np.array([4, 4]), np.array([1, 2]), np.array([7, 9]), np.ones(2))
    >>> moved = aligned(bought, np.array([4]), np.array([9]))
    >>> moved.item.tolist(), (DAY - moved.day).tolist()
    ([1], [2])
    """
    if not len(customers):
        return purchases.where(np.zeros(len(purchases), dtype=np.bool_))
    at = np.minimum(np.searchsorted(customers, purchases.customer), len(customers) - 1)
    known = (customers[at] == purchases.customer) & (purchases.day < days[at])
    kept = purchases.where(known)
    moved = kept.day - days[at[known]] + DAY
    return Purchases(kept.customer, kept.item, moved, kept.quantity, kept.group)


def candidates(diary: Diary, morning: int) -> tuple[Ints, Floats]:
    """The rows of what each customer bought most, newer visits counting more, and how much."""
    rows = diary.rows_on(morning - 1)
    share = visit_shares(diary, rows, morning, KEEPS)
    order = np.lexsort((-share, diary.customer[rows]))
    who = diary.customer[rows[order]]
    first = np.flatnonzero(np.diff(who, prepend=-1))
    rank = np.arange(len(who)) - np.repeat(first, np.diff(np.append(first, len(who))))
    kept = np.sort(order[rank < CANDIDATES])
    return rows[kept], share[kept]


def ranked(diary: Diary, rhythms: Rhythms, model: Soon | None, morning: int) -> Ranked:
    """Rank what each customer may take on this day; by frequency alone without a model."""
    rows, share = candidates(diary, morning)
    score = share
    if model is not None and len(rows):
        score = model.chances(known_of(diary, rhythms, rows, morning))
    item = diary.items[diary.item[rows]]
    sold = rhythms.of(rhythms.sold, item, 0.0)  # among equals, what others buy
    order = np.lexsort((item, -sold, -score, diary.customer[rows]))
    customer = diary.customers[diary.customer[rows]]
    return Ranked(customer[order], item[order], score[order])


def fit_basket(purchases: Purchases, before: int) -> Soon | None:
    """Learn from the visits of the last weeks before the day ``before``; None where they are too few."""
    purchases = purchases.until(before - 1)
    if not len(purchases):
        return None
    start = before - WEEKS_DAYS
    rhythms = fit_rhythms(open_diary(purchases, start - 1), start)
    traits, taken = [], []
    for customers, days in _visits(purchases, start):
        diary = open_diary(aligned(purchases, customers, days), DAY - 1)
        rows, _ = candidates(diary, DAY)
        traits.append(known_of(diary, rhythms, rows, DAY))
        at = np.searchsorted(customers, diary.customers[diary.customer[rows]])
        item = diary.items[diary.item[rows]]
        taken.append(_were_taken(purchases, customers[at], item, days[at]))
    if not traits:
        return None
    known, bought = np.concatenate(traits), np.concatenate(taken)
    if len(bought) < FEWEST_CASES or min(bought.sum(), (~bought).sum()) < FEWEST_OF_EACH:
        return None
    kept = np.random.default_rng(1).permutation(len(bought))[:CASES]
    return regression(known[kept], bought[kept], purchases.group is not None)


def _visits(purchases: Purchases, start: int) -> list[tuple[Ints, Ints]]:
    """The last visit of some customers, the one before it, …: each as customers and days."""
    span = int(purchases.day.max()) + 1
    visits = np.unique(purchases.customer * span + purchases.day)
    customer, day = visits // span, visits % span
    customers, first = np.unique(customer, return_index=True)
    count = np.diff(np.append(first, len(visits)))
    if len(customers) > CUSTOMERS:
        some = np.sort(np.random.default_rng(1).permutation(len(customers))[:CUSTOMERS])
        customers, first, count = customers[some], first[some], count[some]
    found = []
    for back in range(1, VISITS + 1):
        enough = count - back >= FEWEST_BEFORE
        last = day[first[enough] + count[enough] - back]
        late = last >= start
        if late.any():
            found.append((customers[enough][late], last[late]))
    return found


def _were_taken(
    purchases: Purchases, customer: Ints, item: Ints, day: Ints
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each item was bought by the customer on that day."""
    items, days = int(purchases.item.max()) + 1, int(purchases.day.max()) + 1
    have = (purchases.customer * items + purchases.item) * days + purchases.day
    return np.isin((customer * items + item) * days + day, have)
