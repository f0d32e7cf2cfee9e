"""Keeps rows of people who were erased out of what an order file brings, without a word of theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Protocol, TypeVar

from profiles.models import Source
from profiles.rules.names import normal_email, normal_phone
from profiles.rules.orders import RejectReason
from profiles.rules.privacy import EXTERNAL
from profiles.services.order_records import Reject
from profiles.services.suppressing import Erased

_CELLS = re.compile(r'[,;|"\t\r\n]+')
_ADDRESS = re.compile(r"""[^\s<>"',;|]+@[^\s<>"',;|]+""")
_KEPT = 50_000


class Named(Protocol):
    """A row that says who it is about."""

    @property
    def line_number(self) -> int: ...
    @property
    def customer(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def phone(self) -> str: ...


Row = TypeVar("Row", bound=Named)


def without_erased(
    rows: Iterable[Row | Reject], *, erased: Erased | None, source: Source, region: str
) -> Iterable[Row | Reject]:
    """Replace each row of somebody who was erased by a reject without its text.

    Costs nothing where nobody was erased; else one look for each customer of a stretch of rows.
    """
    return rows if erased is None else _sifted(rows, _asking(erased, source, region))


def _sifted(rows: Iterable[Row | Reject], is_erased: Callable[..., bool]) -> Iterator[Row | Reject]:
    for row in rows:
        if isinstance(row, Reject):
            cells = [*map(str.strip, _CELLS.split(row.raw)), *_ADDRESS.findall(row.raw)]
            theirs = any(is_erased(cell, cell, cell) for cell in cells)
        else:
            theirs = is_erased(row.customer, row.email, row.phone)
        yield Reject(row.line_number, RejectReason.ERASED, "") if theirs else row


def _asking(erased: Erased, source: Source, region: str) -> Callable[[str, str, str], bool]:
    scope = str(source.pk)

    @lru_cache(maxsize=_KEPT)
    def is_erased(number: str, email: str, phone: str) -> bool:
        return (
            erased.holds(EXTERNAL, scope, number)
            or ("@" in email and erased.holds("email", "", normal_email(email)))
            or (bool(phone) and erased.holds("phone", "", normal_phone(phone, region)))
        )

    return is_erased
