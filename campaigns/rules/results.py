"""Did it help? Shares and their differences, with honest intervals.

Wilson's score interval for one share and Newcombe's hybrid of two of them for a difference (method 10)
keep their level also for small numbers and for shares near 0 and 1, where the usual formula fails.
Source: R. G. Newcombe, Statistics in Medicine 17 (1998), pages 857-872 and 873-890.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

# 97.5 % point of the normal distribution: all intervals are at 95 %.
Z = 1.959964


class Effect(StrEnum):
    """What a comparison says."""

    HELPED = "helped"
    HARMED = "harmed"
    CANNOT_TELL = "cannot_tell_yet"


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hit: int
    n: int

    @property
    def rate(self) -> float:
        """The share, 0…1; 0 of none."""
        return self.hit / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hit, self.n)


@dataclass(frozen=True)
class Comparison:
    """A group that was treated beside one that was not, by chance."""

    treated: Share
    control: Share

    @property
    def difference(self) -> float:
        return self.treated.rate - self.control.rate

    @property
    def interval(self) -> tuple[float, float]:
        return newcombe(self.treated, self.control)

    @property
    def effect(self) -> Effect:
        """Say whether it helped, only where the whole interval says so."""
        low, high = self.interval
        if low > 0:
            return Effect.HELPED
        return Effect.HARMED if high < 0 else Effect.CANNOT_TELL


def wilson(hit: int, n: int) -> tuple[float, float]:
    """Compute the 95 % interval of a share; of none it is everything.

    >>> [round(end, 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    if n == 0:
        return 0.0, 1.0
    square = Z * Z
    middle = hit + square / 2
    spread = Z * sqrt(hit * (n - hit) / n + square / 4)
    return max(0.0, (middle - spread) / (n + square)), min(1.0, (middle + spread) / (n + square))


def newcombe(first: Share, second: Share) -> tuple[float, float]:
    """Compute the 95 % interval of ``first.rate - second.rate``; with an empty group all is possible.

    >>> [round(end, 4) for end in newcombe(Share(56, 70), Share(48, 80))]
    [0.0524, 0.3339]
    """
    if first.n == 0 or second.n == 0:
        return -1.0, 1.0
    (low1, high1), (low2, high2) = first.interval, second.interval
    difference = first.rate - second.rate
    below = sqrt((first.rate - low1) ** 2 + (high2 - second.rate) ** 2)
    above = sqrt((high1 - first.rate) ** 2 + (second.rate - low2) ** 2)
    return difference - below, difference + above
