"""When the next purchase comes: a chance for every coming day, not a date.

The time to the next purchase is cut into INTERVALS; in each stands the chance (hazard) that the
purchase falls there when it did not fall before. That counts those who have not come back as what
they are, not as missing (discrete-time survival: Singer & Willett 1993; Tutz & Schmid 2016). The
logit of every hazard starts from the log-normal rhythm with a chance of having stopped and is then
corrected by boosted oblivious trees whose leaves hold one value per interval (Friedman 2001;
Prokhorenkova et al. 2018; one tree for many outputs: Iosipoi & Vakhrushev, NeurIPS 2022). A tree
is two short lists and a small table, so the whole model is plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from profiles.rules.diary import Flags, Floats, Ints
from profiles.rules.rhythms import ndtr

NEAR = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 21, 24, 28, 32, 36, 42, 49, 56, 70, 84, 105]
FAR = [126, 154, 182, 217, 252, 301, 364, 469, 735]
EDGES = np.array(NEAR + FAR, dtype=np.int64)  # days ahead; interval k is (EDGES[k], EDGES[k + 1]]
INTERVALS = len(EDGES) - 1
HORIZON = int(EDGES[-1])
DAYS = np.concatenate((np.arange(126), np.arange(126, HORIZON + 1, 7)))  # where curves are kept
EDGE_AT = np.searchsorted(DAYS, EDGES)
_INSIDE = np.searchsorted(EDGES, DAYS[1:], side="left") - 1  # the interval of each later day
BINS = 32
Matrix = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


def base_logits(mean: Floats, deviation: Floats, alive: Floats, elapsed: Ints) -> Matrix:
    """Logit hazards of the rhythm alone, for pairs whose last purchase is `elapsed` days ago."""
    left = _left_by(mean, deviation, alive, elapsed, EDGES, np.float64)
    hazard = np.clip(1.0 - left[:, 1:] / np.maximum(left[:, :-1], 1e-12), 1e-4, 0.98)
    return np.log(hazard / (1.0 - hazard)).astype(np.float32)


def _left_by(
    mean: Floats,
    deviation: Floats,
    alive: Floats,
    elapsed: Ints,
    ahead: Ints,
    form: type[np.floating],
) -> npt.NDArray[np.floating]:
    """Chance that no purchase falls by the evening of each day ahead: log-normal, or stopped.

    + 0.5, as a day stands for all of its hours. The logarithms are looked up: there are few days, and many
    pairs.
    """
    days = np.maximum(elapsed[:, None] + ahead[None, :], 0)
    logs = np.log(np.arange(int(days.max(initial=0)) + 1) + 0.5)
    logs[0] = -np.inf  # nothing is bought again in no time
    left = logs.astype(form)[days]
    left -= mean.astype(form)[:, None]
    left /= deviation.astype(form)[:, None]
    left = ndtr(left)
    left *= -alive.astype(form)[:, None]
    left += 1
    return left


def targets(wait: Ints, seen: Ints) -> tuple[Flags, Flags]:
    """Whether the purchase fell into each interval, and whether that interval was lived through.

    `wait` is the number of days to the purchase, 0 when none was seen; `seen` the days looked at.
    """
    event = (wait[:, None] > EDGES[None, :-1]) & (wait[:, None] <= EDGES[None, 1:])
    waiting = (wait[:, None] == 0) | (wait[:, None] > EDGES[None, :-1])
    # purchases too count only where the whole interval was seen: else late hazards are too high
    risk = waiting & (seen[:, None] >= EDGES[None, 1:])
    return event & risk, risk


@dataclass(frozen=True, slots=True)
class Forest:
    """Oblivious trees: at depth d every row asks whether `trait[t, d]` is above `limit[t, d]`."""

    trait: Ints
    limit: Floats
    leaf: Matrix

    @property
    def trees(self) -> int:
        return len(self.trait)

    def correct(self, logits: Matrix, traits: Matrix) -> Matrix:
        """The logits with every tree's value added."""
        total = logits.copy()
        power = 1 << np.arange(self.trait.shape[1], dtype=np.int64)
        for trait, limit, leaf in zip(self.trait, self.limit, self.leaf, strict=True):
            where = (traits[:, trait] > limit.astype(np.float32)) @ power
            total[:, : leaf.shape[1]] += leaf[where]
        return total

    def to_dict(self) -> dict[str, Any]:
        return {
            "trait": self.trait.tolist(),
            "limit": self.limit.tolist(),
            "leaf": np.round(self.leaf.astype(np.float64), 4).tolist(),
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Forest:
        return cls(
            np.array(plain["trait"], dtype=np.int64),
            np.array(plain["limit"], dtype=np.float64),
            np.array(plain["leaf"], dtype=np.float32),
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """How the forest grows; the numbers were chosen on origins before the benchmark's days."""

    trees: int = 120
    depth: int = 4
    rate: float = 0.12
    ridge: float = 10.0
    sample: float = 0.4
    traits: float = 0.5
    seed: int = 20


def cut_points(traits: Matrix) -> list[Matrix]:
    """Up to BINS - 1 limits per trait, between equal shares of the rows."""
    step = max(1, len(traits) // 20_000)
    shares = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
    return [
        np.unique(np.quantile(column[::step], shares, method="lower").astype(np.float32))
        for column in traits.T
    ]


def binned(traits: Matrix, cuts: list[Matrix]) -> Bytes:
    """Which bin each value is in; bin b is above the first b limits. One row per trait."""
    rows = [
        np.searchsorted(cut, column, side="left")
        for cut, column in zip(cuts, traits.T, strict=True)
    ]
    return np.array(rows, dtype=np.uint8)


def _bands() -> Matrix:
    """Weights that sum the intervals into early, middle, late; a split must help in one of them."""
    late = np.log1p(EDGES[1:]).astype(np.float64)
    centres = np.log1p(np.array([2.0, 8.0, 24.0, 70.0]))
    near = np.exp(-0.5 * ((late[:, None] - centres) / 0.7) ** 2)
    return (near / near.sum(axis=1, keepdims=True)).astype(np.float32)


def _best_split(
    bins: Bytes, traits: Ints, leaf: Ints, leaves: int, pull: Floats, push: Floats, ridge: float
) -> tuple[int, int]:
    """The trait and the bin whose limit, asked in every leaf, lowers the loss most."""
    best, at_best = -1.0, (int(traits[0]), 0)
    base = leaf * BINS
    for trait in traits:
        at = base + bins[trait]
        g = np.bincount(at, pull, leaves * BINS).reshape(leaves, BINS).cumsum(axis=1)
        h = np.bincount(at, push, leaves * BINS).reshape(leaves, BINS).cumsum(axis=1)
        right = (g[:, -1:] - g) ** 2 / (h[:, -1:] - h + ridge)
        gain = (g**2 / (h + ridge) + right).sum(axis=0)[:-1]
        cut = int(gain.argmax())
        if gain[cut] > best:
            best, at_best = float(gain[cut]), (int(trait), cut)
    return at_best


def grow(logits: Matrix, traits: Matrix, event: Flags, risk: Flags, growth: Growth) -> Forest:
    """Fit the forest to the intervals that were lived through (Newton steps on the log loss)."""
    cuts = cut_points(traits)
    bins = binned(traits, cuts)
    seen = int(np.flatnonzero(risk.any(axis=0)).max(initial=-1)) + 1  # nothing is learned beyond
    bands, chance = _bands()[:seen], np.random.default_rng(growth.seed)
    total = logits[:, :seen].astype(np.float32)
    mask = risk[:, :seen].astype(np.float32)
    hit = event[:, :seen].astype(np.float32)
    kept: tuple[list[list[int]], list[list[float]], list[Matrix]] = ([], [], [])
    power = 1 << np.arange(growth.depth, dtype=np.int64)
    for number in range(growth.trees):
        rows = np.flatnonzero(chance.random(len(traits)) < growth.sample)
        p = 1.0 / (1.0 + np.exp(-total[rows]))
        pull = hit[rows] - mask[rows] * p
        push = mask[rows] * p * (1.0 - p)
        band = bands[:, number % bands.shape[1]]
        band_pull, band_push = _along(pull, band), _along(push, band)
        some = np.sort(chance.permutation(len(bins))[: max(1, int(len(bins) * growth.traits))])
        part = bins[:, rows]
        leaf = np.zeros(len(rows), dtype=np.int64)
        asked: list[tuple[int, int]] = []
        for depth in range(growth.depth):
            trait, cut = _best_split(
                part, some, leaf, 1 << depth, band_pull, band_push, growth.ridge
            )
            asked.append((trait, min(cut, len(cuts[trait]) - 1)))
            leaf = leaf + ((part[trait] > asked[-1][1]).astype(np.int64) << depth)
        value = _leaf_values(leaf, 1 << growth.depth, pull, push, growth)
        where = np.array([bins[t] > c for t, c in asked]).T @ power
        total += value[where]
        kept[0].append([t for t, _ in asked])
        kept[1].append([float(cuts[t][c]) for t, c in asked])
        kept[2].append(value)
    return Forest(
        np.array(kept[0], np.int64), np.array(kept[1], np.float64), np.array(kept[2], np.float32)
    )


def _along(values: Matrix, band: Matrix) -> Floats:
    """Weighted row sums; einsum, as BLAS would make the sum depend on the number of threads."""
    return np.einsum("ij,j->i", values, band).astype(np.float64)


def _leaf_values(leaf: Ints, leaves: int, pull: Matrix, push: Matrix, growth: Growth) -> Matrix:
    order = np.argsort(leaf, kind="stable")
    there, first = np.unique(leaf[order], return_index=True)
    value = np.zeros((leaves, pull.shape[1]))
    top, under = np.add.reduceat(pull[order], first), np.add.reduceat(push[order], first)
    value[there] = growth.rate * top / (under + growth.ridge)
    return np.round(value, 4).astype(np.float32)


def curves(mean: Floats, deviation: Floats, alive: Floats, elapsed: Ints, logits: Matrix) -> Matrix:
    """Chance that nothing was bought by the evening of each of DAYS, from the corrected hazards.

    Inside an interval the days share its hazard as the log-normal rhythm would share it.
    """
    toll = _left_by(mean, deviation, alive, elapsed, DAYS, np.float32)
    np.log(np.maximum(toll, 1e-12, out=toll), out=toll)
    np.subtract(toll[:, :1].copy(), toll, out=toll)  # cumulative hazard of the rhythm alone
    edge = toll[:, EDGE_AT]
    width = np.maximum(np.diff(edge, axis=1), 1e-12)
    p = 1.0 / (1.0 + np.exp(-logits))
    step = -np.log1p(-np.clip(p, 1e-9, 1.0 - 1e-6))
    reached = np.zeros_like(edge)
    np.cumsum(step, axis=1, out=reached[:, 1:])
    part = toll[:, 1:]
    part -= edge[:, _INSIDE]
    part /= width[:, _INSIDE]
    np.clip(part, 0.0, 1.0, out=part)
    part *= step[:, _INSIDE]
    part += reached[:, _INSIDE]
    toll[:, 0] = 0
    return np.exp(np.negative(toll, out=toll), out=toll)


def left_at(curve: Matrix, days: Ints) -> Matrix:
    """Curve values at the same list of days for every row; straight lines between DAYS."""
    days = np.clip(days, 0, HORIZON)
    high = np.searchsorted(DAYS, days)
    low = np.maximum(high - 1, 0)
    width = np.maximum(DAYS[high] - DAYS[low], 1)
    part = np.where(high > 0, (days - DAYS[low]) / width, 0.0).astype(np.float32)
    return curve[:, low] * (1 - part) + curve[:, high] * part


def day_reached(curve: Matrix, share: Floats) -> Ints:
    """The first day ahead by which the chance of a purchase is at least `share`, per row."""
    reached = (1.0 - curve) >= share[:, None] - 1e-7
    at = np.where(reached.any(axis=1), reached.argmax(axis=1), len(DAYS) - 1)
    rows, low = np.arange(len(curve)), np.maximum(at - 1, 0)
    f0, f1 = 1.0 - curve[rows, low], 1.0 - curve[rows, at]
    part = np.clip((share - f0) / np.maximum(f1 - f0, 1e-9), 0.0, 1.0)
    return np.ceil(DAYS[low] + part * (DAYS[at] - DAYS[low]) - 1e-6).astype(np.int64)
