"""Will it be bought within the week? A calibrated chance for each pair, asked in a morning.

Logistic regression over what is known of the pair, its customer and its item; each number may
bend at KNOTS points (linear splines: Hastie, Tibshirani & Friedman 2009, 5.2). It is trained on the
mornings of the last weeks, when it is known what came after, so that its chances mean what they
say now. On public data it foretold as well as boosted trees of a hundred times its size, and a
sum of a few numbers can be told in words. Fitted by Newton's method (IRLS, McCullagh & Nelder 1989).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from profiles.rules import timing
from profiles.rules.diary import Diary, Flags, Floats, Ints, Purchases, open_diary
from profiles.rules.recency import recency_of
from profiles.rules.rhythms import Rhythms, fit_rhythms
from profiles.rules.timing import Matrix
from profiles.rules.traits import Rhythm, rhythm_of, traits_of

DAYS = 7  # the week that begins this morning
FEWEST = 3  # purchase days of a pair that may be asked about
MORNINGS = 8  # of the last weeks, to learn from: what was longer ago is less like today
WARM_UP = 45  # days of history that a morning needs before it
CASES = 100_000  # at most
FEWEST_CASES = 1_500  # below, the rhythm speaks alone
FEWEST_OF_EACH = 100  # of the cases bought, and of those not bought
KNOTS = 3  # at the quartiles
FAR = 4.0  # deviations beyond which a number says no more
RIDGE = 200.0
ROUNDS, HALVINGS = 8, 6  # Newton steps, and how often one is halved
SLICE = 20_000


@dataclass(frozen=True, slots=True)
class Soon:
    """The fitted regression: plain numbers. ``knots`` are in deviations from the ``middle``."""

    middle: Floats
    width: Floats
    knots: Floats
    weights: Floats
    groups: bool
    cases: int

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            name: np.round(getattr(self, name), 6).tolist()
            for name in ("middle", "width", "knots", "weights")
        }
        return plain | {"groups": self.groups, "cases": self.cases}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Soon:
        arrays = {f.name: np.array(plain[f.name], dtype=np.float64) for f in fields(cls)[:4]}
        return cls(**arrays, groups=plain["groups"], cases=plain["cases"])

    def chances(self, traits: Matrix) -> Floats:
        """The chance that each row's pair is bought within the week."""
        parts = [
            _bent(traits[s : s + SLICE], self.middle, self.width, self.knots)
            @ self.weights.astype(np.float32)
            for s in range(0, len(traits), SLICE)
        ]
        logit = np.concatenate(parts) if parts else np.zeros(0)
        return 1.0 / (1.0 + np.exp(-logit.astype(np.float64)))


def _bent(traits: Matrix, middle: Floats, width: Floats, knots: Floats) -> Matrix:
    """Numbers in deviations, what of them lies above each knot, and a one."""
    plain = np.clip((traits - middle) / width, -FAR, FAR).astype(np.float32)
    above = [np.maximum(plain - knot, 0.0) for knot in knots.T.astype(np.float32)]
    return np.hstack([plain, *above, np.ones((len(plain), 1), np.float32)])


# --- what is known in a morning ---------------------------------------------------------------------


def asked_rows(diary: Diary, morning: int) -> Ints:
    """The last purchases of all pairs that may be asked about on a morning."""
    rows = diary.rows_on(morning - 1)
    return rows[diary.nth[rows] >= FEWEST - 1]


def rhythm_chance(rhythm: Rhythm, elapsed: Ints) -> Floats:
    """The chance within the week by the log-normal rhythm alone."""
    logits = timing.base_logits(rhythm.mean, rhythm.deviation, rhythm.alive, elapsed)
    within = logits[:, : int(np.searchsorted(timing.EDGES, DAYS))].astype(np.float64)
    chance: Floats = 1.0 - np.prod(1.0 / (1.0 + np.exp(within)), axis=1)
    return chance


def known_of(diary: Diary, rhythms: Rhythms, rows: Ints, morning: int) -> Matrix:
    """Everything that is known of these pairs: give all of each customer's (``asked_rows``)."""
    on = np.full(len(rows), morning - 1)
    rhythm = rhythm_of(diary, rhythms, rows)
    chance = np.clip(rhythm_chance(rhythm, on - diary.day[rows]), 1e-4, 1.0 - 1e-4)
    # The last trait is the weekday, and a week holds each of them.
    traits = traits_of(diary, rhythms, rhythm, rows, on)[:, :-1]
    logit = np.log(chance / (1.0 - chance)).astype(np.float32)
    return np.hstack([traits, recency_of(diary, rows, morning), logit[:, None]])


