"""Who would mind least: an order over customers, from plain weights and from how they answered before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Ours, against a criterion that counts 1: an answer of before says less than what is known of today, and two say
# all that answers can. Each message of this week has used some patience up.
ANSWERED, MOST_ANSWERS, DISTURBED = 0.5, 2, 0.25


def scores(
    holds: Bools, weights: Floats, welcomed: Longs, dismissed: Longs, said_this_week: Longs
) -> Floats:
    """Add up, of each customer, what speaks for asking them; higher minds less.

    ``holds`` has a row for each criterion and a column for each customer; what is not known counts nothing.

    >>> holds = np.array([[True, True, False], [False, True, False]])
    >>> none = np.zeros(3, dtype=np.int64)
    >>> scores(holds, np.array([2.0, -1.0]), none, none, none).tolist()
    [2.0, 1.0, 0.0]
    """
    known: Floats = weights @ holds if len(weights) else np.zeros(len(welcomed))
    answers = np.minimum(welcomed, MOST_ANSWERS) - np.minimum(dismissed, MOST_ANSWERS)
    return known + ANSWERED * answers - DISTURBED * said_this_week


def ranked(score: Floats, admissible: Bools, most: int) -> Longs:
    """Return the places of the few to ask first, best first; ties go to the earlier.

    >>> ranked(np.array([1.0, 3.0, 3.0, 9.0]), np.array([True, True, True, False]), 2).tolist()
    [1, 2]
    """
    order = np.lexsort((np.arange(len(score)), -score))
    return order[admissible[order]][:most]
