"""Small shapes that shared components draw: bars, columns of a table, intervals on an axis."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """A share as a length, 0 to 100, with its own words."""

    label: str
    percent: float
    text: str
    is_baseline: bool = False


@dataclass(frozen=True)
class Column:
    label: str
    is_number: bool = False


@dataclass(frozen=True)
class Axis:
    """Where a figure and its interval stand, from 0 to 100; ``zero`` marks "no difference"."""

    low: float
    value: float
    high: float
    zero: float | None = None

    @property
    def width(self) -> float:
        return self.high - self.low


def axis(low: float, value: float, high: float, *, start: float, end: float) -> Axis:
    """Place a figure on an axis from ``start`` to ``end``, which marks zero where it is within.

    >>> axis(0.2, 0.3, 0.4, start=0, end=1)
    Axis(low=20.0, value=30.0, high=40.0, zero=0.0)
    """

    def place(figure: float) -> float:
        return round(100 * (min(max(figure, start), end) - start) / (end - start), 2)

    return Axis(place(low), place(value), place(high), place(0) if start <= 0 <= end else None)


def percent(rate: float) -> str:
    """Write a share as people read it: whole above ten, one decimal below.

    >>> percent(0.412), percent(0.034), percent(0.0), percent(1.0)
    ('41\\u202f%', '3.4\\u202f%', '0\\u202f%', '100\\u202f%')
    """
    value = 100 * rate
    digits = 1 if 0 < value < 10 else 0
    return f"{value:.{digits}f}\u202f%"
