"""Figures of how good predictions are, with intervals over customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from profiles.rules.diary import Flags, Floats, Ints

DRAWS = 200


def auc(bought: Flags, chance: Floats) -> float:
    """The chance that a pair that was bought stands above one that was not."""
    ranks, n = rankdata(chance), int(bought.sum())
    others = len(bought) - n
    return float((ranks[bought].sum() - n * (n + 1) / 2) / max(1, n * others))


def brier_skill(bought: Flags, chance: Floats) -> float:
    """One less the mean squared error against that of the base rate."""
    base = bought.mean()
    return float(1.0 - ((chance - bought) ** 2).mean() / (base * (1.0 - base)))


def first_right(bought: Flags, chance: Floats, customer: Ints) -> float:
    """How often the likeliest pair of each customer was bought."""
    order = np.lexsort((-chance, customer))
    first = np.diff(customer[order], prepend=-1) != 0
    return float(bought[order][first].mean())


def compare(chances: Mapping[str, Floats], bought: Flags, customer: Ints) -> None:
    """Print one line for each way of foretelling; behind it how far the first of them is ahead of it.

    The intervals hold 95 % of DRAWS bootstrap samples of the customers, the same for both.
    """
    ours, *_ = chances.values()
    samples = _samples(customer)
    print(
        f"{len(bought):,} pairs of {len(np.unique(customer)):,} customers, {bought.mean():.4f} bought"
    )
    print(
        f"{'':22}{'AUC':>7}{'skill':>8}{'mean p':>8}{'prec@1':>8}   the first against it: AUC, skill"
    )
    for name, chance in chances.items():
        line = f"{name:22}{auc(bought, chance):7.4f}{brier_skill(bought, chance):8.4f}"
        line += f"{chance.mean():8.4f}{first_right(bought, chance, customer):8.4f}"
        print(line + ("" if chance is ours else _ahead(ours, chance, bought, samples)))


def _ahead(ours: Floats, other: Floats, bought: Flags, samples: Sequence[Ints]) -> str:
    words = ""
    for figure in (auc, brier_skill):
        gains = [figure(bought[at], ours[at]) - figure(bought[at], other[at]) for at in samples]
        low, high = np.quantile(gains, [0.025, 0.975])
        words += f"   [{low:+.4f}, {high:+.4f}]"
    return words


def _samples(customer: Ints) -> Sequence[Ints]:
    order = np.argsort(customer, kind="stable")
    each = np.split(order, np.flatnonzero(np.diff(customer[order])) + 1)
    chance = np.random.default_rng(1)
    return [
        np.concatenate([each[n] for n in chance.integers(0, len(each), len(each))])
        for _ in range(DRAWS)
    ]


def interval(gains: Floats) -> str:
    """Where 95 % of bootstrap samples of the mean lie, one number for each customer."""
    drawn = np.random.default_rng(1).integers(0, len(gains), (1_000, len(gains)))
    low, high = np.quantile(gains[drawn].mean(axis=1), [0.025, 0.975])
    return f"{low:+.4f}, {high:+.4f}"
