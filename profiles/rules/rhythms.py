"""How often a thing is bought again: the rhythm of each item in the shop.

Gaps between purchase days are log-normal; the mean log gap of a (customer, item) pair is drawn
around its item's mean, the item's around the shop's. Both are shrunk by empirical Bayes with
variances from moments (Morris 1983, "Parametric empirical Bayes inference"; log-normal gaps with a
chance of having stopped: Boag 1949; reorder timing from pooled gaps: Bhagat et al., KDD 2018, "Buy
it again").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from profiles.rules.diary import Diary, Floats, Ints

RECENT = 8  # gaps of one's own that are looked at one by one
HORIZONS = (14, 30, 60)  # days within which a thing is bought again
STEPS = np.array([1, 2, 3, 4, 6, 10, 20], dtype=np.int64)  # purchase days so far, in classes
# What holds while a shop has shown us little: about a month, widely spread, and the likelier to come
# back the more often one came (chances by STEPS). Own gaps soon outweigh all of it.
DEFAULT_MEAN, DEFAULT_WITHIN, DEFAULT_BETWEEN = np.log(30.0), 0.25, 0.4
DEFAULT_ALIVE = (0.45, 0.6, 0.7, 0.78, 0.86, 0.91, 0.95)


@dataclass(frozen=True, slots=True)
class Rhythms:
    """What a shop knows of its items before a day; log gaps in log days.

    `within` and `between` are variances: of one pair's gaps, and of pair means around the item's.
    `alive[k]` is the chance of one more purchase after STEPS[k] purchase days. `again` has a row
    per item and a column per HORIZONS; `trend` is the log of the last 28 days' buyers against the
    28 before.
    """

    items: Ints
    mean: Floats
    spread: Floats
    again: Floats
    trend: Floats
    sold: Floats
    shop_mean: float = float(DEFAULT_MEAN)
    within: float = DEFAULT_WITHIN
    between: float = DEFAULT_BETWEEN
    strength: float = 2.0
    quantity_power: float = 0.0
    shop_again: tuple[float, ...] = (0.15, 0.3, 0.45)
    alive: tuple[float, ...] = DEFAULT_ALIVE

    def rows(self, item: Ints) -> Ints:
        """Row of each item, -1 for one the shop knew nothing of."""
        if not len(self.items):
            return np.full(len(item), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.items, item), len(self.items) - 1)
        return np.where(self.items[at] == item, at, -1)

    def of(self, column: Floats, item: Ints, default: float) -> Floats:
        at = self.rows(item)
        return np.where(at >= 0, column[at], default) if len(column) else np.full(len(at), default)

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"items": self.items.tolist()}
        for name in ("mean", "spread", "again", "trend", "sold"):
            plain[name] = np.round(getattr(self, name), 5).tolist()
        for name in ("shop_mean", "within", "between", "strength", "quantity_power"):
            plain[name] = round(float(getattr(self, name)), 6)
        plain["shop_again"], plain["alive"] = list(self.shop_again), list(self.alive)
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Rhythms:
        columns = {
            name: np.array(plain[name], dtype=np.float64)
            for name in ("mean", "spread", "again", "trend", "sold")
        }
        columns["again"] = columns["again"].reshape(-1, len(HORIZONS))
        return cls(
            items=np.array(plain["items"], dtype=np.int64),
            **columns,
            **{
                k: plain[k]
                for k in ("shop_mean", "within", "between", "strength", "quantity_power")
            },
            shop_again=tuple(plain["shop_again"]),
            alive=tuple(plain["alive"]),
        )


NO_RHYTHMS = Rhythms(
    items=np.zeros(0, np.int64), mean=np.zeros(0), spread=np.zeros(0),
    again=np.zeros((0, len(HORIZONS))), trend=np.zeros(0), sold=np.zeros(0),
)  # fmt: skip


def log_gaps(diary: Diary) -> Floats:
    """Log gap before each row; 0 for the first row of a pair."""
    return np.log(np.maximum(diary.gap, 1).astype(np.float64))


def _pair_sums(diary: Diary, values: Floats) -> Floats:
    return np.bincount(diary.pair, values)


def quantity_power(diary: Diary) -> float:
    """The power with which a double quantity lengthens the gap after it, 0 (not at all) to 1.

    Least squares within pairs of log gap on log quantity bought before it; 0 unless the slope is
    twice its standard error, as many shops' quantities say nothing of how long a thing lasts.
    """
    after = diary.next_day >= 0
    gap = np.log(np.maximum(diary.next_day - diary.day, 1)[after].astype(np.float64))
    amount = np.log(np.maximum(diary.quantity[after], 1e-3))
    pair = diary.pair[after]
    n = np.maximum(np.bincount(pair), 1)
    x = amount - (np.bincount(pair, amount) / n)[pair] if len(pair) else amount
    y = gap - (np.bincount(pair, gap) / n)[pair] if len(pair) else gap
    if (square := float(x @ x)) < 10.0:
        return 0.0
    slope = float(x @ y) / square
    free = max(1, len(pair) - int((np.bincount(pair) > 0).sum()))
    error = np.sqrt(float(((y - slope * x) ** 2).sum()) / free / square)
    return float(np.clip(slope, 0.0, 1.0)) if slope > 2.0 * error else 0.0


def _strength(square: Floats, free: Floats) -> float:
    """How many gaps of one's own the usual spread weighs (variances shrunk as in Smyth 2004).

    `square` sums the squared deviations of a pair's log gaps with `free` degrees of freedom.
    """
    enough = free >= 3
    if enough.sum() < 30:
        return 2.0
    d = free[enough]
    logs = np.log(np.maximum(square[enough] / d, 0.005)) - special.digamma(d / 2) + np.log(d / 2)
    excess = float(logs.var() - special.polygamma(1, d / 2).mean())
    choices = np.arange(1.0, 21.0)
    return float(choices[np.abs(special.polygamma(1, choices / 2) - excess).argmin()])


def _again(diary: Diary, before: int, items: int) -> tuple[Floats, tuple[float, ...]]:
    """Share of purchases followed by another of the same pair within HORIZONS days, per item."""
    columns, shop = [], []
    wait = np.where(diary.next_day >= 0, diary.next_day - diary.day, 10**6)
    for days in HORIZONS:
        seen = (diary.day < before - days) & (diary.day >= before - days - 120)
        asked = np.bincount(diary.item[seen], minlength=items)
        bought = np.bincount(diary.item[seen & (wait <= days)], minlength=items)
        share = (float(bought.sum()) + 3.0) / (float(asked.sum()) + 10.0)
        columns.append((bought + 10.0 * share) / (asked + 10.0))
        shop.append(round(share, 6))
    return np.stack(columns, axis=1), tuple(shop)


def _alive(diary: Diary, before: int, mean: Floats, deviation: float) -> tuple[float, ...]:
    """Chance of one more purchase, by purchase days so far: came back ÷ would if none stopped."""
    seen = (diary.day < before - 91) if len(diary) else np.zeros(0, np.bool_)
    step = np.searchsorted(STEPS, diary.nth[seen] + 1, side="right") - 1
    wait = np.where(diary.next_day >= 0, diary.next_day - diary.day, 10**6)[seen]
    expected = ndtr((np.log(91.0) - mean[seen]) / deviation)
    top = np.bincount(step, wait <= 91, minlength=len(STEPS)) + 10.0 * np.array(DEFAULT_ALIVE)
    return tuple(
        np.clip(top / (np.bincount(step, expected, len(STEPS)) + 10.0), 0.05, 0.98).tolist()
    )


def ndtr(z: Floats) -> Floats:
    """The normal distribution function."""
    return special.ndtr(z)  # type: ignore[no-any-return]


def fit_rhythms(diary: Diary, before: int) -> Rhythms:
    """Learn every item's rhythm from what was bought before the day `before`."""
    diary = diary.before(before)
    if not len(diary):
        return NO_RHYTHMS
    logs, later = log_gaps(diary), diary.nth > 0
    n = np.bincount(diary.pair, later)
    own = _pair_sums(diary, logs) / np.maximum(n, 1)
    item = diary.item[diary.start[diary.last_rows()]]
    off = np.where(later, logs - own[diary.pair], 0.0)
    k = 20.0  # pseudo-gaps: how strongly the shop's default holds while there is little
    within = (off @ off + k * DEFAULT_WITHIN) / (np.maximum(n - 1, 0).sum() + k)
    strength = _strength(np.bincount(diary.pair, off**2), np.maximum(n - 1.0, 0.0))
    items = len(diary.items)
    total, weight = np.bincount(item, n * own, items), np.bincount(item, n, items)
    shop = (total.sum() + k * DEFAULT_MEAN) / (weight.sum() + k)
    mean = (total + 5.0 * shop) / (weight + 5.0)
    enough = n >= 2
    far = (own - mean[item])[enough] ** 2 - within / n[enough]
    between = max(0.05, (far.sum() + k * DEFAULT_BETWEEN) / (enough.sum() + k))
    weight_pairs = np.bincount(item, (n > 0) / (within / np.maximum(n, 1) + between), items)
    raw = np.bincount(item, (n > 0) * own / (within / np.maximum(n, 1) + between), items)
    around = max(0.05, float(np.average((mean - shop) ** 2, weights=weight + 1e-9)))
    mean = (raw + shop / around) / (weight_pairs + 1.0 / around)
    spread = np.bincount(diary.item, off**2, items) + 10.0 * within
    spread = spread / (np.bincount(item, np.maximum(n - 1, 0), items) + 10.0)
    again, shop_again = _again(diary, before, items)
    recent = np.bincount(diary.item[diary.day >= before - 28], minlength=items)
    older = (diary.day >= before - 56) & (diary.day < before - 28)
    last = np.bincount(diary.item[older], minlength=items)
    deviation = float(np.sqrt(within + between))
    alive = _alive(diary, before, mean[diary.item], deviation)
    return Rhythms(
        items=diary.items, mean=mean, spread=spread, again=again,
        trend=np.log((recent + 5.0) / (last + 5.0)), sold=np.log1p(recent + last),
        shop_mean=float(shop), within=float(within), between=float(between), strength=strength,
        quantity_power=quantity_power(diary), shop_again=shop_again, alive=alive,
    )  # fmt: skip
