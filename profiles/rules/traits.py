"""What is known of a pair on the day asked about, as numbers for the timing model.

Three voices: the pair's own gaps, the customer's visits (who is here and buying now says more than
the mean of old gaps), the item's and its group's habits in the shop. Nothing after that day is
looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profiles.rules.diary import Diary, Floats, Ints
from profiles.rules.rhythms import HORIZONS, RECENT, STEPS, Rhythms, log_gaps
from profiles.rules.timing import Matrix

LONG = 400  # days; stands for "never before"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The log-normal rhythm of each case: log days, deviation, chance of another purchase."""

    mean: Floats
    deviation: Floats
    alive: Floats
    spread: Floats
    own_median: Floats
    recent: Floats


FIXED = float(2**30)  # fixed-point sums are exact: a pair gets the same in any company


def _prefix(values: Floats) -> Ints:
    """Running sums, in units of 1 / FIXED."""
    return np.concatenate(([0], np.cumsum(np.round(values * FIXED).astype(np.int64))))


def _since_start(diary: Diary, sums: Ints, rows: Ints) -> Floats:
    """Sum over the pair's rows from its first up to and with the given row."""
    return (sums[rows + 1] - sums[diary.start[rows]]) / FIXED


def recent_gaps(diary: Diary, rows: Ints) -> Floats:
    """The last RECENT gaps of each pair, latest first, in days; nan where there were fewer."""
    back = rows[:, None] - np.arange(RECENT)[None, :]
    there = back > diary.start[rows][:, None]
    gap = diary.day[np.maximum(back, 0)] - diary.day[np.maximum(back - 1, 0)]
    return np.where(there, gap, np.nan)


def median_of(gaps: Floats) -> Floats:
    """Row medians without the nans; nan where a row has none."""
    count = (~np.isnan(gaps)).sum(axis=1)
    ordered = np.sort(gaps, axis=1)
    at = np.arange(len(gaps))
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    return (ordered[at, low] + ordered[at, np.minimum(high, gaps.shape[1] - 1)]) / 2.0


def rhythm_of(diary: Diary, rhythms: Rhythms, rows: Ints) -> Rhythm:
    """Shrink each pair's gaps towards its item; a larger quantity lengthens the next one."""
    logs = log_gaps(diary)
    n = diary.nth[rows].astype(np.float64)
    own = _since_start(diary, _prefix(logs), rows) / np.maximum(n, 1.0)
    square = _since_start(diary, _prefix(logs**2), rows) - n * own**2
    item = diary.items[diary.item[rows]]
    prior = rhythms.of(rhythms.mean, item, rhythms.shop_mean)
    usual = rhythms.of(rhythms.spread, item, rhythms.within)
    own_spread = np.maximum(square, 0.0) + rhythms.strength * usual
    within = own_spread / (rhythms.strength + np.maximum(n - 1.0, 0.0))
    share = rhythms.between / (rhythms.between + within / np.maximum(n, 1.0)) * (n > 0)
    amount = np.log(np.maximum(diary.quantity, 1e-3))
    mean_amount = _since_start(diary, _prefix(amount), rows) / (n + 1.0)
    longer = rhythms.quantity_power * (amount[rows] - mean_amount)
    left = rhythms.between * (1.0 - share)
    step = np.searchsorted(STEPS, diary.nth[rows] + 1, side="right") - 1
    gaps = recent_gaps(diary, rows)
    return Rhythm(
        mean=share * own + (1.0 - share) * prior + longer,
        deviation=np.sqrt(within + left),
        alive=np.array(rhythms.alive)[step],
        spread=np.sqrt(within),
        own_median=median_of(gaps),
        recent=gaps,
    )


def _log(days: Floats | Ints) -> Floats:
    return np.log1p(np.maximum(days, 0).astype(np.float64))


def _pair_traits(diary: Diary, rhythm: Rhythm, rows: Ints, on: Ints) -> list[Floats]:
    pair, elapsed = diary.pair[rows], on - diary.day[rows]
    gaps = rhythm.recent
    latest = np.nan_to_num(gaps[:, 0], nan=LONG)
    second = np.nan_to_num(gaps[:, 1], nan=LONG)
    age = on - diary.day[diary.start[rows]]
    n = diary.nth[rows] + 1.0
    amount = np.log(np.maximum(diary.quantity[rows], 1e-3))
    counts = [diary.pair_days.count(pair, on - d + 1, on + 1) for d in (30, 60, 120)]
    short = np.nan_to_num(np.nanmin(np.where(np.isnan(gaps), LONG, gaps), axis=1), nan=LONG)
    return [
        np.log(n), elapsed.astype(np.float64), rhythm.mean, rhythm.spread, rhythm.deviation,
        _log(latest), _log(second), _log(np.nan_to_num(rhythm.own_median, nan=LONG)), _log(short),
        _log(age), n / (age + 30.0), *[c.astype(np.float64) for c in counts], amount,
        np.log((elapsed + 0.5) / np.exp(rhythm.mean)),
    ]  # fmt: skip


