"""`predict morning`: will each pair be bought within the week that begins this morning?"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from benchmarks import _figures
from benchmarks._orders import Cases, Orders
from profiles.rules import soon
from profiles.rules.diary import Diary, Flags, Floats, Ints, open_diary
from profiles.rules.rhythms import fit_rhythms
from profiles.rules.traits import rhythm_of


def morning(orders: Orders, cases: Cases) -> Floats:
    """Foretell each case from what was bought before its day, and print it beside simpler ways."""
    day = int(cases.on[0])
    if (cases.on != day).any():
        raise SystemExit("all cases of a morning are asked on the same day")
    diary = open_diary(orders.purchases, day - 1)
    rhythms = fit_rhythms(diary, day)
    rows = soon.asked_rows(diary, day)
    fitted = soon.fit_soon(orders.purchases, day)
    at = _places(diary, rows, cases)
    chance = soon.chances(diary, rhythms, fitted, rows, day)[at]
    rows = rows[at]
    rhythm = soon.rhythm_chance(rhythm_of(diary, rhythms, rows), day - 1 - diary.day[rows])
    days = day - diary.day[diary.start[rows]]
    rate = 1.0 - np.exp(-soon.DAYS * (diary.nth[rows] + 1.0) / np.maximum(days, 1))
    bought = _bought(orders, cases)
    ways = {"ours": chance, "log-normal rhythm": rhythm, "rate of the pair": rate}
    if bought.any():
        _figures.compare(ways, bought, cases.customer)
    return chance


def _places(diary: Diary, rows: Ints, cases: Cases) -> Ints:
    width = int(max(diary.items.max(), cases.item.max())) + 1
    have = diary.customers[diary.customer[rows]] * width + diary.items[diary.item[rows]]
    at = np.minimum(np.searchsorted(have, cases.customer * width + cases.item), len(have) - 1)
    if (have[at] != cases.customer * width + cases.item).any():
        raise SystemExit(f"a case asks about a pair with less than {soon.FEWEST} purchase days")
    return at.astype(np.int64)


def _bought(orders: Orders, cases: Cases) -> Flags:
    """What came after, to score with; nothing above has seen it."""
    p, day = orders.purchases, int(cases.on[0])
    width = len(orders.items)
    week = (p.day >= day) & (p.day < day + soon.DAYS)
    return np.isin(cases.customer * width + cases.item, p.customer[week] * width + p.item[week])


def write(path: Path, cases: Cases, chance: Floats) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer_id", "item", "p"])
        out.writerows(
            [who, what, f"{p:.6f}"] for (who, what, _), p in zip(cases.lines, chance, strict=True)
        )
