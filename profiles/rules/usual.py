"""The usual: what a customer who stands here now most likely takes, or honestly nothing.

A posterior over products given hour, kind of day and place. Each visit votes for what was taken in
it; newer visits count more. A view of the past (all visits alike; those at this hour; those at
this hour on such a day; those at this place too) is believed as far as it foretold this customer's
own past: on public data, conditioning everybody on hour and place made the guess worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Each later visit takes a tenth of an earlier one's weight (the best of .8 to 1 on public data).
DECAY = 0.9
# Older visits weigh less than a thousandth and are not looked at.
MOST_VISITS = 120
HOUR_WIDTH = 2.0
OTHER_DAY = 0.2
OTHER_PLACE = 0.5
# What a customer took once or twice among very much else is no candidate.
MOST_PRODUCTS = 60
# How many visits' worth of evidence the view of all visits keeps within a narrower view.
BACKING = 1.0
# What the views are worth before they were tried on the customer's past: all visits alike, hour,
# hour and kind of day, all three.
PRIOR = np.array([0.7, 0.1, 0.1, 0.1])
# Half a visit's weight for something never taken before: keeps the promise of few visits honest.
SURPRISE = 0.5

# What may be said: taken this often at such times, within so many days, and more often than not.
ENOUGH = 3
RECENT_DAYS = 60
SURE = 0.5
# "At this time" is two hours before or after.
NEAR_HOURS = 2.0
# About ten weeks of working days.
OCCASIONS = 48
_DAY_HOURS = 24.0


class DayPart(StrEnum):
    """A part of the day, as people name it."""

    MORNING = "morning"
    MIDDAY = "midday"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"


class Doubt(StrEnum):
    """Why no usual is named."""

    NEVER_HERE_NOW = "never_at_this_time"
    TOO_FEW = "too_few"
    NO_FAVOURITE = "no_favourite"


@dataclass(frozen=True)
class Visits:
    """A customer's visits, oldest first, and what was taken in them.

    ``day`` counts days since 1970 and ``hour`` is 0 … 24, both local; ``place`` 0 is unknown.
    ``line_visit`` (ascending) says to which visit each line of ``line_product`` belongs.
    """

    day: Longs
    hour: Floats
    place: Longs
    line_visit: Longs
    line_product: Longs

    def __len__(self) -> int:
        return len(self.day)

    def newest(self, count: int) -> Visits:
        """Keep the newest ``count`` visits."""
        cut = max(0, len(self) - count)
        kept = self.line_visit >= cut
        return Visits(
            self.day[cut:],
            self.hour[cut:],
            self.place[cut:],
            self.line_visit[kept] - cut,
            self.line_product[kept],
        )


@dataclass(frozen=True)
class Now:
    """The situation asked about, in local time."""

    day: int
    hour: float
    place: int = 0


@dataclass(frozen=True)
class Ranking:
    """Products by the chance that this visit takes them, likeliest first."""

    product: Longs
    chance: Floats


@dataclass(frozen=True)
class Usual:
    """What is usual now, and the counts that say why.

    ``bought`` of the ``came`` visits at such times took it; ``days`` such days went by since, of
    which it was taken on ``bought_days``. ``day_kind`` is "working-day", "weekend" or "" for any.
    """

    product: int
    chance: float
    bought: int
    came: int
    bought_days: int
    days: int
    day_part: DayPart
    day_kind: str


@dataclass(frozen=True)
class NoUsual:
    """Honestly none, and why."""

    doubt: Doubt
    day_part: DayPart


def is_weekend(day: Longs) -> Bools:
    """Tell Saturdays and Sundays from days since 1970 (which began on a Thursday).

    >>> is_weekend(np.array([0, 1, 2, 3, 4])).tolist()
    [False, False, True, True, False]
    """
    return (day + 3) % 7 >= 5


def day_part(hour: float) -> DayPart:
    """Name the part of the day.

    >>> [str(day_part(hour)) for hour in (7.1, 12, 15.5, 18, 23)]
    ['morning', 'midday', 'afternoon', 'evening', 'night']
    """
    starts = (
        (4, DayPart.NIGHT),
        (11, DayPart.MORNING),
        (14, DayPart.MIDDAY),
        (17, DayPart.AFTERNOON),
    )
    return next(
        (part for end, part in starts if hour < end),
        DayPart.EVENING if hour < 22 else DayPart.NIGHT,
    )


def busiest_hour(hours: Floats) -> float:
    """Return the hour of the visit that most others are near to; the middle of all may have none.

    >>> busiest_hour(np.array([7.0, 7.5, 8.0, 18.0, 18.5]))
    7.0
    """
    return float(hours[_are_near(hours[:, None], hours[None, :]).sum(axis=1).argmax()])


def _are_near(hours: Floats, to: Floats | float) -> Bools:
    apart = np.abs(hours - to)
    return np.asarray(np.minimum(apart, _DAY_HOURS - apart) <= NEAR_HOURS, dtype=np.bool_)


_PARTS = {
    DayPart.MORNING: "mornings",
    DayPart.MIDDAY: "lunchtimes",
    DayPart.AFTERNOON: "afternoons",
    DayPart.EVENING: "evenings",
    DayPart.NIGHT: "nights",
}
_DOUBTS = {
    Doubt.NEVER_HERE_NOW: "None at this time of day: no visits at about this hour.",
    Doubt.TOO_FEW: "None yet: too few visits at such times to tell.",
    Doubt.NO_FAVOURITE: "None: something different each time.",
}


def why(usual: Usual) -> str:
    """Say how often it was taken: of the days that went by where that is most of them, else of the visits.

    >>> facts = {"product": 1, "chance": 0.9, "day_part": DayPart.MORNING, "day_kind": "working-day"}
    >>> why(Usual(bought=41, came=41, bought_days=41, days=48, **facts))
    '41 of the last 48 working-day mornings'
    >>> why(Usual(bought=9, came=10, bought_days=9, days=48, **facts))
    '9 of the last 10 visits on working-day mornings'
    """
    kind = f"{usual.day_kind} " if usual.day_kind else ""
    times = f"{kind}{_PARTS[usual.day_part]}"
    if 2 * usual.bought_days > usual.days:
        return f"{usual.bought_days} of the last {usual.days} {times}"
    return f"{usual.bought} of the last {usual.came} visits on {times}"


def why_none(none: NoUsual) -> str:
    """Say why there is no usual now."""
    return _DOUBTS[none.doubt]


# --- the posterior --------------------------------------------------------------------------------


def ranked(visits: Visits, now: Now, others: tuple[Longs, Floats] | None = None) -> Ranking:
    """Rank products by the chance that the visit at ``now`` takes them.

    ``others``: products and pseudo-counts of what other customers take at this hour, where known.
    """
    visits = visits.newest(MOST_VISITS)
    product, takes = _takes(visits, others)
    alike = _kernels(visits, now)
    chances = _views(_ages(len(visits)) * alike, takes, _pseudo(product, others))
    chance = _belief(visits, takes) @ chances
    order = np.lexsort((product, -chance))
    return Ranking(product[order], chance[order])


def _takes(visits: Visits, others: tuple[Longs, Floats] | None) -> tuple[Longs, Floats]:
    """Products, and the matrix visit × product of what was taken."""
    known = visits.line_product if others is None else np.r_[visits.line_product, others[0]]
    product, column = np.unique(known, return_inverse=True)
    takes = np.zeros((len(visits), len(product)))
    takes[visits.line_visit, column[: len(visits.line_visit)]] = 1.0
    if len(product) <= MOST_PRODUCTS:
        return product, takes
    votes = _ages(len(visits)) @ takes + _pseudo(product, others)
    kept = np.sort(np.argsort(-votes, kind="stable")[:MOST_PRODUCTS])
    return product[kept], takes[:, kept]


def _ages(count: int) -> Floats:
    """Weight of each visit by its age, the newest last."""
    return np.asarray(DECAY ** np.arange(count - 1, -1, -1), dtype=np.float64)


def _pseudo(product: Longs, others: tuple[Longs, Floats] | None) -> Floats:
    counts = np.zeros(len(product))
    if others is not None:
        kept = np.isin(others[0], product)
        counts[np.searchsorted(product, others[0][kept])] = others[1][kept]
    return counts


def _kernels(visits: Visits, now: Now) -> Floats:
    """How alike each visit is to ``now``: one row per view."""
    day, hour, place = np.array([now.day]), np.array([now.hour]), np.array([now.place])
    return _alike(visits.day, visits.hour, visits.place, day, hour, place)[:, 0, :]


def _alike(
    day: Longs, hour: Floats, place: Longs, to_day: Longs, to_hour: Floats, to_place: Longs
) -> Floats:
    """Likeness as view × asked × visit."""
    apart = np.abs(to_hour[:, None] - hour[None, :])
    apart = np.minimum(apart, _DAY_HOURS - apart)
    by_hour = np.exp(-0.5 * (apart / HOUR_WIDTH) ** 2)
    same_kind = is_weekend(to_day)[:, None] == is_weekend(day)[None, :]
    by_kind = np.where(same_kind, 1.0, OTHER_DAY)
    by_place = np.where(to_place[:, None] == place[None, :], 1.0, OTHER_PLACE)
    return np.stack(
        [np.ones_like(by_hour), by_hour, by_hour * by_kind, by_hour * by_kind * by_place]
    )


def _views(weights: Floats, takes: Floats, pseudo: Floats) -> Floats:
    """Chance of each product in each view: share of the visits' weight, narrow views backed by the first."""
    votes = weights @ takes
    total = weights.sum(axis=-1, keepdims=True)
    first = (votes[0] + pseudo) / (total[0, 0] + pseudo.sum() + SURPRISE)
    chance = (votes + BACKING * first) / (total + BACKING)
    chance[0] = first
    return np.asarray(chance, dtype=np.float64)


