"""An order file day by day: which days it has, and a file of its own for each of them."""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cxportal.lib.errors import DomainError
from profiles.rules.identity import EXTERNAL
from profiles.rules.orders import Field
from profiles.services import resolving
from profiles.services.order_files import Reject, Row, read_rows
from profiles.services.order_layouts import checked_zone

DAYS_BEFORE_END = 30
# A till whose clock runs ahead is no reason to leave a row out; a year typed wrong is.
_AHEAD = timedelta(days=1)
_BUFFER_ROWS = 50_000
# So many rows are read in about a second, while somebody waits for the answer.
_SCANNED_ROWS = 100_000


class NothingToRehearse(DomainError):
    """The file holds too little past for the day that was asked for."""

    code = "nothing_to_rehearse"


@dataclass(frozen=True)
class Reading:
    """An order file and how to read it; what it dates after ``now`` by more than a day is kept aside."""

    path: Path
    mapping: Mapping[str, str]
    time_zone: str
    now: datetime

    def rows(self, progress: Callable[[int], None] | None = None) -> Iterator[Row | Reject]:
        """Read it as an import does."""
        return read_rows(
            self.path,
            self.mapping,
            self.time_zone,
            latest=self.now + _AHEAD,
            is_nobody=resolving.present_rules()[EXTERNAL].blocks,
            progress=progress,
        )


@dataclass(frozen=True)
class Days:
    """An order file cut into days, in canonical columns."""

    folder: Path
    days: list[date]
    read: int
    rejected: Counter[str]

    def file(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.csv"


def check_day(*, reading: Reading, as_of: date | None) -> None:
    """Refuse a first morning that cannot be, as far as a second of reading shows it.

    Raises:
        NothingToRehearse: it is in the future, or the file is short and has no orders before or after it.
        OrderFileError: the file cannot be read.
    """
    zone = checked_zone(reading.time_zone)
    days: set[date] = set()
    scanned = 0
    for row in islice(reading.rows(), _SCANNED_ROWS):
        scanned += 1
        if isinstance(row, Row):
            days.add(row.occurred_at.astimezone(zone).date())
    if as_of and as_of > reading.now.astimezone(zone).date():
        raise NothingToRehearse(
            f"{_said(as_of)} is in the future. A rehearsal begins on a day of your past."
        )
    if scanned < _SCANNED_ROWS:
        first_morning(sorted(days), as_of)


def first_morning(days: list[date], as_of: date | None) -> date:
    """Return the morning from which to rehearse on orders of these days (ascending).

    Raises:
        NothingToRehearse: there are no orders before or after it.
    """
    if not days:
        raise NothingToRehearse("No row of this file could be read as an order.")
    first, last = days[0], days[-1]
    if first == last:
        raise NothingToRehearse(
            f"All orders of this file are of one day, {_said(first)}. A rehearsal learns from some days"
            " and is tried on later ones: take a file of some months."
        )
    morning = as_of or last - timedelta(days=DAYS_BEFORE_END)
    if first < morning <= last:
        return morning
    earliest = first + timedelta(days=1)
    choose = (
        f"Only {_said(last)} can be its first morning."
        if earliest == last
        else f"Choose a first morning from {_said(earliest)} to {_said(last)}."
    )
    span = f"The orders of this file are from {_said(first)} to {_said(last)}"
    if as_of is None:
        span += f", too few to begin {DAYS_BEFORE_END} days before the last"
    raise NothingToRehearse(f"{span}. {choose}")


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def cut(*, reading: Reading, folder: Path, progress: Callable[[int], None]) -> Days:
    """Write the orders of a file into one file a day; ``progress`` is told the bytes read so far."""
    rejected: Counter[str] = Counter()
    buffer: dict[date, list[tuple[Any, ...]]] = defaultdict(list)
    seen: set[date] = set()
    read = buffered = 0
    zone = ZoneInfo(reading.time_zone)
    for row in reading.rows(progress):
        read += 1
        if isinstance(row, Reject):
            rejected[str(row.reason)] += 1
            continue
        buffer[row.occurred_at.astimezone(zone).date()].append(_canonical(row))
        buffered += 1
        if buffered >= _BUFFER_ROWS:
            seen |= _flush(buffer, folder)
            buffered = 0
    seen |= _flush(buffer, folder)
    return Days(folder, sorted(seen), read, rejected)


_COLUMNS = [
    Field.CUSTOMER, Field.ORDER, Field.TIME, Field.PRODUCT, Field.NAME, Field.CATEGORY, Field.QUANTITY,
    Field.PRICE, Field.PLACE, Field.URL, Field.EMAIL, Field.PHONE, Field.PERSON,
]  # fmt: skip


def _canonical(row: Row) -> tuple[Any, ...]:
    price = f"{row.unit_price_minor / 100:.2f}"
    return (
        row.customer, row.order, row.occurred_at.isoformat(), row.product, row.name, row.category,
        row.quantity, price, row.place, row.url, row.email, row.phone, row.person,
    )  # fmt: skip


def _flush(buffer: dict[date, list[tuple[Any, ...]]], folder: Path) -> set[date]:
    """Append what was read to its days; a file handle is open for one day at a time."""
    written = set(buffer)
    for day, rows in buffer.items():
        path = folder / f"{day.isoformat()}.csv"
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow([str(column) for column in _COLUMNS])
            writer.writerows(rows)
    buffer.clear()
    return written


def joined(days: Days, first: date) -> Path:
    """Make one file of all days before ``first``."""
    path = days.folder / "past.csv"
    with path.open("wb") as past:
        for number, day in enumerate(day for day in days.days if day < first):
            with days.file(day).open("rb") as file:
                if number:
                    file.readline()
                shutil.copyfileobj(file, past)
            days.file(day).unlink()
    return path
