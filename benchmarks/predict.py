"""Predictions of the production code for the cases of an outside scorer.

`predict till` answers, at each purchase of a (customer, item) pair, when the next one is due, on
which day to remind, and how sure that is. Shop-wide figures are fitted once on the days before T0;
of each customer everything up to and with the day asked about is known. Needs neither Django nor a
database.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

import numpy as np

from profiles.rules import cadence
from profiles.rules.diary import Diary, Ints, Purchases, open_diary


@dataclass(frozen=True, slots=True)
class Orders:
    """Purchases, with the codes that stand for the file's names; day 0 is its first."""

    purchases: Purchases
    customers: dict[str, int]
    items: dict[str, int]
    first: int


@dataclass(frozen=True, slots=True)
class Cases:
    """Questions of the scorer: a pair and the day of its purchase, days since the file's first."""

    lines: list[tuple[str, str, str]]
    customer: Ints
    item: Ints
    on: Ints


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _lines(path: Path, item: str) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Order id, customer, item, date, quantity and category of each line that is a purchase."""
    with _open(path) as file:
        reader = csv.reader(file)
        header = next(reader)
        columns = ["order_id", "customer_id", item, "ordered_at", "quantity"]
        if missing := [name for name in columns if name not in header]:
            raise SystemExit(f"{path}: no column {', '.join(missing)}")
        order, who, what, when, much = (header.index(name) for name in columns)
        group = header.index("category") if "category" in header else -1
        for line in reader:
            if line[who] and line[what] and line[much] and float(line[much]) > 0:
                category = line[group] if group >= 0 else ""
                yield line[order], line[who], line[what], line[when][:10], line[much], category


def read_orders(path: Path, item: str) -> Orders:
    """Read purchases: customer known, quantity above 0, cancelled orders (id `C...`) left out."""
    customers: dict[str, int] = {}
    items: dict[str, int] = {}
    groups: dict[str, int] = {}
    days: dict[str, int] = {}
    rows, unnumbered = [], False
    for order, who, what, when, much, group in _lines(path, item):
        unnumbered = unnumbered or not order
        day = days.get(when)
        if day is None:
            day = days[when] = date.fromisoformat(when).toordinal()
        rows.append((
            customers.setdefault(who, len(customers)), items.setdefault(what, len(items)), day,
            float(much), groups.setdefault(group, len(groups)), order.startswith("C"),
        ))  # fmt: skip
    if not rows:
        raise SystemExit(f"{path}: no purchases")
    table = np.array(rows, dtype=np.float64)
    if not unnumbered:
        table = table[table[:, 5] == 0]
    whole = table[:, [0, 1, 2, 4]].astype(np.int64)
    first = int(whole[:, 2].min())
    group_codes = whole[:, 3] if len(groups) > 1 and item != "category" else None
    purchases = Purchases(whole[:, 0], whole[:, 1], whole[:, 2] - first, table[:, 3], group_codes)
    return Orders(purchases, customers, items, first)


def read_cases(path: Path, orders: Orders) -> Cases:
    with _open(path) as file:
        lines = [(row["customer_id"], row["item"], row["on"]) for row in csv.DictReader(file)]
    try:
        codes = np.array(
            [(orders.customers[c], orders.items[i], date.fromisoformat(on[:10]).toordinal())
             for c, i, on in lines], dtype=np.int64,
        ).reshape(-1, 3)  # fmt: skip
    except KeyError as unknown:
        raise SystemExit(f"{path}: {unknown} is not in the orders") from None
    return Cases(lines, codes[:, 0], codes[:, 1], codes[:, 2] - orders.first)


def rows_of(diary: Diary, cases: Cases) -> Ints:
    """The diary's row of each case's purchase."""
    width, span = len(diary.items), int(diary.day.max()) + 1
    have = (
        diary.customers[diary.customer] * (width + 10**7) + diary.items[diary.item]
    ) * span + diary.day
    want = (cases.customer * (width + 10**7) + cases.item) * span + cases.on
    rows = np.minimum(np.searchsorted(have, want), len(have) - 1)
    if (have[rows] != want).any():
        raise SystemExit("a case asks about a day on which the pair was not bought")
    return rows.astype(np.int64)


def till(orders: Orders, cases: Cases, t0: int) -> cadence.Habits:
    """Learn each case as of its own day; the diary never looks past it (tested)."""
    if len(cases.on) and cases.on.min() < t0:
        raise SystemExit(
            f"a case lies before T0 = {t0}, from which on the shop-wide figures are known"
        )
    shared = cadence.fit_shared(orders.purchases, t0)
    diary = open_diary(orders.purchases, int(cases.on.max(initial=t0)))
    return cadence.learn_rows(diary, shared, rows_of(diary, cases), cases.on)


def write(path: Path, cases: Cases, habits: cadence.Habits, first: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer_id", "item", "on", "expected_on", "remind_on", "confidence"])
        days = zip(habits.expected_on, habits.remind_on, habits.window_probability, strict=True)
        for line, (expected, remind, chance) in zip(cases.lines, days, strict=True):
            dates = [date.fromordinal(int(day) + first).isoformat() for day in (expected, remind)]
            out.writerow([*line, *dates, f"{chance:.6f}"])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks predict", description=__doc__)
    parser.add_argument("what", choices=["till", "morning", "basket"])
    parser.add_argument("--orders", type=Path, required=True)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--item", choices=["product_id", "category"], default="product_id")
    parser.add_argument("--t0", type=int, default=243, help="day of the file, counted from 0")
    asked = parser.parse_args(arguments)
    if asked.what != "till":
        print(f"predict {asked.what}: not there yet", file=sys.stderr)
        return 2
    start, work = time.perf_counter(), time.process_time()
    orders = read_orders(asked.orders, asked.item)
    cases = read_cases(asked.cases, orders)
    habits = till(orders, cases, asked.t0)
    write(asked.out, cases, habits, orders.first)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(habits)} cases, {time.perf_counter() - start:.1f} s"
        f" ({time.process_time() - work:.1f} s of processor), {peak:.0f} MB at most"
    )
    print(f"score: score.py till {asked.orders} {asked.out} --item {asked.item} --t0 {asked.t0}")
    return 0