def chances(diary: Diary, rhythms: Rhythms, soon: Soon | None, rows: Ints, morning: int) -> Floats:
    """The chance that each of these pairs is bought within the week that begins this morning."""
    if not len(rows):
        return np.zeros(0)
    if soon is None:
        rhythm = rhythm_of(diary, rhythms, rows)
        return rhythm_chance(rhythm, morning - 1 - diary.day[rows])
    if diary.has_groups != soon.groups:
        raise ValueError("fitted with groups" if soon.groups else "fitted without groups")
    return soon.chances(known_of(diary, rhythms, rows, morning))


def carried(chance: Floats, week: Floats, soon: Floats) -> Floats:
    """Carry what is known of the week over to a chance of other days, on the scale of log odds.

    ``chance`` and ``week`` are of one distribution; ``soon`` is the better chance of that week, nan
    where there is none.

    >>> carried(np.array([0.5, 0.5]), np.array([0.4, 0.4]), np.array([0.4, np.nan])).tolist()
    [0.5, 0.5]
    """
    better = _odds(chance) * _odds(soon) / _odds(week)
    return np.where(np.isnan(soon), chance, better / (1.0 + better))


def _odds(chance: Floats) -> Floats:
    safe = np.clip(chance, 1e-4, 1.0 - 1e-4)
    return safe / (1.0 - safe)


# --- learning ---------------------------------------------------------------------------------------


def fit_soon(purchases: Purchases, before: int) -> Soon | None:
    """Learn from the mornings of the last weeks; None where they say too little.

    Nothing on or after the day ``before`` is looked at.
    """
    diary = open_diary(purchases, before - 1)
    if not len(diary):
        return None
    examples = _examples(diary, before)
    if not examples:
        return None
    traits = np.concatenate([part[0] for part in examples])
    bought = np.concatenate([part[1] for part in examples])
    if len(bought) < FEWEST_CASES or min(bought.sum(), (~bought).sum()) < FEWEST_OF_EACH:
        return None
    return regression(traits, bought, diary.has_groups)


def _examples(diary: Diary, before: int) -> list[tuple[Matrix, Flags]]:
    """What was known on each morning, and what was bought in the week after it."""
    first = int(diary.day.min()) + WARM_UP
    mornings = [m for n in range(MORNINGS) if (m := before - DAYS * (n + 1)) >= first]
    found = []
    for number, morning in enumerate(mornings):
        rows = asked_rows(diary, morning)
        if not len(rows):
            continue
        traits = known_of(diary, fit_rhythms(diary, morning), rows, morning)
        wait = diary.next_day[rows] - morning
        kept = _share(len(rows), CASES // len(mornings), number)
        found.append((traits[kept], ((wait >= 0) & (wait < DAYS))[kept]))
    return found


def _share(count: int, most: int, seed: int) -> Ints:
    if count <= most:
        return np.arange(count, dtype=np.int64)
    chance = np.random.default_rng(seed)
    return np.sort(chance.choice(count, most, replace=False)).astype(np.int64)


def regression(traits: Matrix, bought: Flags, groups: bool) -> Soon:
    """Fit the regression of what was bought to what was known."""
    middle = traits.mean(axis=0, dtype=np.float64)
    width = traits.std(axis=0, dtype=np.float64) + 1e-6
    shares = np.linspace(0.0, 1.0, KNOTS + 2)[1:-1]
    knots = (np.quantile(traits, shares, axis=0).T - middle[:, None]) / width[:, None]
    x = _bent(traits, middle, width, knots)
    weights = _newton(x, bought.astype(np.float32))
    return Soon(middle, width, knots, weights, groups, len(bought))


def _newton(x: Matrix, y: Matrix) -> Floats:
    """Penalised maximum likelihood; the constant, last, is not shrunk.

    Where what is asked about is rare, a whole step overshoots: it is halved until the loss falls.
    """
    ridge = np.full(x.shape[1], RIDGE)
    ridge[-1] = 1e-6
    weights = np.zeros(x.shape[1])
    weights[-1] = np.log(y.mean() / (1.0 - y.mean()))
    loss = _loss(x, y, weights, ridge)
    for _ in range(ROUNDS):
        p = 1.0 / (1.0 + np.exp(-(x @ weights.astype(np.float32))))
        heavy = x * np.sqrt(p * (1.0 - p))[:, None]
        curvature = (heavy.T @ heavy).astype(np.float64) + np.diag(ridge)
        step = np.linalg.solve(curvature, (x.T @ (y - p)).astype(np.float64) - ridge * weights)
        for _ in range(HALVINGS):
            if (nearer := _loss(x, y, weights + step, ridge)) < loss:
                weights, loss = weights + step, nearer
                break
            step = step / 2.0
    return weights


def _loss(x: Matrix, y: Matrix, weights: Floats, ridge: Floats) -> float:
    """Minus the penalised log likelihood."""
    logit = (x @ weights.astype(np.float32)).astype(np.float64)
    return float((np.logaddexp(0.0, logit) - y * logit).sum() + 0.5 * (ridge @ weights**2))
