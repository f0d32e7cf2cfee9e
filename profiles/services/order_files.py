"""Reads order files of any size as a stream: the memory used does not depend on the file.

What a file does not state (encoding, delimiter, order of dates, decimal mark) is recognised on its
first million bytes. Rows that cannot be taken come out as ``Reject``, with line number and reason.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, NamedTuple, TextIO, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cxportal.lib.errors import DomainError
from profiles.rules import cells, file_styles, orders
from profiles.rules.orders import DateOrder, Field, RejectReason

_SAMPLE_BYTES = 1_000_000
# Longer than any honest row; a file that is not text often has no line end at all.
_LINE_LENGTH = 1_000_000
_LONGEST_SKIP = 100  # times the length of a line
# Lines that one record may span: more means that a quote was never closed.
_RECORD_LINES = 100
_RAW_LENGTH = 2_000
_MOST_COLUMNS = 500
# Order files shrink to a tenth or a thirtieth; what unpacks beyond this is no order file.
_UNPACKED_AT_MOST = 500
_UNPACKED_FREE = 100_000_000
_NOT_TEXT = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"%PDF": "a PDF document",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
}


class OrderFileError(DomainError):
    """The file as a whole cannot be read; the message says why and what to do."""

    code = "order_file"


class FileMissing(OrderFileError):
    code = "file_missing"


class FileEmpty(OrderFileError):
    code = "file_empty"


class HeaderOnly(OrderFileError):
    code = "header_only"


class NotCsv(OrderFileError):
    code = "not_csv"


class UnknownEncoding(OrderFileError):
    code = "unknown_encoding"


class FileDamaged(OrderFileError):
    code = "file_damaged"


class MappingWrong(OrderFileError):
    """``code`` says in which way: column_missing, column_twice, column_absent, header_twice …"""

    code = "mapping_wrong"


class DatesAmbiguous(OrderFileError):
    code = "dates_ambiguous"


class TimeZoneUnknown(OrderFileError):
    code = "time_zone_unknown"


class Row(NamedTuple):
    """A line of an order that can go in. ``occurred_at`` is aware, in UTC; texts are stripped."""

    line_number: int
    customer: str
    order: str
    occurred_at: datetime
    product: str
    quantity: Decimal
    unit_price_minor: int
    name: str = ""
    category: str = ""
    place: str = ""
    url: str = ""
    email: str = ""
    phone: str = ""
    person: str = ""


class Reject(NamedTuple):
    """A row that is kept aside."""

    line_number: int
    reason: RejectReason
    raw: str


@dataclass(frozen=True)
class Layout:
    """How a file is written, as recognised on its beginning."""

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Style:
    """How the values of the mapped columns are written."""

    date_order: DateOrder
    decimal_comma: bool


Progress = Callable[[int], None]


def recognise(path: Path) -> Layout:
    """Recognise how an order file is written.

    Raises:
        OrderFileError: one of its children: missing, empty, header only, no CSV, unknown encoding.
    """
    sample, is_whole = _sample_of(path)
    if not sample.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise FileEmpty("The file is empty. Export it again and check that it holds orders.")
    encoding = file_styles.recognised_encoding(sample, is_whole=is_whole)
    if not encoding:
        raise UnknownEncoding(
            "The letters of this file are stored in a way we do not know. Save it as UTF-8 and "
            "try again."
        )
    lines = list(io.StringIO(sample.decode(encoding, "replace"), newline=""))
    if not is_whole:
        lines.pop()  # it may be cut
    delimiter = file_styles.recognised_delimiter([line for line in lines[:200] if "\0" not in line])
    if not delimiter:
        raise NotCsv(
            "This is no table in CSV form: we found no columns divided by comma, semicolon, tab "
            "or |."
        )
    rows = _parsed_sample(lines, delimiter)
    headers = tuple(orders.clean_header(header) for header in rows[0])
    if len(headers) > _MOST_COLUMNS:
        raise NotCsv(
            f"The file has {len(headers)} columns. Keep the ones with orders, at most 500."
        )
    body = tuple(row for row in rows[1:] if len(row) == len(headers))
    if len(rows) < 2:
        raise HeaderOnly("The file holds column names but no orders. Export it again.")
    return Layout(encoding, delimiter, headers, body)


def _parsed_sample(lines: Sequence[str], delimiter: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return rows
        except csv.Error:
            continue
        if row:
            rows.append(tuple(row))


def _sample_of(path: Path) -> tuple[bytes, bool]:
    with _unpacked(path) as (stream, _):
        sample = stream.read(_SAMPLE_BYTES)
        is_whole = len(sample) < _SAMPLE_BYTES
    for magic, what in _NOT_TEXT.items():
        if sample.startswith(magic):
            raise NotCsv(f"This file is {what}. Save the orders as CSV and try again.")
    return sample, is_whole


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file, packed or not (by its content, not its name): its bytes, and the file on disk.

    Raises:
        FileMissing: there is none. FileDamaged: packed bytes that cannot be unpacked.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise FileMissing(
                f"The file {path.name} cannot be opened: {error.strerror}."
            ) from error
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = stack.enter_context(gzip.open(raw, "rb")) if packed else raw
        try:
            yield cast("IO[bytes]", stream), raw
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileDamaged(
                "The packed file is damaged or was cut off on its way. Send it again."
            ) from error


def checked_zone(name: str) -> ZoneInfo:
    """Return the zone of that name.

    Raises:
        TimeZoneUnknown: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeZoneUnknown(
            f"There is no time zone “{name}”. Write it as region and city, such as Europe/Vienna."
        ) from error


