"""`predict till`: when is it due, asked at each purchase of a pair."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks._orders import Cases, Orders
from profiles.rules import cadence
from profiles.rules.diary import Diary, Ints, open_diary


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