def _belief(visits: Visits, takes: Floats) -> Floats:
    """Posterior weight of each view: how well it foretold each visit from those before it."""
    count = len(visits)
    if count < 2:
        return PRIOR
    alike = _alike(visits.day, visits.hour, visits.place, visits.day, visits.hour, visits.place)
    age = np.arange(count)[:, None] - np.arange(count)[None, :] - 1
    weights = alike * np.where(age >= 0, DECAY ** np.maximum(age, 0), 0.0)
    votes = weights @ takes
    total = weights.sum(axis=2, keepdims=True)
    # Smoothed alike in every view, so that a first-time product costs each the same.
    first = (votes[0] + SURPRISE / takes.shape[1]) / (total[0] + SURPRISE)
    chance = (votes + BACKING * first) / (total + BACKING)
    chance[0] = first
    taken = takes[1:] / np.maximum(takes[1:].sum(axis=1, keepdims=True), 1)
    score = (taken * np.log(np.clip(chance[:, 1:], 1e-6, 1.0))).sum(axis=(1, 2))
    logs = np.log(PRIOR) + score
    believed = np.exp(logs - logs.max())
    return np.asarray(believed / believed.sum(), dtype=np.float64)


# --- what may be said -----------------------------------------------------------------------------


def the_usual(visits: Visits, now: Now) -> Usual | NoUsual:
    """Name the usual of this hour with its counts, or say why there is none."""
    part = day_part(now.hour)
    near = _are_near(visits.hour, now.hour)
    if not near.any():
        return NoUsual(Doubt.NEVER_HERE_NOW, part)
    same_kind = is_weekend(visits.day) == is_weekend(np.array([now.day]))[0]
    comparable = near & same_kind
    kind = "weekend" if is_weekend(np.array([now.day]))[0] else "working-day"
    if comparable.sum() < ENOUGH:
        comparable, kind = near, ""
    return _said(visits, now, comparable, kind)