def check_mapping(mapping: Mapping[str, str], headers: Sequence[str]) -> None:
    """Refuse a mapping that cannot be used on a file with these headers.

    Raises:
        MappingWrong: ``code`` and ``data["names"]`` say what is wrong.
    """
    problem = orders.mapping_problem(mapping, headers)
    if problem is None:
        return
    names = ", ".join(f"“{name}”" for name in problem.names)
    messages = {
        "unknown_field": f"There is no field {names}.",
        "column_missing": f"Say which column holds {names}: nothing can be learned without it.",
        "column_twice": f"The column {names} is chosen for two things. Choose it once.",
        "column_absent": f"The file has no column {names}. Its columns are: {', '.join(headers)}.",
        "header_twice": f"The file has more than one column {names}. Rename one of them.",
    }
    error = MappingWrong(messages[problem.code], data={"names": list(problem.names)})
    error.code = problem.code
    raise error


def style_of(layout: Layout, mapping: Mapping[str, str]) -> Style:
    """Recognise how dates and numbers are written; ``mapping["date_order"]`` outranks the sample.

    Raises:
        DatesAmbiguous: dates such as 03/04/2026, and nothing shows which number is the month.
    """
    times = _values(layout, mapping, Field.TIME)
    order = DateOrder(mapping.get(orders.DATE_ORDER) or file_styles.recognised_date_order(times))
    if order == DateOrder.UNKNOWN and any(map(file_styles.is_slashed, times)):
        raise DatesAmbiguous(
            f"Dates such as {times[0]} can be read in two ways. Say whether the day or the month "
            "comes first."
        )
    numbers = _values(layout, mapping, Field.PRICE) + _values(layout, mapping, Field.QUANTITY)
    return Style(order, file_styles.shows_decimal_comma(numbers))


def _values(layout: Layout, mapping: Mapping[str, str], field: Field) -> list[str]:
    header = mapping.get(field)
    if not header:
        return []
    index = layout.headers.index(header)
    return [row[index] for row in layout.sample if row[index]]


def read_rows(
    path: Path,
    mapping: Mapping[str, str],
    time_zone: str,
    *,
    price_digits: int = 2,
    latest: datetime | None = None,
    progress: Progress | None = None,
) -> Iterator[Row | Reject]:
    """Read an order file: every row once, in the file's order, as ``Row`` or as ``Reject``.

    ``mapping`` is field -> header, and may say ``date_order`` ("dmy" or "mdy"). ``time_zone`` holds
    for times that state none. Rows after ``latest`` are rejected. ``progress`` is told the bytes of
    the file on disk read so far, every few thousand rows.

    Raises:
        OrderFileError: the file as a whole cannot be read, or the mapping does not fit it.
    """
    layout = recognise(path)
    check_mapping(mapping, layout.headers)
    style = style_of(layout, mapping)
    records = _Records(path, layout, progress)
    taken = _taker(records, mapping, style, checked_zone(time_zone), price_digits, latest)
    for number, record in enumerate(records):
        if isinstance(record, Reject):
            yield record
        elif number:
            yield taken(*record)


