"""What competes for one place: of several answers to one moment the worthiest contends, and no other. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]


def numbered(*columns: Longs) -> Longs:
    """Number rows by their values: rows that are equal in every column share a number.

    >>> numbered(np.array([7, 7, 3]), np.array([1, 1, 1])).tolist()
    [1, 1, 0]
    """
    order = np.lexsort(columns[::-1])
    differs = np.zeros(len(order), dtype=bool)
    for column in columns:
        differs[1:] |= column[order][1:] != column[order][:-1]
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(differs)
    return numbers


def foremost(group: Longs, worths: Floats, contending: Bools) -> Bools:
    """Keep of each group the worthiest of those that contend; ties go to the earlier row.

    >>> foremost(np.array([0, 0, 1]), np.array([0.2, 0.5, 0.1]), np.array([True, True, False])).tolist()
    [False, True, False]
    """
    order = np.lexsort((np.arange(len(group)), -worths, ~contending, group))
    first = np.ones(len(order), dtype=bool)
    first[1:] = group[order][1:] != group[order][:-1]
    kept = np.empty(len(order), dtype=bool)
    kept[order] = first
    return kept & contending
