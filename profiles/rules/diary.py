"""Purchases as sorted arrays, and the counts that are read from them.

A diary holds the purchase *days* of some customers. Everything a learner asks ("how often did she
visit in the thirty days before?") is a search in a sorted array, so that one pair and a million
pairs cost the same code, and nothing after the day asked about can be seen by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Purchases:
    """Lines of purchases in columns, in any order.

    `day` counts whole days from any fixed day; `group` (the product's category) may be left out.
    """

    customer: Ints
    item: Ints
    day: Ints
    quantity: Floats
    group: Ints | None = None

    def __len__(self) -> int:
        return len(self.day)

    def where(self, keep: npt.NDArray[np.bool_]) -> Purchases:
        group = None if self.group is None else self.group[keep]
        return Purchases(
            self.customer[keep], self.item[keep], self.day[keep], self.quantity[keep], group
        )

    def until(self, as_of: int) -> Purchases:
        """What is known in the evening of `as_of`."""
        return self if not len(self) or self.day.max() <= as_of else self.where(self.day <= as_of)


def _first_of_each(sorted_: Ints) -> Flags:
    """Mark the first of each run of equal values."""
    new = np.ones(len(sorted_), dtype=np.bool_)
    np.not_equal(sorted_[1:], sorted_[:-1], out=new[1:])
    return new


@dataclass(frozen=True, slots=True)
class Timeline:
    """Distinct (owner, day) marks, sorted, with the span of days of the keys.

    `key = owner * span + day - first`; a look-up is one binary search.
    """

    key: Ints
    first: int
    span: int

    @classmethod
    def of(cls, owner: Ints, day: Ints, first: int, span: int) -> Timeline:
        key = owner * span + (day - first)
        if np.any(key[1:] < key[:-1]):
            key = np.sort(
                key
            )  # a plain sort of numbers: np.unique hashes first, and is ten times slower
        return cls(key[_first_of_each(key)], first, span)

    @property
    def owner(self) -> Ints:
        """Whose each mark is."""
        return self.key // self.span

    @property
    def day(self) -> Ints:
        """The day of each mark."""
        return self.key % self.span + self.first

    def before(self, owner: Ints, day: Ints) -> Ints:
        """Position of the first mark of `owner` on or after `day`."""
        inside = np.clip(day - self.first, 0, self.span - 1)
        return np.searchsorted(self.key, owner * self.span + inside).astype(np.int64)

    def count(self, owner: Ints, start: Ints, end: Ints) -> Ints:
        """How many marked days of `owner` lie in [start, end)."""
        return self.before(owner, end) - self.before(owner, start)

    def day_at(self, position: Ints) -> Ints:
        """The day of a mark; positions must be valid."""
        return self.key[position] % self.span + self.first

    def days_since(self, owner: Ints, before: Ints, missing: int) -> Ints:
        """Days from the last mark of `owner` earlier than `before` to that day."""
        if not len(self.key):
            return np.full(len(owner), missing, dtype=np.int64)
        position = self.before(owner, before)
        at = np.maximum(position - 1, 0)
        found = (position > 0) & (self.key[at] // self.span == owner)
        return np.where(found, before - self.day_at(at), missing)


@dataclass(frozen=True, slots=True)
class Diary:
    """Purchase days by pair (customer, item), in order; one row per pair and day.

    `pair`, `nth` (0 for the first day of a pair), `start` (row of the pair's first day) and
    `next_day` (-1 when there is none) describe each row; `customers`, `items`, `groups` translate
    the dense codes back.
    """

    customers: Ints
    items: Ints
    customer: Ints
    item: Ints
    group: Ints
    day: Ints
    quantity: Floats
    pair: Ints
    nth: Ints
    start: Ints
    next_day: Ints
    visits: Timeline
    pair_days: Timeline
    group_days: Timeline
    basket: Ints = field(repr=False)
    group_pair: Ints = field(repr=False)
    has_groups: bool = True

    def __len__(self) -> int:
        return len(self.day)

    @property
    def gap(self) -> Ints:
        """Days since the pair's purchase before (0 for its first)."""
        before = np.concatenate(([0], self.day[:-1])) if len(self) else self.day
        return np.where(self.nth > 0, self.day - before, 0)

    def last_rows(self) -> Ints:
        """The row of each pair's last day."""
        return np.flatnonzero(self.next_day < 0)

    def rows_on(self, evening: int) -> Ints:
        """The row of each pair's last day up to and with `evening`."""
        still = (self.next_day < 0) | (self.next_day > evening)
        return np.flatnonzero((self.day <= evening) & still)

    def before(self, day: int) -> Diary:
        """The rows before `day`, to read gaps; the timelines stay whole: ask them no later day."""
        keep = self.day < day
        if keep.all():
            return self
        number = np.cumsum(keep) - 1
        nth = self.nth[keep]
        return replace(
            self, customer=self.customer[keep], item=self.item[keep], group=self.group[keep],
            day=self.day[keep], quantity=self.quantity[keep], pair=np.cumsum(nth == 0) - 1,
            nth=nth, start=number[self.start[keep]], group_pair=self.group_pair[keep],
            next_day=np.where(self.next_day[keep] < day, self.next_day[keep], -1),
        )  # fmt: skip


def _merged(purchases: Purchases) -> Purchases:
    """The same purchases sorted by customer, item and day, the lines of one day added up."""
    last = purchases.quantity if purchases.group is None else purchases.group
    order = np.lexsort(
        (last, purchases.quantity, purchases.day, purchases.item, purchases.customer)
    )
    sorted_ = purchases.where(order)  # type: ignore[arg-type]  # an index serves as well as a mask
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (
        (np.diff(sorted_.customer) != 0)
        | (np.diff(sorted_.item) != 0)
        | (np.diff(sorted_.day) != 0)
    )
    first = np.flatnonzero(new)
    total = np.add.reduceat(sorted_.quantity, first) if len(first) else sorted_.quantity
    group = None if sorted_.group is None else sorted_.group[first]
    return Purchases(sorted_.customer[first], sorted_.item[first], sorted_.day[first], total, group)


def _dense(values: Ints) -> tuple[Ints, Ints]:
    """Distinct values in order, and for each value its place among them."""
    sorted_ = values if not np.any(values[1:] < values[:-1]) else np.sort(values)
    names = sorted_[_first_of_each(sorted_)]
    return names, np.searchsorted(names, values).astype(np.int64)


def open_diary(purchases: Purchases, as_of: int) -> Diary:
    """Arrange what was known on `as_of` (that day included)."""
    known = _merged(purchases.until(as_of))
    customers, customer = _dense(known.customer)
    items, item = _dense(known.item)
    has_groups = known.group is not None
    group = _dense(known.group)[1] if known.group is not None else np.zeros(len(known), np.int64)
    new = np.ones(len(known), dtype=np.bool_)
    new[1:] = (np.diff(customer) != 0) | (np.diff(item) != 0)
    rows = np.arange(len(known), dtype=np.int64)
    start = np.maximum.accumulate(np.where(new, rows, 0)) if len(known) else rows
    pair = np.cumsum(new) - 1
    next_day = np.full(len(known), -1, dtype=np.int64)
    if len(known):
        next_day[:-1] = np.where(new[1:], -1, known.day[1:])
    first = int(known.day.min()) if len(known) else as_of
    span = as_of - first + 2
    group_pair = _dense(customer * (int(group.max(initial=0)) + 1) + group)[1]
    visits = Timeline.of(customer, known.day, first, span)
    at_visit = np.searchsorted(visits.key, customer * span + known.day - first)
    return Diary(
        customers=customers, items=items, customer=customer, item=item, group=group, day=known.day,
        quantity=known.quantity, pair=pair.astype(np.int64), nth=rows - start, start=start,
        next_day=next_day, visits=visits,
        pair_days=Timeline.of(pair.astype(np.int64), known.day, first, span),
        group_days=Timeline.of(group_pair, known.day, first, span),
        basket=np.bincount(at_visit, minlength=len(visits.key)).astype(np.int64),
        group_pair=group_pair, has_groups=has_groups,
    )  # fmt: skip