def reread(path: Path, lines: Sequence[int], reason: RejectReason) -> Iterator[Reject]:
    """Yield the rows of these line numbers (ascending) as rejects, with their text."""
    records = _Records(path, recognise(path))
    wanted = iter(lines)
    line = next(wanted, None)
    for record in records:
        if line is None:
            return
        if record[0] == line and not isinstance(record, Reject):
            yield Reject(line, reason, records.raw())
            line = next(wanted, None)


def _taker(
    records: _Records,
    mapping: Mapping[str, str],
    style: Style,
    zone: ZoneInfo,
    price_digits: int,
    latest: datetime | None,
) -> Callable[[int, list[str]], Row | Reject]:
    """Make the function that turns the values of a record into a row.

    Everything it looks up stands in local names, and values that come again and again are parsed
    once: it runs for every line of the file.
    """
    index = {
        field: records.headers.index(header) for field in Field if (header := mapping.get(field))
    }
    customer_at, time_at, product_at = (index[field] for field in orders.REQUIRED)
    order_at, quantity_at, price_at, name_at, category_at, place_at, url_at = (
        index.get(field, -1)
        for field in (
            Field.ORDER,
            Field.QUANTITY,
            Field.PRICE,
            Field.NAME,
            Field.CATEGORY,
            Field.PLACE,
            Field.URL,
        )
    )
    people_at = [index.get(field, -1) for field in (Field.EMAIL, Field.PHONE, Field.PERSON)]
    names_people = any(at >= 0 for at in people_at)
    comma = style.decimal_comma
    cached = lru_cache(maxsize=8192)
    time_of = cached(partial(cells.parsed_time, zone=zone, order=style.date_order))
    quantity_of = cached(partial(cells.parsed_quantity, decimal_comma=comma))
    price_of = cached(partial(cells.parsed_price, digits=price_digits, decimal_comma=comma))
    nothing, one = cells.NOTHING, Decimal(1)
    longest, longest_place = cells.CODE_LENGTH, cells.PLACE_LENGTH

    def reject(line_number: int, reason: RejectReason) -> Reject:
        return Reject(line_number, reason, records.raw())

    def taken(line_number: int, values: list[str]) -> Row | Reject:
        customer = values[customer_at].strip()
        if customer in nothing:
            return reject(line_number, RejectReason.NO_CUSTOMER)
        occurred_at = time_of(values[time_at].strip())
        if occurred_at is None:
            return reject(line_number, RejectReason.BAD_TIME)
        if latest is not None and occurred_at > latest:
            return reject(line_number, RejectReason.IN_FUTURE)
        product = values[product_at].strip()
        if product in nothing:
            return reject(line_number, RejectReason.NO_PRODUCT)
        order = (
            values[order_at].strip()
            if order_at >= 0
            else f"{customer} {occurred_at:%Y%m%dT%H%M%SZ}"
        )
        if order in nothing:
            return reject(line_number, RejectReason.NO_ORDER)
        quantity = quantity_of(values[quantity_at]) if quantity_at >= 0 else one
        if not quantity:
            missing = quantity is None
            reason = RejectReason.BAD_QUANTITY if missing else RejectReason.ZERO_QUANTITY
            return reject(line_number, reason)
        price = price_of(values[price_at]) if price_at >= 0 else 0
        if price is None:
            return reject(line_number, RejectReason.BAD_PRICE)
        place = values[place_at].strip() if place_at >= 0 else ""
        if len(place) > longest_place or max(len(customer), len(order), len(product)) > longest:
            return reject(line_number, RejectReason.TOO_LONG)
        row = Row(
            line_number,
            customer,
            order,
            occurred_at,
            product,
            quantity,
            price,
            values[name_at] if name_at >= 0 else "",
            values[category_at] if category_at >= 0 else "",
            place,
            values[url_at] if url_at >= 0 else "",
        )
        if names_people:
            email, phone, person = (values[at].strip() if at >= 0 else "" for at in people_at)
            return row._replace(email=email, phone=phone, person=person)
        return row

    return taken


