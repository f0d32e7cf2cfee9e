"""What goes with a basket: how often is a hidden new item among the ten that are named?

The last purchase day of every customer with five or more: each item of it that is new to her (and in
five histories at least) is hidden in turn, and foretold from the rest, among all that she never had.
What all share is learned from what was bought before, anew for each BLOCK days.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import _figures
from benchmarks._orders import read_orders
from profiles.rules import companions
from profiles.rules.diary import Ints, Purchases

MOST, BLOCK, FEWEST_VISITS, FEWEST_BOUGHT = 10, 56, 5, 5

Way = Callable[[Ints], np.ndarray]


def main(arguments: Sequence[str]) -> int:
    """Print HR@10 of each way of naming, and by how much ours is ahead."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks companions", description=__doc__)
    parser.add_argument("--orders", required=True, type=Path)
    parser.add_argument("--item", choices=["product_id", "category"], default="product_id")
    options = parser.parse_args(arguments)
    purchases = read_orders(options.orders, options.item).purchases
    hits, customers = _hits(purchases)
    print(f"{len(customers):,} hidden items of {len(np.unique(customers)):,} customers")
    ours = hits["ours"]
    for name, found in hits.items():
        line = f"{name:14} HR@10 {found.mean():.4f}"
        print(
            line
            if name == "ours"
            else f"{line}   ours ahead by [{_ahead(ours - found, customers)}]"
        )
    return 0


def _ahead(gain: np.ndarray, customers: Ints) -> str:
    total, cases = np.bincount(customers, gain), np.bincount(customers)
    return _figures.interval((total / np.maximum(cases, 1))[cases > 0])


def _hits(purchases: Purchases) -> tuple[dict[str, np.ndarray], Ints]:
    items = int(purchases.item.max()) + 1
    span = int(purchases.day.max()) + 1
    lines = np.unique((purchases.customer * span + purchases.day) * items + purchases.item)
    visit, item = lines // items, lines % items
    customer, day = visit // span, visit % span
    last = np.zeros(int(customer.max()) + 1, dtype=np.int64)
    np.maximum.at(last, customer, day)
    visits = np.bincount(np.unique(visit) // span)
    asked = np.flatnonzero(visits >= FEWEST_VISITS)
    hits: dict[str, list[float]] = {"ours": [], "cosine": [], "lift": [], "popularity": []}
    of: list[int] = []
    block = (span - last[asked]) // BLOCK
    for number in np.unique(block):
        here = asked[block == number]
        known = day < last[here].min()
        ways = _ways(visit[known], item[known], items)
        bought = np.bincount(item[known], minlength=items)
        for who in here.tolist():
            mine = slice(*np.searchsorted(customer, [who, who + 1]))
            now = day[mine] == last[who]
            basket, had = item[mine][now], np.unique(item[mine][~now])
            for hidden in np.setdiff1d(basket, had).tolist():
                if bought[hidden] < FEWEST_BOUGHT or len(basket) < 2:
                    continue
                rest = basket[basket != hidden]
                out = np.union1d(rest, had)
                for name, score in ways.items():
                    hits[name].append(float(_is_named(score(rest), hidden, out)))
                of.append(who)
    return {name: np.array(found) for name, found in hits.items()}, np.array(of, dtype=np.int64)


def _is_named(score: np.ndarray, hidden: int, out: Ints) -> bool:
    score = score.copy()
    score[out] = -1.0
    return bool(score[hidden] > 0 and (score > score[hidden]).sum() < MOST)


def _ways(visit: Ints, item: Ints, items: int) -> dict[str, Way]:
    """Scores of all items for a basket, by each way of naming."""
    count = np.bincount(item, minlength=items).astype(float)
    every = companions.learn(visit, item, most=10**6)
    starts = np.searchsorted(every.product, every.product)
    kept = np.arange(len(every)) - starts < companions.MOST
    met = every.together.astype(float)
    pairs = every.product, every.companion
    cosine = met / np.sqrt(count[pairs[0]] * count[pairs[1]])
    lift = met / (count[pairs[0]] * count[pairs[1]])
    return {
        "ours": _adding(pairs[0][kept], pairs[1][kept], every.score[kept], items),
        "cosine": _adding(*pairs, cosine, items),
        "lift": _adding(*pairs, lift, items),
        "popularity": lambda basket: count,
    }


def _adding(product: Ints, companion: Ints, score: np.ndarray, items: int) -> Way:
    def scores(basket: Ints) -> np.ndarray:
        total = np.zeros(items)
        for one in basket.tolist():
            start, end = np.searchsorted(product, [one, one + 1])
            total[companion[start:end]] += score[start:end]
        return total

    return scores
