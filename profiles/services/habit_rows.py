"""Habits as columns, out of the database and back into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection

from cxportal.lib import columns
from profiles.rules import cadence
from profiles.rules.diary import Diary, Floats, Ints

_COLUMNS = tuple(
    """customer_id product_id category_id purchase_days first_on last_on rhythm_days mu sigma
    p_active expected_on earliest_on latest_on remind_on window_probability doubt learned_on curve
    learned_at""".split()
)


# --- what stands already --------------------------------------------------------------------------

# Below this chance of ever coming back, another visit of the customer does not bring a habit to life: only
# the thing itself, bought again, or a new fit of the shared model.
LONG_OVER = 0.2

_STORED = f"""
    SELECT h.customer_id, COALESCE(h.product_id, 0)::bigint, COALESCE(h.category_id, 0)::bigint, h.id,
        h.purchase_days::bigint, (h.last_on - DATE '1970-01-01')::bigint,
        COALESCE(h.learned_at >= m.fitted_at
            AND (h.doubt = '{cadence.Unsure.TOO_FEW}'
                OR (h.doubt = '{cadence.Unsure.STOPPED}' AND h.p_active < {LONG_OVER})),
            false)::int::bigint
    FROM profiles_habit h LEFT JOIN profiles_learnedmodel m
        ON m.kind = 'cadence:' || CASE WHEN h.product_id IS NULL THEN 'category' ELSE 'product' END
    WHERE h.customer_id = ANY(%(ids)s)
"""


@dataclass(frozen=True)
class Stored:
    """The habits that these customers have; ``is_settled`` where only a purchase would change them."""

    customer: Ints
    product: Ints
    category: Ints
    id: Ints
    purchase_days: Ints
    last_on: Ints
    is_settled: Ints

    def standing(self, subject: str, diary: Diary, rows: Ints) -> Ints:
        """The id of the habit that stands for each of the diary's rows; -1 where it is to be learned."""
        item = self.product if subject == "product" else self.category
        mine = np.flatnonzero((item > 0) & (self.is_settled > 0))
        code, at = _codes(diary, self.customer[mine], item[mine])
        mine, code = mine[at], code[at]
        order = np.argsort(code)
        mine, code = mine[order], code[order]
        found = np.full(len(rows), -1, dtype=np.int64)
        if not len(mine):
            return found
        asked = diary.customer[rows] * len(diary.items) + diary.item[rows]
        near = np.minimum(np.searchsorted(code, asked), len(code) - 1)
        same = (
            (code[near] == asked)
            & (self.purchase_days[mine[near]] == diary.nth[rows] + 1)
            & (self.last_on[mine[near]] == diary.day[rows])
        )
        found[same] = self.id[mine[near[same]]]
        return found


def _codes(diary: Diary, customer: Ints, item: Ints) -> tuple[Ints, Ints]:
    """A number for each pair, in the diary's terms, and which of them the diary knows."""
    who = np.minimum(np.searchsorted(diary.customers, customer), len(diary.customers) - 1)
    what = np.minimum(np.searchsorted(diary.items, item), len(diary.items) - 1)
    known = (diary.customers[who] == customer) & (diary.items[what] == item)
    return who * len(diary.items) + what, np.flatnonzero(known)


def stored(customer_ids: Sequence[int]) -> Stored:
    """Read which habits these customers have."""
    return Stored(*columns.read_longs(_STORED, {"ids": list(customer_ids)}, 7))


# --- what was learned -----------------------------------------------------------------------------

Parts = Iterable[tuple[cadence.Habits, Ints]]


def replace_rows(gone: Ints, found: Iterable[tuple[str, Parts, datetime]]) -> int:
    """Delete the rows with these ids and write what was learned of each subject; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM profiles_habit WHERE id = ANY(%s)", [gone.tolist()])
    chunks = (
        chunk
        for subject, parts, now in found
        for habits, first in parts
        for chunk in _chunks(subject, habits, first, now)
    )
    return columns.write_fields("profiles_habit", _COLUMNS, chunks)


def _chunks(
    subject: str, habits: cadence.Habits, first: Ints, now: datetime
) -> Iterator[tuple[int, Sequence[columns.Field]]]:
    """Habits as fields in the order of ``_COLUMNS``, those of one doubt at a time."""
    for doubt in cadence.Unsure:
        rows = np.flatnonzero(habits.reason == doubt.value)
        if len(rows):
            yield len(rows), _fields(subject, habits.take(rows), first[rows], str(doubt), now)


def _fields(
    subject: str, habits: cadence.Habits, first: Ints, doubt: str, now: datetime
) -> Sequence[columns.Field]:
    item = columns.longs(habits.item)
    return (
        columns.longs(habits.customer),
        item if subject == "product" else None,
        item if subject == "category" else None,
        columns.integers(habits.purchase_days),
        columns.dates(first),
        columns.dates(habits.last_on),
        _rounded(habits.rhythm_days),
        _rounded(habits.mean_log_gap),
        _rounded(habits.log_gap_deviation),
        _rounded(habits.p_active),
        columns.dates(habits.expected_on),
        columns.dates(habits.earliest_on),
        columns.dates(habits.latest_on),
        columns.dates(habits.remind_on),
        _rounded(np.clip(habits.window_probability, 0, 1)),
        columns.text(doubt, len(habits)),
        columns.dates(habits.learned_on),
        columns.blobs(habits.curve.astype("<i2")),
        columns.instant(now, len(habits)),
    )


def _rounded(values: Floats) -> columns.Field:
    return columns.doubles(np.round(values, 4))
