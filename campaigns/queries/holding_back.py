"""What keeps a moment's product from its customer: guards and allergies, the same at every door.

Who is unsure is asked at a counter, where somebody can ask; every other door stays silent then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.queries.moments import moment_of
from campaigns.rules.codes import REFUSAL_BIT, Door, Refusal
from cxportal.lib.registry import Longs
from profiles.queries.guards import Guarded, guarded
from profiles.rules.guards import Held

_REFUSALS = {
    Held.ALLERGY: Refusal.ALLERGY,
    Held.REFUSED: Refusal.GUARD,
    Held.UNSURE: Refusal.GUARD_UNSURE,
    Held.ASK: Refusal.GUARD_ASKS,
}


@dataclass(frozen=True)
class HeldBack:
    """Refusals of each row as a mask, and the reasons by row: of refusals, and of what to ask first."""

    mask: Longs
    reasons: Mapping[int, Sequence[Mapping[str, Any]]]


def held_back(
    kinds: Sequence[str], customers: Longs, subjects: Longs, door: Door, now: datetime
) -> HeldBack:
    """Say for each row (kind of moment, customer, subject) what keeps its product from its customer.

    Rows of moments that are not about products are let through. A fixed number of queries, none for no row.
    """
    return held_products(customers, about_products(kinds, subjects), door, now)


def about_products(kinds: Sequence[str], subjects: Longs) -> Longs:
    """Keep the subjects that are products, 0 for others."""
    is_product = {kind: _is_about_products(kind) for kind in set(kinds)}
    return np.where([is_product[kind] for kind in kinds], subjects, 0)


def held_products(customers: Longs, products: Longs, door: Door, now: datetime) -> HeldBack:
    """Say for each row (customer, product; 0 for none) what keeps the product from its customer."""
    rows = np.flatnonzero(products)
    mask = np.zeros(len(products), dtype=np.int64)
    if not len(rows):
        return HeldBack(mask, {})
    found = guarded(customers[rows], products[rows], now)
    mask[rows] = _refusals(found.held, door)
    return HeldBack(mask, _by_row(found, rows))


def _is_about_products(kind: str) -> bool:
    moment = moment_of(kind)
    return moment is not None and moment.is_about_products


def _refusals(held: Longs, door: Door) -> Longs:
    mask = np.zeros(len(held), dtype=np.int64)
    for bit, refusal in _REFUSALS.items():
        if bit != Held.ASK or door != Door.COUNTER:
            mask |= np.where(held & int(bit), REFUSAL_BIT[refusal], 0)
    return mask


def _by_row(found: Guarded, rows: NDArray[np.int64]) -> Mapping[int, Sequence[Mapping[str, Any]]]:
    places = rows.tolist()
    return {places[row]: why for row, why in found.reasons.items()}