def _visit_traits(diary: Diary, rhythm: Rhythm, rows: Ints, on: Ints) -> list[Floats]:
    who, visits = diary.customer[rows], diary.visits
    counts = [
        visits.count(who, on - d + 1, on + 1).astype(np.float64) for d in (7, 14, 30, 60, 120)
    ]
    owner_start = visits.before(who, np.full(len(rows), visits.first))
    end = visits.before(who, on + 1)
    last = visits.day_at(np.maximum(end - 1, 0))
    tenth = visits.day_at(np.maximum(end - 11, owner_start))
    taken = np.minimum(10, end - 1 - owner_start)
    pace = (last - tenth + 10.0) / (taken + 1.0)  # days between visits, one visit in ten as a prior
    since_first = end - visits.before(who, diary.day[diary.start[rows]])
    since_last = end - visits.before(who, diary.day[rows] + 1)
    share = (diary.nth[rows] + 0.5) / (since_first + 1.0)
    recent_share = diary.pair_days.count(diary.pair[rows], tenth, on + 1) / (taken + 2.0)
    before = visits.day_at(np.maximum(end - 2, owner_start))
    bought = np.concatenate(([0], np.cumsum(diary.basket)))
    basket = bought[end] - bought[np.maximum(end - 1, 0)]
    habitual = bought[end] - bought[np.maximum(end - 10, owner_start)]
    return [
        *counts, np.log(pace), (on - last).astype(np.float64), _log(last - before),
        _log(on - visits.day_at(owner_start)), share, recent_share, since_last.astype(np.float64),
        _log(basket), _log(habitual / (taken + 1.0)), rhythm.mean - np.log(pace),
        np.log((counts[2] + 1.0) / (counts[4] / 4.0 + 1.0)), np.log(pace / np.maximum(share, 1e-3)),
    ]  # fmt: skip


def _item_traits(diary: Diary, rhythms: Rhythms, rows: Ints) -> list[Floats]:
    item = diary.items[diary.item[rows]]
    again = [
        rhythms.of(rhythms.again[:, k], item, rhythms.shop_again[k]) for k in range(len(HORIZONS))
    ]
    return [
        rhythms.of(rhythms.mean, item, rhythms.shop_mean),
        np.sqrt(rhythms.of(rhythms.spread, item, rhythms.within)),
        *again,
        rhythms.of(rhythms.trend, item, 0.0),
        rhythms.of(rhythms.sold, item, 0.0),
    ]


def _group_traits(diary: Diary, rows: Ints, on: Ints) -> list[Floats]:
    """How often the customer buys anything of the group, and this item among it."""
    mine, days = diary.group_pair[rows], diary.group_days
    counts = [days.count(mine, on - d + 1, on + 1).astype(np.float64) for d in (14, 30, 90)]
    end = days.before(mine, on + 1)
    owner_start = days.before(mine, np.full(len(rows), days.first))
    fifth = days.day_at(np.maximum(end - 6, owner_start))
    pace = (days.day_at(np.maximum(end - 1, 0)) - fifth + 30.0) / np.minimum(6, end - owner_start)
    share = diary.pair_days.count(diary.pair[rows], on - 89, on + 1) / (counts[2] + 1.0)
    return [
        *counts, _log(days.days_since(mine, on, LONG)), np.log(pace), share,
        days.count(mine, diary.day[rows] + 1, on + 1).astype(np.float64),
    ]  # fmt: skip


def traits_of(diary: Diary, rhythms: Rhythms, rhythm: Rhythm, rows: Ints, on: Ints) -> Matrix:
    """One row of numbers per case; `rows` are the pairs' last purchases up to the day `on`."""
    columns = _pair_traits(diary, rhythm, rows, on) + _visit_traits(diary, rhythm, rows, on)
    columns += _item_traits(diary, rhythms, rows)
    if diary.has_groups:
        columns += _group_traits(diary, rows, on)
    columns.append((on % 7).astype(np.float64))
    return np.stack([c.astype(np.float32) for c in columns], axis=1)