class _Records:
    """The records of a file: (line number, values) for each, the header first, or a reject.

    Blank lines are no records. A quote that is never closed would swallow what follows: where a
    record of several lines does not come out right, its first line is rejected and reading goes on
    with the second.
    """

    def __init__(self, path: Path, layout: Layout, progress: Progress | None = None) -> None:
        self.headers = layout.headers
        self._path = path
        self._layout = layout
        self._progress = progress or (lambda count: None)
        self._lines = _Lines()

    def raw(self) -> str:
        """Return the text of the record that was given last."""
        return _raw("".join(self._lines.record))

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Reject]:
        with _unpacked(self._path) as (stream, raw):
            self._lines.read_from(_decoded(stream, self._layout.encoding))
            limit = _unpacked_limit(self._path)
            for count, record in enumerate(self._read()):
                yield record
                if not count % 4096:
                    if raw is not stream and stream.tell() > limit:
                        raise FileDamaged("The packed file unpacks to far more than orders do.")
                    self._progress(raw.tell())
            self._progress(raw.tell())

    def _read(self) -> Iterator[tuple[int, list[str]] | Reject]:
        width, lines = len(self.headers), self._lines
        reader = csv.reader(lines, delimiter=self._layout.delimiter, strict=True)
        while True:
            lines.record.clear()
            first = lines.number + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield lines.reject_first(first, RejectReason.BROKEN_QUOTES)
                continue
            except _Unreadable as error:
                yield lines.reject_first(first, error.reason)
                continue
            if len(values) == width:
                yield first, values
            elif values:
                yield lines.reject_first(first, RejectReason.WRONG_COLUMNS)


def _decoded(stream: IO[bytes], encoding: str) -> TextIO:
    """Decode without failing: what a sample showed to be UTF-8 may be something else further on."""
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(stream, encoding, errors=errors, newline="")


def _raw(text: str) -> str:
    return text.rstrip("\r\n").replace("\0", "\u2400")[:_RAW_LENGTH]


def _unpacked_limit(path: Path) -> int:
    return os.stat(path).st_size * _UNPACKED_AT_MOST + _UNPACKED_FREE


class _Unreadable(Exception):
    """A line that cannot be part of a record."""

    def __init__(self, reason: RejectReason) -> None:
        self.reason = reason


class _Lines:
    """The physical lines of a file, one by one; remembers those of the record being read."""

    def __init__(self) -> None:
        self.record: list[str] = []
        self.number = 0
        self._again: list[str] = []

    def read_from(self, text: TextIO) -> None:
        self._readline = text.readline

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        again = self._again
        line = again.pop() if again else self._readline(_LINE_LENGTH)
        if not line:
            raise StopIteration
        self.number += 1
        if not line.isascii():
            line = _repaired(line)
        record = self.record
        record.append(line)
        if "\0" in line:
            raise _Unreadable(RejectReason.NUL)
        if len(line) == _LINE_LENGTH:
            if not again:
                self._skip_rest_of_line()
            raise _Unreadable(RejectReason.TOO_LONG)
        if len(record) > _RECORD_LINES:
            raise _Unreadable(RejectReason.BROKEN_QUOTES)
        return line

    def _skip_rest_of_line(self) -> None:
        for _ in range(_LONGEST_SKIP):
            rest = self._readline(_LINE_LENGTH)
            if len(rest) < _LINE_LENGTH or rest.endswith(("\n", "\r")):
                return
        raise FileDamaged("The file has a line without an end. Export it again.")

    def reject_first(self, number: int, reason: RejectReason) -> Reject:
        """Reject the first line of the record and give back the others, to be read again."""
        first, *others = self.record
        self._again.extend(reversed(others))
        self.number -= len(others)
        return Reject(number, RejectReason.BROKEN_QUOTES if others else reason, _raw(first))


def _repaired(line: str) -> str:
    """Read the bytes of a line that are no UTF-8, though the sample was, as Windows-1252."""
    try:
        line.encode()
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return line
