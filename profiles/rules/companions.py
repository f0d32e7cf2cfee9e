"""What goes with what: products that lie in the same baskets more often than they would by chance.

Cosine between the baskets of two products (Sarwar et al., WWW 2001, "Item-based collaborative
filtering"), shrunk where they met seldom, as a few meetings are chance. A basket is what one customer
bought on one day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from profiles.rules.diary import Floats, Ints

FEWEST = 3  # baskets that hold both: what met less often is not learned
SHRINK = 5.0  # meetings at which a likeness counts half
MOST = 20  # companions kept of each product
# More often than by chance: so often as only one in twenty of such pairs would be (Poisson, 1.645
# deviations). What everybody buys with everything, such as bags, goes with nothing.
RARE = 1.645
LARGEST = 100  # products of a basket; a larger one is a delivery to a shop
SLICE = 2_000  # products worked on at once; bounds the memory


@dataclass(frozen=True, slots=True)
class Companions:
    """One row per product and companion, by product and then the closest first.

    ``together`` of the ``baskets`` with the product held the companion as well; ``score`` is 0 … 1.
    """

    product: Ints
    companion: Ints
    together: Ints
    baskets: Ints
    score: Floats

    def __len__(self) -> int:
        return len(self.product)


def learn(basket: Ints, product: Ints, most: int = MOST) -> Companions:
    """Learn companions from lines of baskets, in any order and as often as a product was entered.

    >>> met = learn(np.array([1, 1, 2, 2, 3, 3, 4, *range(5, 13)]), np.array([7, 8] * 3 + [7] + [5] * 8))
    >>> met.product.tolist(), met.companion.tolist(), met.together.tolist(), met.baskets.tolist()
    ([7, 8], [8, 7], [3, 3], [4, 3])
    """
    baskets, row = np.unique(basket, return_inverse=True)
    products, column = np.unique(product, return_inverse=True)
    ones = np.ones(len(row), dtype=np.float32)
    held = sparse.csr_matrix((ones, (row, column)), shape=(len(baskets), len(products)))
    held.sum_duplicates()
    held = held[np.diff(held.indptr) <= LARGEST]
    held.data[:] = 1.0
    counts = np.asarray(held.sum(axis=0), dtype=np.float64).ravel()
    whole = held.shape[0]
    by_product = held.T.tocsr()
    parts = [
        _closest((by_product[start : start + SLICE] @ held).tocoo(), start, counts, whole, most)
        for start in range(0, len(products), SLICE)
    ]
    first, other, met, score = (
        np.concatenate([np.zeros(0), *(part[n] for part in parts)]) for n in range(4)
    )
    one, two = first.astype(np.int64), other.astype(np.int64)
    return Companions(
        products[one], products[two], met.astype(np.int64), counts[one].astype(np.int64), score
    )


def _closest(
    met: sparse.coo_matrix, start: int, counts: Floats, whole: int, most: int
) -> tuple[Ints, Ints, Floats, Floats]:
    """The closest of each product of a slice: who, with whom, how often, and how close."""
    first, other, times = met.row.astype(np.int64) + start, met.col.astype(np.int64), met.data
    by_chance = counts[first] * counts[other] / whole
    kept = (times >= FEWEST) & (times > by_chance + RARE * np.sqrt(by_chance)) & (first != other)
    first, other, times = first[kept], other[kept], times[kept].astype(np.float64)
    score = times / np.sqrt(counts[first] * counts[other]) * times / (times + SHRINK)
    order = np.lexsort((other, -score, first))
    first = first[order]
    starts = np.flatnonzero(np.diff(first, prepend=-1))
    rank = np.arange(len(first)) - np.repeat(starts, np.diff(np.append(starts, len(first))))
    best = order[rank < most]
    return first[rank < most], other[best], times[best], score[best]


@dataclass(frozen=True, slots=True)
class Beside:
    """A product that goes with a basket, and the thing in it that it goes with most."""

    product: int
    beside: int
    together: int
    baskets: int
    score: float

    @property
    def chance(self) -> float:
        """How often it was bought where the other was."""
        return self.together / self.baskets


Row = tuple[int, int, int, int, float]


def beside(basket: Sequence[int], rows: Sequence[Row], most: int) -> list[Beside]:
    """What goes best with all that lies in a basket: likenesses to each thing in it are added up.

    ``rows`` are product, companion, together, baskets and score.

    >>> rows = [(1, 9, 30, 60, 0.4), (2, 9, 20, 80, 0.3), (2, 8, 40, 80, 0.5), (1, 2, 50, 60, 0.9)]
    >>> [(found.product, found.beside, round(found.score, 1)) for found in beside([1, 2], rows, 5)]
    [(9, 1, 0.7), (8, 2, 0.5)]
    """
    inside = set(basket)
    best: dict[int, Beside] = {}
    for product, companion, together, baskets, score in rows:
        if product not in inside or companion in inside:
            continue
        so_far = best.get(companion)
        total = score + (so_far.score if so_far else 0.0)
        found = Beside(companion, product, together, baskets, total)
        if so_far and so_far.chance >= found.chance:
            found = Beside(companion, so_far.beside, so_far.together, so_far.baskets, total)
        best[companion] = found
    return sorted(best.values(), key=lambda found: (-found.score, found.product))[:most]


def companion_because(facts: Mapping[str, Any]) -> str:
    """Say how often a companion was bought with what it goes with.

    >>> companion_because({"companion": "Chicken", "beside": "Lettuce", "together": 41, "baskets": 300})
    'Chicken was bought together with Lettuce in 41 of 300 baskets'
    """
    return (
        f"{facts['companion']} was bought together with {facts['beside']}"
        f" in {facts['together']} of {facts['baskets']} baskets"
    )
