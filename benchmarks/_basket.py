"""`predict basket`: what lies in each customer's next basket?"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from benchmarks import _figures
from benchmarks._orders import Cases, Orders
from profiles.rules import basket
from profiles.rules.diary import Ints, Purchases, open_diary
from profiles.rules.rhythms import fit_rhythms

MOST = 10
BLOCK = 28  # days for which what all share stands; in production it is fitted every week
DISCOUNT = 1.0 / np.log2(np.arange(2, MOST + 2))
Rankings = dict[int, list[int]]


def foretell(orders: Orders, cases: Cases) -> Rankings:
    """Rank MOST items for each case, and print how good that is beside simpler ways."""
    ours: Rankings = {}
    decayed: Rankings = {}
    frequent: Rankings = {}
    latest = int(cases.on.max())
    block = (latest - cases.on) // BLOCK
    for number in np.unique(block):
        here = np.flatnonzero(block == number)
        here = here[np.argsort(cases.customer[here])]
        customers, days = cases.customer[here], cases.on[here]
        before = int(days.min())
        known = orders.purchases.until(before - 1)
        rhythms = fit_rhythms(open_diary(known, before - 1), before)
        diary = open_diary(basket.aligned(orders.purchases, customers, days), basket.DAY - 1)
        model = basket.fit_basket(known, before)
        popular = rhythms.items[np.argsort(-rhythms.sold, kind="stable")[:MOST]].tolist()
        for ranking, found in ((ours, model), (decayed, None)):
            ranking |= _first(basket.ranked(diary, rhythms, found, basket.DAY), customers, popular)
        rows = diary.last_rows()
        often = basket.Ranked(
            diary.customers[diary.customer[rows]],
            diary.items[diary.item[rows]],
            diary.nth[rows].astype(float),
        )
        order = np.lexsort((-rhythms.of(rhythms.sold, often.item, 0), -often.score, often.customer))
        often = basket.Ranked(often.customer[order], often.item[order], often.score[order])
        frequent |= _first(often, customers, popular)
    _print({"ours": ours, "own decay": decayed, "own frequency": frequent}, orders, cases)
    return ours


def _first(ranked: basket.Ranked, customers: Ints, popular: list[int]) -> Rankings:
    """The first MOST of each customer, filled up with what is popular."""
    starts = np.searchsorted(ranked.customer, customers)
    ends = np.searchsorted(ranked.customer, customers, side="right")
    found = {}
    for customer, start, end in zip(customers.tolist(), starts, ends, strict=True):
        own = ranked.item[start : min(end, start + MOST)].tolist()
        found[customer] = (own + [item for item in popular if item not in own])[:MOST]
    return found


def _print(ways: dict[str, Rankings], orders: Orders, cases: Cases) -> None:
    """Recall and NDCG over the customers, of items that histories know five times."""
    truth = _truth(orders.purchases, cases)
    customers = sorted(customer for customer in truth if truth[customer])
    print(
        f"{len(customers):,} customers\n{'':16}{'Recall@10':>10}{'NDCG@10':>10}   ours against it"
    )
    first: list[np.ndarray] = []
    for name, ranking in ways.items():
        scores = np.array([_scores(ranking[c], truth[c]) for c in customers]).T
        line = f"{name:16}{scores[0].mean():10.4f}{scores[1].mean():10.4f}"
        for ours, other in zip(first, scores, strict=False):
            line += f"   [{_figures.interval(ours - other)}]"
        first = first or list(scores)
        print(line)


def _scores(ranking: list[int], truth: set[int]) -> tuple[float, float]:
    hit = np.array([item in truth for item in ranking], dtype=float)
    best = (1.0 / np.log2(np.arange(2, len(truth) + 2))).sum()
    return float(hit.sum() / len(truth)), float((hit * DISCOUNT[: len(hit)]).sum() / best)


def _truth(purchases: Purchases, cases: Cases) -> dict[int, set[int]]:
    order = np.argsort(cases.customer)
    customers, days = cases.customer[order], cases.on[order]
    history = basket.aligned(purchases, customers, days)
    width = int(purchases.item.max()) + 1
    pair_days = np.unique((history.customer * width + history.item) * 200_000 + history.day)
    often = np.bincount(pair_days // 200_000 % width, minlength=width) >= 5
    at = np.minimum(np.searchsorted(customers, purchases.customer), len(customers) - 1)
    now = (customers[at] == purchases.customer) & (purchases.day == days[at])
    found: dict[int, set[int]] = {customer: set() for customer in customers.tolist()}
    for customer, item in zip(
        purchases.customer[now].tolist(), purchases.item[now].tolist(), strict=True
    ):
        if often[item]:
            found[customer].add(item)
    return found


def write(path: Path, cases: Cases, orders: Orders, found: Rankings) -> None:
    names = {code: name for name, code in orders.items.items()}
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer_id", "rank", "item"])
        for (name, _, _), customer in zip(cases.lines, cases.customer.tolist(), strict=True):
            out.writerows([name, n, names[item]] for n, item in enumerate(found[customer], 1))
