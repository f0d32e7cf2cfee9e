"""``usual``: is the usual foretold better than by simple baselines, and is no customer worse off?

Every visit of a customer with three or more earlier ones is a case, asked in time order with
nothing but what was known before; a hit is a guess that is among what the visit took. Columns of
the file: customer_id, ts (or ordered_at), product_id, and where there are any order_id and store.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from profiles.rules import usual

EARLIER = 3
DRAWS = 2_000
BASELINE = "own decay .9"
EPOCH = date(1970, 1, 1)
BINS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Visit:
    """One order; a file without order ids has one line in each."""

    customer: str
    at: datetime
    place: int
    products: set[int] = field(default_factory=set)

    @property
    def now(self) -> usual.Now:
        day = (self.at.date() - EPOCH).days
        return usual.Now(day, self.at.hour + self.at.minute / 60, self.place)


@dataclass(frozen=True)
class Case:
    """One visit to foretell, the customer's earlier ones, and what all took at this hour."""

    visit: Visit
    earlier: Sequence[Visit]
    at_hour: Counter[int]

    @property
    def visits(self) -> usual.Visits:
        """The earlier visits as columns."""
        at = [visit.now for visit in self.earlier]
        lines = [(n, product) for n, visit in enumerate(self.earlier) for product in visit.products]
        return usual.Visits(
            day=np.array([now.day for now in at]),
            hour=np.array([now.hour for now in at]),
            place=np.array([now.place for now in at]),
            line_visit=np.array([n for n, _ in lines]),
            line_product=np.array([product for _, product in lines]),
        )


Guess = Callable[[Case], Sequence[int]]


