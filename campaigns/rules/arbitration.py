"""What a message is worth, and which of several wins: pure, over columns of candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from campaigns.rules.codes import Door

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]

# The cost of saying something unasked, in units of a plain message that helps. A message breaks into
# a day: where the chance that it helps is below about one in two, silence is better. At a counter
# or on the customer's own page they are with us anyway. Each message already said in the week adds to
# the cost, so that the last place in the budget is kept for something better.
DISTURBING = {Door.EMAIL: 0.45, Door.COUNTER: 0.2, Door.PAGE: 0.2}
DISTURBING_AGAIN = 0.05


def worth(likelihood: Floats, value: Floats, said_this_week: Longs, door: Door) -> Floats:
    """Weigh help against disturbance: likelihood × value − cost of disturbing."""
    return likelihood * value - DISTURBING[door] - DISTURBING_AGAIN * said_this_week


def chosen(customer: Longs, worths: Floats, admissible: Bools, room: Longs) -> Bools:
    """Choose for each customer the worthiest candidates, as many as there is room for.

    ``room`` is per row (equal within a customer). Ties go to the earlier row, so that the same input always gives
    the same answer.
    """
    contending = admissible & (worths > 0)
    order = np.lexsort((np.arange(len(customer)), -worths, ~contending, customer))
    who = customer[order]
    starts = np.r_[True, who[1:] != who[:-1]] if len(who) else np.empty(0, bool)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(who)), 0))
    rank = np.arange(len(who)) - first
    picked = np.empty(len(customer), dtype=bool)
    picked[order] = contending[order] & (rank < room[order])
    return picked
