"""Reads order files of any size as a stream: the memory used does not depend on the file.

Rows that cannot be taken come out as ``Reject``, with line number and reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from profiles.rules import cells, orders
from profiles.rules.orders import Field, RejectReason
from profiles.services.order_layouts import Style, check_mapping, checked_zone, recognise, style_of
from profiles.services.order_records import Progress, Records, Reject

__all__ = ["Reject", "Row", "read_rows", "reread"]


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


def read_rows(
    path: Path,
    mapping: Mapping[str, str],
    time_zone: str,
    *,
    price_digits: int = 2,
    latest: datetime | None = None,
    is_nobody: Callable[[str], bool] | None = None,
    progress: Progress | None = None,
) -> Iterator[Row | Reject]:
    """Read an order file: every row once, in the file's order, as ``Row`` or as ``Reject``.

    ``mapping`` is field -> header, and may say ``date_order`` ("dmy" or "mdy"). ``time_zone`` holds
    for times that state none. Rows after ``latest`` are rejected, and those
    whose customer ``is_nobody`` ("guest"). ``progress`` is told the bytes of
    the file on disk read so far, every few thousand rows.

    Raises:
        OrderFileError: the file as a whole cannot be read, or the mapping does not fit it.
    """
    layout = recognise(path)
    check_mapping(mapping, layout.headers)
    style = style_of(layout, mapping)
    records = Records(path, layout, progress)
    taken = _taker(
        records, mapping, style, checked_zone(time_zone), price_digits, latest, is_nobody
    )
    for number, record in enumerate(records):
        if isinstance(record, Reject):
            yield record
        elif number:
            yield taken(*record)


def reread(
    path: Path, lines: Sequence[int], reason: RejectReason, progress: Progress | None = None
) -> Iterator[Reject]:
    """Yield the rows of these line numbers (ascending) as rejects, with their text."""
    records = Records(path, recognise(path), progress)
    wanted = iter(lines)
    line = next(wanted, None)
    for record in records:
        if line is None:
            return
        if record[0] == line and not isinstance(record, Reject):
            yield Reject(line, reason, records.raw())
            line = next(wanted, None)


def _taker(
    records: Records,
    mapping: Mapping[str, str],
    style: Style,
    zone: ZoneInfo,
    price_digits: int,
    latest: datetime | None,
    is_nobody: Callable[[str], bool] | None,
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
    nobody = cached(is_nobody or nothing.__contains__)
    longest, longest_place = cells.CODE_LENGTH, cells.PLACE_LENGTH

    def said(text: str) -> str:
        text = text.strip()
        return "" if text in nothing else text

    def reject(line_number: int, reason: RejectReason) -> Reject:
        return Reject(line_number, reason, records.raw())

    def taken(line_number: int, values: list[str]) -> Row | Reject:
        customer = values[customer_at].strip()
        if customer in nothing or nobody(customer):
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
        place = said(values[place_at]) if place_at >= 0 else ""
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
            said(values[name_at]) if name_at >= 0 else "",
            said(values[category_at]) if category_at >= 0 else "",
            place,
            said(values[url_at]) if url_at >= 0 else "",
        )
        if names_people:
            email, phone, person = (said(values[at]) if at >= 0 else "" for at in people_at)
            return row._replace(email=email, phone=phone, person=person)
        return row

    return taken
