"""Recognises how an order file is written, on its first million bytes.

What it does not state itself: encoding, delimiter, order of dates, decimal mark.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from profiles.rules import file_styles, orders
from profiles.rules.orders import DateOrder, Field, MappingProblem
from profiles.services.order_opening import (
    DatesAmbiguous,
    FileEmpty,
    HeaderOnly,
    MappingWrong,
    NotCsv,
    TimeZoneUnknown,
    UnknownEncoding,
    unpacked,
)

_SAMPLE_BYTES = 1_000_000
# Lines that one record may span: more means that a quote was never closed.
RECORD_LINES = 100
_MOST_COLUMNS = 500
_NOT_TEXT = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"%PDF": "a PDF document",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
}


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


def recognise(path: Path) -> Layout:
    """Recognise how an order file is written.

    Raises:
        OrderFileError: one of its children: missing, empty, header only, no CSV, unknown encoding.
    """
    sample, is_whole = _sample_of(path)
    if not sample.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise FileEmpty("The file is empty. Export it again and check that it holds rows.")
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
            f"The file has {len(headers)} columns. Keep the ones that are needed, at most 500."
        )
    body = tuple(row for row in rows[1:] if len(row) == len(headers))
    if len(rows) < 2:
        raise HeaderOnly("The file holds column names but no rows. Export it again.")
    return Layout(encoding, delimiter, headers, body)


def _parsed_sample(lines: Sequence[str], delimiter: str) -> list[tuple[str, ...]]:
    """Cut the sample as the file will be cut: a quote that is never closed hides no line after it."""
    rows: list[tuple[str, ...]] = []
    at = 0
    while at < len(lines):
        # The header is read as it comes: without it nothing can be said of the file.
        reader = csv.reader(lines[at : at + RECORD_LINES], delimiter=delimiter, strict=bool(rows))
        try:
            row = next(reader)
            is_broken = bool(rows) and reader.line_num > 1 and len(row) != len(rows[0])
        except csv.Error:
            row, is_broken = [], True
        if row or is_broken:
            rows.append((lines[at],) if is_broken else tuple(row))
        at += 1 if is_broken else reader.line_num
    return rows


def _sample_of(path: Path) -> tuple[bytes, bool]:
    with unpacked(path) as (stream, _):
        sample = stream.read(_SAMPLE_BYTES)
        is_whole = len(sample) < _SAMPLE_BYTES
    for magic, what in _NOT_TEXT.items():
        if sample.startswith(magic):
            raise NotCsv(f"This file is {what}. Save its rows as CSV and try again.")
    return sample, is_whole


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
    if problem is not None:
        raise mapping_wrong(problem, headers, _in_words(problem.names))


def mapping_wrong(problem: MappingProblem, headers: Sequence[str], needed: str) -> MappingWrong:
    """Say what is wrong with a mapping; ``needed`` names the missing fields as people do."""
    names = ", ".join(f"“{name}”" for name in problem.names)
    messages = {
        "unknown_field": f"There is no field {names}.",
        "unknown_date_order": f"There is no date_order {names}. Say “dmy” or “mdy”.",
        "column_missing": f"Say which column holds {needed}: nothing can be learned"
        f" without. The columns of the file are: {', '.join(headers)}.",
        "nobody_named": f"Say which column tells who it is: {needed}. The columns of the file are:"
        f" {', '.join(headers)}.",
        "column_twice": f"The column {names} is chosen for two things. Choose it once.",
        "column_absent": f"The file has no column {names}. Its columns are: {', '.join(headers)}.",
        "header_twice": f"The file has more than one column {names}. Rename one of them.",
    }
    error = MappingWrong(messages[problem.code], data={"names": list(problem.names)})
    error.code = problem.code
    return error


def _in_words(fields: Sequence[str]) -> str:
    """Name the fields that every file needs as people do."""
    words = {
        str(Field.CUSTOMER): "the customer",
        str(Field.TIME): "the time of the order",
        str(Field.PRODUCT): "the product",
    }
    *others, last = (words.get(field, field) for field in fields)
    return f"{', '.join(others)} and {last}" if others else last


def style_of(layout: Layout, mapping: Mapping[str, str]) -> Style:
    """Recognise how dates and numbers are written; ``mapping["date_order"]`` outranks the sample.

    Raises:
        DatesAmbiguous: dates such as 03/04/2026, and nothing shows which number is the month.
    """
    order = date_order_of(layout, mapping, [Field.TIME])
    numbers = _values(layout, mapping, Field.PRICE) + _values(layout, mapping, Field.QUANTITY)
    return Style(order, file_styles.shows_decimal_comma(numbers))


def date_order_of(layout: Layout, mapping: Mapping[str, str], fields: Sequence[str]) -> DateOrder:
    """Recognise whether the day or the month comes first in the columns of these fields.

    Raises:
        DatesAmbiguous: dates such as 03/04/2026, and nothing shows which number is the month.
    """
    times = [value for field in fields for value in _values(layout, mapping, field)]
    order = DateOrder(mapping.get(orders.DATE_ORDER) or file_styles.recognised_date_order(times))
    unclear = next(filter(file_styles.needs_date_order, times), "")
    if order == DateOrder.UNKNOWN and unclear:
        raise DatesAmbiguous(
            f"Dates such as {unclear} can be read in two ways. Say whether the day or the month "
            "comes first."
        )
    return order


def _values(layout: Layout, mapping: Mapping[str, str], field: str) -> list[str]:
    header = mapping.get(field)
    if not header:
        return []
    index = layout.headers.index(header)
    return [row[index] for row in layout.sample if row[index]]
