"""Reorder rhythms: when a customer needs a thing again, and whether we know it well enough to say.

Three verbs: `fit_shared` learns from the whole shop what all pairs have in common (nightly or
weekly), `learn` applies it to the purchases of some customers (or one), `chance_within` reads a
learned habit on a later morning. `restate` puts the customer's own word in the place of what was
learned. A day is an int (days from any fixed day), the clock is an argument, and all of it is
deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from profiles.rules import timing
from profiles.rules.diary import Diary, Flags, Floats, Ints, Purchases, open_diary
from profiles.rules.rhythms import NO_RHYTHMS, Rhythms, fit_rhythms
from profiles.rules.timing import Forest, Growth, Matrix
from profiles.rules.traits import Rhythm, rhythm_of, traits_of

__all__ = [
    "Habits",
    "Purchases",
    "Shared",
    "Unsure",
    "chance_within",
    "fit_shared",
    "learn",
    "restate",
]

BLOCK, BLOCKS = 30, 5  # days of one training origin, and how many origins back
WARM_UP = 45  # days of history an origin needs before it
CASES = 150_000  # training cases at most
FEWEST_CASES = 1_500  # below, the rhythms speak alone
FEWEST_TO_TRAIN = 3  # purchase days of a pair that teaches
MORNING_SHARE = 0.25  # of the pairs waiting on a morning that teach, beside the purchase days
BEFORE, AFTER = 3, 7  # a reminder is in time when the purchase falls in [remind - 3, remind + 7]
LATEST_REMINDER = 700
PATIENCE, SHORTEST_PATIENCE = (
    3.0,
    91.0,
)  # rhythms (days, at least) after which she is not expected back
LAPSED_WEIGHT = 0.55  # how much "may not come back" delays the expected day, 0 to 1
STATED_DEVIATION = 0.15  # log days; "every month" is meant within some days
STATED_ALIVE = 0.9
SURE_FROM = 0.4  # least window probability to speak
SLICE = 20_000  # pairs worked on at once; bounds the memory


class Unsure(StrEnum):
    """Why we would rather not say; empty when we would."""

    SURE = ""
    TOO_FEW = "too_few"
    STOPPED = "stopped"
    IRREGULAR = "irregular"


@dataclass(frozen=True, slots=True)
class Shared:
    """What all pairs of a shop have in common: item rhythms and the timing model, plain numbers."""

    rhythms: Rhythms = NO_RHYTHMS
    forest: Forest | None = None
    groups: bool = False
    fitted_before: int = 0
    cases: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, fit for a JSON column."""
        forest = None if self.forest is None else self.forest.to_dict()
        return {
            "rhythms": self.rhythms.to_dict(), "forest": forest, "groups": self.groups,
            "fitted_before": self.fitted_before, "cases": self.cases,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Shared:
        forest = None if plain["forest"] is None else Forest.from_dict(plain["forest"])
        rhythms = Rhythms.from_dict(plain["rhythms"])
        return cls(
            rhythms, forest, plain["groups"], int(plain["fitted_before"]), int(plain["cases"])
        )


@dataclass(frozen=True, slots=True)
class Habits:
    """One row per (customer, item); days are ints, `*_days` lengths, probabilities 0 to 1.

    `mean_log_gap` and `log_gap_deviation` describe the shrunk gap; `curve` holds, per ten
    thousand, the chance that nothing was bought by `learned_on` + timing.EDGES[k] (for
    `chance_within`).
    """

    customer: Ints
    item: Ints
    purchase_days: Ints
    last_on: Ints
    learned_on: Ints
    mean_log_gap: Floats
    log_gap_deviation: Floats
    rhythm_days: Floats
    own_median_gap: Floats
    expected_on: Ints
    earliest_on: Ints
    latest_on: Ints
    remind_on: Ints
    window_probability: Floats
    p_active: Floats
    sure: Flags
    reason: npt.NDArray[np.str_]
    curve: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: Ints | Flags) -> Habits:
        return Habits(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


# --- what all have in common --------------------------------------------------------------------


def fit_shared(purchases: Purchases, before: int, growth: Growth | None = None) -> Shared:
    """Learn item rhythms and the timing model from what was bought before the day `before`.

    The model is trained on earlier days of this shop: what was known on them against what came
    after. Of a very large shop a fixed share of the customers is enough (some millions of lines).
    """
    diary = open_diary(purchases, before - 1)
    rhythms = fit_rhythms(diary, before)
    examples = _examples(diary, before)
    if examples is None:
        return _stored(Shared(rhythms, None, diary.has_groups, before))
    traits, logits, event, risk = examples
    forest = timing.grow(logits, traits, event, risk, growth or Growth())
    return _stored(Shared(rhythms, forest, diary.has_groups, before, len(traits)))


def _stored(shared: Shared) -> Shared:
    """The model as it comes back from the database: fresh and stored ones agree to the bit."""
    return Shared.from_dict(shared.to_dict())


def _examples(diary: Diary, before: int) -> tuple[Matrix, Matrix, Flags, Flags] | None:
    """Cases of earlier origins: each purchase day, and mornings on which pairs were waiting."""
    if not len(diary):
        return None
    start = max(int(diary.day.min()) + WARM_UP, before - BLOCK * BLOCKS)
    parts = []
    for origin in range(before - BLOCK, start - 1, -BLOCK):
        known = fit_rhythms(diary, origin)
        rows, on = _asked(diary, origin)
        wait = np.where(diary.next_day[rows] >= 0, diary.next_day[rows] - on, 0)
        rhythm = rhythm_of(diary, known, rows)
        parts.append((
            traits_of(diary, known, rhythm, rows, on),
            timing.base_logits(rhythm.mean, rhythm.deviation, rhythm.alive, on - diary.day[rows]),
            *timing.targets(wait, before - 1 - on),
        ))  # fmt: skip
    if sum(len(part[0]) for part in parts) < FEWEST_CASES:
        return None
    traits, logits, event, risk = (np.concatenate(column) for column in zip(*parts, strict=True))
    keep = _thinned(len(traits), CASES)
    return traits[keep], logits[keep], event[keep], risk[keep]


def _thinned(count: int, most: int) -> Ints:
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(count).choice(count, most, replace=False)).astype(np.int64)


