"""Order files in the form of the outside scorer, read into columns."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

import numpy as np

from profiles.rules.diary import Ints, Purchases


@dataclass(frozen=True, slots=True)
class Orders:
    """Purchases, with the codes that stand for the file's names; day 0 is its first."""

    purchases: Purchases
    customers: dict[str, int]
    items: dict[str, int]
    first: int


@dataclass(frozen=True, slots=True)
class Cases:
    """Questions of the scorer: a pair (or a customer) and a day, counted from the file's first."""

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


def read_cases(path: Path, orders: Orders, day: str = "on") -> Cases:
    """Read a scorer's cases; ``day`` is the column of the day. Cases without an item have item -1."""
    with _open(path) as file:
        lines = [
            (row["customer_id"], row.get("item", ""), row[day]) for row in csv.DictReader(file)
        ]
    try:
        codes = np.array(
            [(orders.customers[c], orders.items[i] if i else -1, date.fromisoformat(on[:10]).toordinal())
             for c, i, on in lines], dtype=np.int64,
        ).reshape(-1, 3)  # fmt: skip
    except KeyError as unknown:
        raise SystemExit(f"{path}: {unknown} is not in the orders") from None
    return Cases(lines, codes[:, 0], codes[:, 1], codes[:, 2] - orders.first)
