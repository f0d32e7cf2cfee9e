"""What one cell of an order file says: a moment, a number, a quantity, a price, or nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from profiles.rules.orders import DateOrder

# How exports write "nothing here".
NOTHING = frozenset({"", "#N/A", "#NV", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "\\N"})
# Longest codes that the tables take.
CODE_LENGTH, PLACE_LENGTH = 200, 80

_DAY_FIRST = re.compile(
    r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})"
    r"(?:[ T,]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:[.,][0-9]+)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_ISO = re.compile(r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}(?:[ T]|$)")
_YEARS = range(1970, 2101)


def parsed_time(text: str, zone: ZoneInfo, order: DateOrder = DateOrder.UNKNOWN) -> datetime | None:
    """Read a moment in any of the usual forms and return it in UTC, or None.

    Without a zone it is local time of ``zone``. A local time that a clock change leaves out is read
    with the offset before the change, one that comes twice is the first (PEP 495, fold=0).

    >>> parsed_time("13.01.2026 08:30", ZoneInfo("Europe/Vienna"))
    datetime.datetime(2026, 1, 13, 7, 30, tzinfo=datetime.timezone.utc)
    >>> parsed_time("2026-02-30", ZoneInfo("UTC")) is None
    True
    """
    try:
        is_iso = _ISO.match(text)
        moment = datetime.fromisoformat(_iso_form(text)) if is_iso else _written_out(text, order)
        if moment.year not in _YEARS:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso_form(text: str) -> str:
    text = text.replace("/", "-")
    if text.endswith(" UTC"):
        return text[:-4] + "+00:00"
    # "2026-01-05 08:30:00 +0100", as shops export it
    head, blank, offset = text.rpartition(" ")
    return head + offset if blank and offset[:1] in "+-" and len(offset) > 1 else text


def _written_out(text: str, order: DateOrder) -> datetime:
    found = _DAY_FIRST.fullmatch(text)
    if not found:
        raise ValueError(text)
    first, mark, second, year, hour, minute, seconds, half = found.groups()
    day, month = int(first), int(second)
    if mark in "/-":
        if order == DateOrder.UNKNOWN:
            raise ValueError(text)
        if order == DateOrder.MONTH_FIRST:
            day, month = month, day
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(text)
        hours = hours % 12 + (12 if half in "pP" else 0)
    clock = (hours, int(minute or 0), int(seconds or 0))
    return datetime(int(year), month, day, *clock)  # noqa: DTZ001 (the caller knows the zone)


_EXPONENT = r"(?:[eE][+-]?[0-9]{1,2})?"
_WITH_POINT = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?" + _EXPONENT)
_WITH_COMMA = re.compile(r"[+-]?(?:[0-9]{1,3}(?:[. ][0-9]{3})+|[0-9]+)?(?:,[0-9]*)?" + _EXPONENT)
_AROUND_NUMBERS = " \t€$£¥"
# Spaces that do not break, as French spreadsheets put between thousands.
_NO_BREAK = str.maketrans("\u00a0\u202f", "  ")
_MOST = Decimal(10) ** 12


def parsed_number(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """Read a number as shops write it, or return None.

    >>> parsed_number("€ 1.234,50", decimal_comma=True), parsed_number("4,5,0")
    (Decimal('1234.50'), None)
    """
    bare = text.translate(_NO_BREAK).strip(_AROUND_NUMBERS)
    if len(bare) > 30 or not any(letter.isdigit() for letter in bare):
        return None
    if bare.endswith("-"):  # as accounting systems write negative numbers
        bare = "-" + bare[:-1]
    if decimal_comma and _WITH_COMMA.fullmatch(bare):
        bare = bare.replace(".", "").replace(" ", "").replace(",", ".")
    elif _WITH_POINT.fullmatch(bare):
        bare = bare.replace(",", "")
    else:
        return None
    number = Decimal(bare)
    return number if abs(number) < _MOST else None


_THOUSANDTH = Decimal("0.001")
_MOST_PIECES = Decimal(10) ** 9


def parsed_quantity(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """Read a quantity to the thousandth (kilograms, litres); 0 stays 0, nonsense is None."""
    number = parsed_number(text, decimal_comma=decimal_comma)
    if number is None or abs(number) >= _MOST_PIECES:
        return None
    return number.quantize(_THOUSANDTH, ROUND_HALF_UP)


def parsed_price(text: str, *, digits: int, decimal_comma: bool = False) -> int | None:
    """Read a price in minor units of a currency with ``digits`` decimals, half a cent rounded up.

    >>> parsed_price("2.675", digits=2), parsed_price("1200", digits=0)
    (268, 1200)
    """
    number = parsed_number(text, decimal_comma=decimal_comma)
    if number is None:
        return None
    return int(number.scaleb(digits).quantize(Decimal(1), ROUND_HALF_UP))


# Source: ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_DIGITS = dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3) | dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
)


def minor_digits(currency: str) -> int:
    """Return how many decimals a currency has.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return _DIGITS.get(currency, 2)


def harmless_cell(text: str) -> str:
    """Keep a spreadsheet from running a cell as a formula. Source: OWASP ASVS 5.0, 1.2.10.

    >>> harmless_cell("=1+1"), harmless_cell("plain")
    ("'=1+1", 'plain')
    """
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


#: The last column of a file of rows that were kept aside: such a file may come back.
REASON_HEADER = "Kept aside because"


def as_it_was(text: str) -> str:
    """Take back what ``harmless_cell`` did.

    >>> as_it_was(harmless_cell("+43 1 123")), as_it_was("'s")
    ('+43 1 123', "'s")
    """
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@", "\t", "\r"} else text


def cells_of(raw: str, delimiter: str, width: int) -> list[str]:
    """Cut a row that was kept aside into ``width`` cells, whatever is wrong with it.

    >>> cells_of('a;"b;c";d', ";", 3), cells_of("a;b;c;d", ";", 3), cells_of('a;"b', ";", 3)
    (['a', 'b;c', 'd'], ['a', 'b', 'c;d'], ['a', '"b', ''])
    """
    try:
        cut = next(csv.reader(raw.splitlines(keepends=True), delimiter=delimiter, strict=True), [])
    except csv.Error:
        cut = raw.split(delimiter)
    kept, more = cut[:width], cut[width:]
    if more and kept:
        kept[-1] = delimiter.join([kept[-1], *more])
    return kept + [""] * (width - len(kept))


def stretches(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Write ids as stretches, each from its first to its last.

    >>> stretches([7, 5, 6, 9])
    [(5, 7), (9, 9)]
    """
    found: list[tuple[int, int]] = []
    for one in sorted(ids):
        if found and one == found[-1][1] + 1:
            found[-1] = found[-1][0], one
        else:
            found.append((one, one))
    return found