def _asked(diary: Diary, origin: int) -> tuple[Ints, Ints]:
    """Which pairs are asked about on which day, of one block of days from `origin` on."""
    inside = (
        (diary.day >= origin) & (diary.day < origin + BLOCK) & (diary.nth >= FEWEST_TO_TRAIN - 1)
    )
    rows = np.flatnonzero(inside)
    on = diary.day[rows]
    for morning in (origin, origin + BLOCK // 2):
        waiting = diary.rows_on(morning - 1)
        waiting = waiting[diary.nth[waiting] >= FEWEST_TO_TRAIN - 1]
        waiting = waiting[_thinned(len(waiting), max(1, int(len(waiting) * MORNING_SHARE)))]
        rows, on = np.concatenate((rows, waiting)), np.concatenate((on, waiting * 0 + morning - 1))
    return rows, on


# --- what one learns of each pair -----------------------------------------------------------------


def learn(purchases: Purchases, shared: Shared, as_of: int, fewest: int = 1) -> Habits:
    """Learn every pair's habit from what was bought up to and with `as_of`.

    Give all purchases of each customer: her visits are part of the evidence, other customers are
    not. Pairs with less than `fewest` purchase days are left out.
    """
    diary = open_diary(purchases, as_of)
    rows = diary.last_rows()
    rows = rows[diary.nth[rows] + 1 >= fewest]
    return learn_rows(diary, shared, rows, np.full(len(rows), as_of))


def learn_rows(diary: Diary, shared: Shared, rows: Ints, on: Ints) -> Habits:
    """Learn the pairs whose last purchase up to the day `on` is `rows`, as of that day."""
    starts = range(0, max(len(rows), 1), SLICE)
    parts = [_learn_slice(diary, shared, rows[s : s + SLICE], on[s : s + SLICE]) for s in starts]
    return Habits(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Habits)}
    )


