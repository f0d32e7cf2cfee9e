"""How an order file is written: its encoding, delimiter, order of dates and decimal mark."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from contextlib import suppress

from profiles.rules.orders import DateOrder

DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def recognised_encoding(sample: bytes, *, is_whole: bool = True) -> str:
    """Name the encoding of a file by its first bytes, or return "" when it is no text we know.

    ``is_whole`` is false for a sample, which may end within a character.

    >>> recognised_encoding("Käse".encode()), recognised_encoding("Käse".encode("cp1252"))
    ('utf-8', 'cp1252')
    """
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    if sample.count(0) > len(sample) // 10:
        return _utf16_without_bom(sample)
    for name in ("utf-8", "cp1252", "cp932"):
        try:
            text = codecs.getincrementaldecoder(name)().decode(sample, is_whole)
        except UnicodeDecodeError:
            continue
        # cp932 (Shift-JIS) can read much that it is not: kana are the proof.
        if name != "cp932" or any("\u3040" <= letter <= "\u30ff" for letter in text):
            return name
    return ""


def _utf16_without_bom(sample: bytes) -> str:
    """Latin text in UTF-16 has a zero in every other byte, which no other encoding has."""
    half = len(sample) // 2
    if sample[1::2].count(0) > half * 0.6 and sample[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if sample[::2].count(0) > half * 0.6 and sample[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return ""


def recognised_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that cuts most lines as it cuts the header, or "" for a single column.

    >>> recognised_delimiter(["a;b;c", "1,5;2;3", "4;5;6,7"]), recognised_delimiter(["a", "b"])
    (';', '')
    """
    best, best_score = "", (0.0, 0)
    for delimiter in DELIMITERS:
        widths: list[int] = []
        with suppress(csv.Error):  # of a field that is too long; what stands before it tells enough
            widths.extend(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        if not widths or widths[0] < 2:
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        if (alike, widths[0]) > best_score:
            best, best_score = delimiter, (alike, widths[0])
    return best


_TWO_WAYS = re.compile(r"([0-9]{1,2})([/-])([0-9]{1,2})\2[0-9]{4}")


def recognised_date_order(values: Sequence[str]) -> DateOrder:
    """Tell days from months by the first value that can only be one of the two.

    >>> recognised_date_order(["03/04/2026", "03/14/2026"])
    <DateOrder.MONTH_FIRST: 'mdy'>
    >>> recognised_date_order(["03/04/2026"])
    <DateOrder.UNKNOWN: ''>
    """
    for value in values:
        found = _TWO_WAYS.match(value.strip())
        if found and int(found[1]) > 12:
            return DateOrder.DAY_FIRST
        if found and int(found[3]) > 12:
            return DateOrder.MONTH_FIRST
    return DateOrder.UNKNOWN


def needs_date_order(value: str) -> bool:
    """Tell whether a date needs to be known as day-first or month-first."""
    return bool(_TWO_WAYS.match(value.strip()))


_COMMA_SHOWN = re.compile(r"(,[0-9]{1,2}|\.[0-9]{3},[0-9]+|^0,[0-9]+)[^0-9]*$")
_POINT_SHOWN = re.compile(r"(\.[0-9]{1,2}|,[0-9]{3}\.[0-9]+|^0\.[0-9]+)[^0-9]*$")


def shows_decimal_comma(values: Sequence[str]) -> bool:
    """Tell whether more of these numbers can only be read with a decimal comma than with a point.

    >>> shows_decimal_comma(["1.234,50", "3,9"]), shows_decimal_comma(["1,234.50", "1,234"])
    (True, False)
    """
    comma = sum(bool(_COMMA_SHOWN.search(value)) for value in values)
    return comma > sum(bool(_POINT_SHOWN.search(value)) for value in values)