def _said(visits: Visits, now: Now, comparable: Bools, kind: str) -> Usual | NoUsual:
    part = day_part(now.hour)
    best = ranked(visits, now)
    product, chance = int(best.product[0]), float(best.chance[0])
    took = np.zeros(len(visits), dtype=bool)
    took[visits.line_visit[visits.line_product == product]] = True
    recent = visits.day > visits.day[-1] - RECENT_DAYS
    if (took & comparable & recent).sum() < ENOUGH:
        return NoUsual(Doubt.TOO_FEW, part)
    if chance < SURE:
        return NoUsual(Doubt.NO_FAVOURITE, part)
    days = _occasions(now.day, int(visits.day[comparable][0]), kind)
    counted = comparable & np.isin(visits.day, days)
    return Usual(
        product=product,
        chance=chance,
        bought=int((took & counted).sum()),
        came=int(counted.sum()),
        bought_days=len(np.unique(visits.day[took & counted])),
        days=len(days),
        day_part=part,
        day_kind=kind,
    )


def _occasions(today: int, first: int, kind: str) -> Longs:
    """The last comparable days before today, not before the first visit of the kind.

    >>> _occasions(8, 0, "working-day").tolist()
    [0, 1, 4, 5, 6, 7]
    """
    days = np.arange(min(first, today - 1), today)
    if kind:
        days = days[is_weekend(days) == (kind == "weekend")]
    return days[-OCCASIONS:]