def _learn_slice(diary: Diary, shared: Shared, rows: Ints, on: Ints) -> Habits:
    rhythm = rhythm_of(diary, shared.rhythms, rows)
    elapsed = on - diary.day[rows]
    logits = timing.base_logits(rhythm.mean, rhythm.deviation, rhythm.alive, elapsed)
    if shared.forest is not None:
        if diary.has_groups != shared.groups:
            raise ValueError(
                "the shared model was fitted "
                + ("with" if shared.groups else "without")
                + " groups"
            )
        logits = shared.forest.correct(logits, traits_of(diary, shared.rhythms, rhythm, rows, on))
    curve = timing.curves(rhythm.mean, rhythm.deviation, rhythm.alive, elapsed, logits)
    return _habits(diary, rhythm, rows, on, curve)


def _habits(diary: Diary, rhythm: Rhythm, rows: Ints, on: Ints, curve: Matrix) -> Habits:
    n = diary.nth[rows] + 1
    ahead, active = _outlook(curve, rhythm.mean)
    remind, chance = best_reminder(curve)
    reason = _reasons(n, active, chance)
    typical = np.exp(rhythm.mean)
    return Habits(
        customer=diary.customers[diary.customer[rows]], item=diary.items[diary.item[rows]],
        purchase_days=n, last_on=diary.day[rows], learned_on=on, mean_log_gap=rhythm.mean,
        log_gap_deviation=rhythm.deviation, rhythm_days=typical, own_median_gap=rhythm.own_median,
        expected_on=on + ahead[0], earliest_on=on + ahead[1], latest_on=on + ahead[2],
        remind_on=on + remind, window_probability=chance, p_active=active,
        sure=reason == Unsure.SURE.value, reason=reason,
        curve=np.round(curve[:, timing.EDGE_AT] * 10_000).astype(np.int16),
    )  # fmt: skip


def _outlook(curve: Matrix, mean_log_gap: Floats) -> tuple[tuple[Ints, Ints, Ints], Floats]:
    """Days ahead of the expected, earliest and latest purchase (80 %), and the chance of any.

    "Any" is a purchase within PATIENCE rhythms. The expected day is the median among those who
    come back, moved later the more may not: the quantile that weighs an error about them by
    LAPSED_WEIGHT.
    """
    patience = np.clip(PATIENCE * np.exp(mean_log_gap), SHORTEST_PATIENCE, timing.HORIZON)
    at = np.minimum(np.searchsorted(timing.DAYS, patience), len(timing.DAYS) - 1)
    active = 1.0 - curve[np.arange(len(curve)), at].astype(np.float64)
    middle = np.minimum(active, (active + LAPSED_WEIGHT * (1.0 - active)) / 2.0)
    shares = (middle, 0.1 * active, 0.9 * active)
    expected, earliest, latest = (timing.day_reached(curve, share) for share in shares)
    return (np.maximum(1, expected), np.maximum(1, earliest), np.maximum(1, latest)), active


def best_reminder(curve: Matrix) -> tuple[Ints, Floats]:
    """Days ahead of the reminder that most likely meets the purchase, and that chance.

    The purchase meets the reminder within [reminder - BEFORE, reminder + AFTER]; never before
    tomorrow.
    """
    send = timing.DAYS[(timing.DAYS >= 1) & (timing.DAYS <= LATEST_REMINDER)]
    early, late = timing.left_at(curve, send - BEFORE - 1), timing.left_at(curve, send + AFTER)
    chance = early - late
    best = chance.argmax(axis=1)
    return send[best], chance[np.arange(len(curve)), best].astype(np.float64)