def main(arguments: Sequence[str]) -> int:
    """Print hit rates of each way of guessing, and the difference to the baseline by customer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks usual", description=__doc__)
    parser.add_argument("--orders", required=True, type=Path, help="CSV, may be .gz")
    parser.add_argument("--customers", type=int, help="only so many of the customers")
    options = parser.parse_args(arguments)
    cases = list(_cases(_visits(options.orders, options.customers)))
    customers = np.unique([case.visit.customer for case in cases], return_inverse=True)[1]
    print(f"{len(cases):,} cases of {customers.max() + 1:,} customers\n")
    ranks = {
        name: np.array([_rank(guess, case) for case in cases]) for name, guess in GUESSES.items()
    }
    print(f"{'':28}{'hit@1':>8}{'hit@3':>8}   hit@1 against {BASELINE}")
    for name, rank in ranks.items():
        gain = (rank < 1).astype(float) - (ranks[BASELINE] < 1)
        print(
            f"{name:28}{(rank < 1).mean():8.3f}{(rank < 3).mean():8.3f}   {_by_customer(gain, customers)}"
        )
    _print_said(cases)
    return 0


def _visits(path: Path, customers: int | None) -> list[Visit]:
    """Read the file into visits, oldest first."""
    opened = gzip.open if path.suffix == ".gz" else open
    numbers: dict[str, int] = {}
    kept: set[str] = set()
    visits: dict[object, Visit] = {}
    with opened(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            who = row["customer_id"]
            if not who or (customers and len(kept) >= customers and who not in kept):
                continue
            kept.add(who)
            at = datetime.fromisoformat(row.get("ts") or row["ordered_at"])
            place = numbers.setdefault("store " + row.get("store", ""), len(numbers) + 1)
            visit = visits.setdefault(row.get("order_id") or len(visits), Visit(who, at, place))
            visit.products.add(numbers.setdefault(row["product_id"], len(numbers) + 1))
    return sorted(visits.values(), key=lambda visit: visit.at)


def _cases(visits: Sequence[Visit]) -> Iterator[Case]:
    by_customer: dict[str, list[Visit]] = defaultdict(list)
    by_hour: dict[int, Counter[int]] = defaultdict(Counter)
    for visit in visits:
        earlier, at_hour = by_customer[visit.customer], by_hour[visit.at.hour]
        if len(earlier) >= EARLIER:
            yield Case(visit, earlier[-usual.MOST_VISITS :], Counter(dict(at_hour.most_common(50))))
        earlier.append(visit)
        at_hour.update(visit.products)


# --- ways of guessing, from the simplest ----------------------------------------------------------


def _votes(case: Case, decay: float) -> dict[int, float]:
    votes: dict[int, float] = defaultdict(float)
    for age, visit in enumerate(reversed(case.earlier)):
        for product in visit.products:
            votes[product] += decay**age
    return votes


def _with_others(case: Case, pseudo: float) -> dict[int, float]:
    votes = _votes(case, 0.9)
    everybody = sum(case.at_hour.values())
    for product, count in case.at_hour.items():
        votes[product] += pseudo * count / everybody
    return votes


def _first(votes: dict[int, float]) -> list[int]:
    return sorted(votes, key=lambda product: -votes[product])[:3]


def _ours(case: Case) -> Sequence[int]:
    return usual.ranked(case.visits, case.visit.now).product[:3].tolist()


def _ours_with_others(case: Case) -> Sequence[int]:
    if not case.at_hour:
        return _ours(case)
    product, count = (np.array(column) for column in zip(*case.at_hour.items(), strict=True))
    others = (product, 2 * count / count.sum())
    return usual.ranked(case.visits, case.visit.now, others).product[:3].tolist()


GUESSES: dict[str, Guess] = {
    "what the last visit took": lambda case: _first(_votes(case, 1e-3)),
    "own frequency": lambda case: _first(_votes(case, 1.0)),
    BASELINE: lambda case: _first(_votes(case, 0.9)),
    f"{BASELINE} + 2 of others": lambda case: _first(_with_others(case, 2.0)),
    "ours": _ours,
    "ours + 2 of others": _ours_with_others,
}


# --- figures --------------------------------------------------------------------------------------


def _rank(guess: Guess, case: Case) -> int:
    hits = [n for n, product in enumerate(guess(case)) if product in case.visit.products]
    return hits[0] if hits else 3


def _by_customer(gain: NDArray[np.float64], customers: NDArray[np.int64]) -> str:
    """Paired bootstrap over customers, and how many of them are better and worse off."""
    of_each, cases = np.bincount(customers, gain), np.bincount(customers)
    drawn = np.random.default_rng(1).integers(0, len(cases), (DRAWS, len(cases)))
    low, high = np.quantile(of_each[drawn].sum(axis=1) / cases[drawn].sum(axis=1), [0.025, 0.975])
    # Worse off beyond chance: more than two standard errors of the customer's own gains.
    spread = np.sqrt(np.bincount(customers, gain**2))
    harmed = (of_each < -2 * spread).sum()
    return (
        f"{gain.mean():+.4f} [{low:+.4f}, {high:+.4f}]; customers better {(of_each > 0).sum()},"
        f" worse {(of_each < 0).sum()} (most by {max(0, -of_each.min()):.0f}), beyond chance {harmed}"
    )


def _print_said(cases: Sequence[Case]) -> None:
    """How often the counter would name a usual, and how often that is right."""
    answers = [(usual.the_usual(case.visits, case.visit.now), case) for case in cases]
    said = [(answer, case) for answer, case in answers if isinstance(answer, usual.Usual)]
    right = np.array([answer.product in case.visit.products for answer, case in said])
    chance = np.array([answer.chance for answer, _ in said])
    print(f"\nnamed at the counter: {len(said):,} of {len(cases):,}")
    print(f"  right {right.mean():.3f}, promised {chance.mean():.3f}")
    for low in BINS:
        within = (chance >= low) & (chance < low + 0.1 if low < BINS[-1] else True)
        if within.any():
            print(
                f"  promised from {low:.1f}: {within.sum():6,} cases, right {right[within].mean():.3f}"
            )
