"""What offers and rules of the rule base can be, in codes, and how well something fits. Pure, over columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from campaigns.rules.codes import Door

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Levels = NDArray[np.int8]
Longs = NDArray[np.int64]


class OfferKind(StrEnum):
    """``guidance`` is more from what somebody owns: it is for owners, and no sale."""

    OFFER = "offer"
    GUIDANCE = "guidance"
    SERVICE = "service"


class Weight(StrEnum):
    """How well a product fits a customer by one rule. What does not fit is never offered."""

    WELL = "fits_well"
    FITS = "fits"
    NOT = "fits_not"


KIND_IN_WORDS = {
    OfferKind.OFFER: "An offer",
    OfferKind.GUIDANCE: "Guidance: more from what they own",
    OfferKind.SERVICE: "A service",
}
WEIGHT_IN_WORDS = {
    Weight.WELL: "fits them well",
    Weight.FITS: "fits them",
    Weight.NOT: "does not fit them",
}
DOOR_IN_WORDS = {
    Door.COUNTER: "at a counter",
    Door.EMAIL: "by e-mail",
    Door.PAGE: "on pages and by other systems",
}
# Levels of fit. Who is named by the offer itself is as good as who fits by one rule.
KEPT_AWAY, NOTHING, FITS, FITS_WELL = -1, 0, 1, 2
# What a moment's chance that a word helps is worth where the product only fits: ours, until the control group
# says more.
CHANCE = np.array([0.0, 0.8, 1.0])
# So many products of an offer are weighed for each customer: where a guard keeps one away, the next comes up.
MOST_WEIGHED = 3
# So many offers contend in one moment.
MOST_OFFERS = 3


@dataclass(frozen=True)
class Best:
    """The products that fit best, by place among the products, -1 for none; and how well the first fits."""

    places: Longs
    levels: Levels


def levels(holds: Bools, fits: Bools, weights: Sequence[Weight]) -> Levels:
    """Say how well each product fits each customer, by all rules together.

    ``holds``: customers × rules, whose condition is certainly so. ``fits``: rules × products.

    >>> holds = np.array([[True, True], [True, False], [False, False]])
    >>> fits = np.array([[True, True], [True, False]])
    >>> levels(holds, fits, [Weight.FITS, Weight.WELL]).tolist()
    [[2, 1], [1, 1], [0, 0]]
    >>> levels(holds, fits, [Weight.WELL, Weight.NOT]).tolist()
    [[-1, 2], [2, 2], [0, 0]]
    """
    found = np.zeros((holds.shape[0], fits.shape[1]), dtype=np.int8)
    stands = {Weight.FITS: FITS, Weight.WELL: FITS_WELL, Weight.NOT: KEPT_AWAY}
    for weight, level in stands.items():
        rules = np.flatnonzero([one == weight for one in weights])
        if len(rules):
            meets = holds[:, rules].astype(np.float32) @ fits[rules].astype(np.float32) > 0
            found[meets] = level
    return found


def best(fit: Levels, most: int = MOST_WEIGHED) -> Best:
    """Choose of each row the products that fit best; ties go to the earlier product.

    >>> found = best(np.array([[0, 1, 2, 1], [0, -1, 0, 0]], dtype=np.int8), most=2)
    >>> found.places.tolist(), found.levels.tolist()
    ([[2, 1], [-1, -1]], [2, 0])
    """
    left = fit.copy()
    rows = np.arange(len(fit))
    places = np.full((len(fit), most), -1, dtype=np.int64)
    first = np.zeros(len(fit), dtype=np.int8)
    for n in range(min(most, fit.shape[1])):
        place = left.argmax(axis=1)
        level = left[rows, place]
        places[:, n] = np.where(level > 0, place, -1)
        left[rows, place] = KEPT_AWAY
        if n == 0:
            first = np.maximum(level, NOTHING)
    return Best(places, first)


def contending(potential: Floats, most: int = MOST_OFFERS) -> Bools:
    """Let the offers that promise most contend in each moment; columns are offers, zero promises nothing.

    >>> contending(np.array([[0.5, 0.9, 0.0], [0.0, 0.0, 0.0]]), most=1).tolist()
    [[False, True, False], [False, False, False]]
    """
    kept = np.zeros(potential.shape, dtype=bool)
    order = np.argsort(-potential, axis=1, kind="stable")[:, :most]
    kept[np.arange(len(potential))[:, None], order] = True
    return kept & (potential > 0)