def _reasons(n: Ints, active: Floats, chance: Floats) -> npt.NDArray[np.str_]:
    cases = [n < 3, active < 0.5, chance < SURE_FROM]
    codes = [Unsure.TOO_FEW.value, Unsure.STOPPED.value, Unsure.IRREGULAR.value]
    return np.select(cases, codes, default=Unsure.SURE.value)


# --- afterwards -----------------------------------------------------------------------------------


def chance_within(habits: Habits, morning: int, days: int) -> Floats:
    """Chance of a purchase on one of the `days` days from `morning` on, none having come before."""
    return chance_on_curve(habits.curve, habits.learned_on, morning, days)


def chance_on_curve(
    curves: npt.NDArray[np.int16], learned_on: Ints, morning: int, days: Ints | int
) -> Floats:
    """The same for curves that were stored, one row and one number of `days` per habit."""
    curve: Floats = curves.astype(np.float64) / 10_000.0
    start = np.maximum(morning - 1 - learned_on, 0)

    def left(ahead: Ints) -> Floats:
        ahead = np.clip(ahead, 0, timing.HORIZON)
        high = np.searchsorted(timing.EDGES, ahead)
        low, rows = np.maximum(high - 1, 0), np.arange(len(curve))
        part = (ahead - timing.EDGES[low]) / np.maximum(timing.EDGES[high] - timing.EDGES[low], 1)
        value: Floats = curve[rows, low] * (1.0 - part) + curve[rows, high] * part
        return value

    now = np.maximum(left(start), 1e-4)
    return np.clip(1.0 - left(start + days) / now, 0.0, 1.0)


def restate(habits: Habits, days: Ints, as_of: int) -> Habits:
    """The habits, with what the customer stated ("every `days` days"; 0: nothing) outranking.

    Counted from the last purchase; when that day has passed, a reminder is due tomorrow, until she
    has been silent for PATIENCE of her own intervals.
    """
    told = days > 0
    mean = np.log(np.maximum(days, 1).astype(np.float64))
    elapsed = as_of - habits.last_on
    spread = np.full(len(mean), STATED_DEVIATION)
    alive = np.full(len(mean), STATED_ALIVE)
    logits = timing.base_logits(mean, spread, alive, elapsed)
    curve = timing.curves(mean, spread, alive, elapsed, logits)
    active = _outlook(curve, mean)[1]
    remind, chance = best_reminder(curve)
    overdue = elapsed >= days
    at_once = (curve[:, 0] - curve[:, 1 + AFTER]).astype(np.float64)
    reason = np.where(elapsed > PATIENCE * days, Unsure.STOPPED.value, Unsure.SURE.value)
    low = np.exp(mean - 1.2816 * STATED_DEVIATION)
    high = np.exp(mean + 1.2816 * STATED_DEVIATION)
    pick = {
        "expected_on": np.maximum(habits.last_on + days, as_of + 1),
        "earliest_on": np.maximum(habits.last_on + np.floor(low).astype(np.int64), as_of + 1),
        "latest_on": np.maximum(habits.last_on + np.ceil(high).astype(np.int64), as_of + 1),
        "remind_on": as_of + np.where(overdue, 1, remind),
        "window_probability": np.where(overdue, at_once, chance), "p_active": active,
        "mean_log_gap": mean, "log_gap_deviation": spread, "rhythm_days": days.astype(np.float64),
        "sure": reason == Unsure.SURE.value, "reason": reason,
        "learned_on": np.full(len(mean), as_of),
    }  # fmt: skip
    changed = {k: np.where(told, v, getattr(habits, k)) for k, v in pick.items()}
    small = np.round(curve[:, timing.EDGE_AT] * 10_000).astype(np.int16)
    return replace(habits, **changed, curve=np.where(told[:, None], small, habits.curve))
