"""How the invented people shop: needs that run out, morning habits, whims, holidays, goodbyes.

All in columns, one row per thing bought: eighteen months of two thousand people take a second.
Days count from the first day of the calendar; times are seconds of the local day.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from cxportal.demo.catalogue import (
    ARTICLES,
    CLOSED,
    COFFEE,
    DRINKS,
    GROUPS,
    LUNCH,
    NEEDED,
    PASTRIES,
    SHOPS,
    STATION,
    STORES,
    WEB,
    Group,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MONTHS_DAYS = 548  # eighteen months
WEB_AT = SHOPS.index(WEB)
STATION_AT = SHOPS.index(STATION)
NEVER = 10**6


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the demo, up to yesterday."""

    first: date
    days: int

    @classmethod
    def until(cls, today: date) -> Calendar:
        return cls(today - timedelta(days=MONTHS_DAYS), MONTHS_DAYS)

    def date_of(self, day: int) -> date:
        return self.first + timedelta(days=int(day))

    def day(self, on: date) -> int:
        return (on - self.first).days

    def weekday(self, day: Ints) -> Ints:
        return (day + self.first.weekday()) % 7

    def closed(self) -> Flags:
        """Days on which every store stays shut: Christmas and New Year."""
        dates = [self.date_of(day) for day in range(self.days)]
        return np.array([(day.month, day.day) in CLOSED for day in dates])


@dataclass(frozen=True, slots=True)
class Lives:
    """One row per customer: when they come and go, where they shop, how regular they are."""

    joins: Ints
    leaves: Ints
    home: Ints
    weekday: Ints
    steadiness: Floats
    web_share: Floats
    away_from: Ints
    away_until: Ints

    def __len__(self) -> int:
        return len(self.joins)


@dataclass(frozen=True, slots=True)
class Sales:
    """What was bought. ``visit`` tells the morning's coffee from the shopping of the same day."""

    customer: Ints
    article: Ints
    day: Ints
    second: Ints
    quantity: Ints
    shop: Ints
    visit: Ints

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, keep: Flags | Ints) -> Sales:
        return Sales(*(getattr(self, column.name)[keep] for column in fields(self)))


NOTHING = Sales(*(np.zeros(0, np.int64) for _ in fields(Sales)))


def together(parts: list[Sales]) -> Sales:
    """All of these, one after the other; nothing where there is none."""
    columns = [column.name for column in fields(Sales)]
    whole = [NOTHING, *parts]
    return Sales(*(np.concatenate([getattr(part, name) for part in whole]) for name in columns))


def draw_lives(rng: np.random.Generator, count: int) -> Lives:
    """Draw when everybody comes and goes: six in ten were there before, one in three leaves."""
    joins = np.where(rng.random(count) < 0.6, 0, rng.integers(0, MONTHS_DAYS - 20, count))
    leaves = np.where(rng.random(count) < 0.35, joins + rng.integers(30, MONTHS_DAYS, count), NEVER)
    # Two absences each, in whole weeks; for a third of all one of them is no absence at all.
    away_from = rng.integers(0, MONTHS_DAYS, (2, count))
    length = rng.choice([0, 7, 10, 14, 21], size=(2, count), p=[0.3, 0.25, 0.15, 0.2, 0.1])
    return Lives(
        joins=joins,
        leaves=leaves,
        home=rng.choice(len(STORES), size=count, p=[0.42, 0.33, 0.25]),
        weekday=rng.choice(7, size=count, p=[0.1, 0.1, 0.12, 0.13, 0.2, 0.33, 0.02]),
        steadiness=rng.uniform(0.08, 0.4, count),
        web_share=np.where(rng.random(count) < 0.3, rng.uniform(0.3, 0.9, count), 0.04),
        away_from=away_from,
        away_until=away_from + length,
    )


def shop(rng: np.random.Generator, calendar: Calendar, count: int) -> Sales:
    """Let ``count`` customers live through the calendar; customers are numbered from 0."""
    lives = draw_lives(rng, count)
    passers_by = rng.random(count) < 0.16
    stays = np.flatnonzero(~passers_by)
    bought = [
        _needs(rng, calendar, lives, stays),
        _mornings(rng, calendar, lives, stays),
        _whims(rng, calendar, lives, stays),
        _passers_by(rng, lives, np.flatnonzero(passers_by)),
    ]
    sales = _in_open_shops(calendar, together(bought))
    return in_order(together([sales, _returns(rng, calendar, sales)]))


def in_order(sales: Sales) -> Sales:
    return sales.where(np.lexsort((sales.article, sales.customer, sales.second, sales.day)))


# --- needs: used up, and bought again -------------------------------------------------------------


def _needs(rng: np.random.Generator, calendar: Calendar, lives: Lives, who: Ints) -> Sales:
    return together([_need(rng, calendar, lives, group, who) for group in NEEDED])


def _need(
    rng: np.random.Generator, calendar: Calendar, lives: Lives, group: Group, who: Ints
) -> Sales:
    """Buy articles of one group as they run out: gaps are gamma, two packs last twice as long."""
    who = who[rng.random(len(who)) < group.share]
    lasts = group.lasts_days * rng.lognormal(0.0, 0.25, len(who))
    favourite = _favourites(rng, group, len(who))
    due: Floats = lives.joins[who] + rng.random(len(who)) * lasts
    bought: list[Sales] = []
    while len(who):
        day = _free_day(rng, calendar, lives, who, due)
        still = (day < calendar.days) & (day <= lives.leaves[who])
        who, lasts, favourite, day = who[still], lasts[still], favourite[still], day[still]
        quantity = 1 + (rng.random(len(who)) < 0.12).astype(np.int64)
        other = rng.random(len(who)) < 0.07
        article = np.where(other, _favourites(rng, group, len(who)), favourite)
        bought.append(_shopping(rng, lives, who, article, day, quantity))
        noise = _gamma(rng, lives.steadiness[who])
        due = day.astype(np.float64) + np.maximum(1.0, lasts * quantity * noise)
    return together(bought)


def _gamma(rng: np.random.Generator, spread: Floats) -> Floats:
    """Noise around 1 with this coefficient of variation."""
    shape = 1.0 / spread**2
    return rng.gamma(shape) / shape


def _favourites(rng: np.random.Generator, group: Group, count: int) -> Ints:
    """Draw articles of a group, the first ones of the shelf more often."""
    shelf = np.array([at for at, article in enumerate(ARTICLES) if article.group == group])
    weight = 1.0 / np.arange(1, len(shelf) + 1) ** 0.7
    return rng.choice(shelf, size=count, p=weight / weight.sum())


def _free_day(
    rng: np.random.Generator, calendar: Calendar, lives: Lives, who: Ints, due: Floats
) -> Ints:
    """The day on which it is bought: the weekly shopping day if that is near, never while away."""
    day = due.astype(np.int64)
    wait = (lives.weekday[who] - calendar.weekday(day)) % 7
    day = day + np.where((wait <= 2) & (rng.random(len(who)) < 0.7), wait, 0)
    for away in range(len(lives.away_from)):
        gone = (day >= lives.away_from[away, who]) & (day < lives.away_until[away, who])
        day = np.where(gone, lives.away_until[away, who], day)
    return day


def _shopping(
    rng: np.random.Generator, lives: Lives, who: Ints, article: Ints, day: Ints, quantity: Ints
) -> Sales:
    """Bought on the way home, or in the web shop in the evening."""
    # One visit a day: place and time follow from customer and day, not from the article.
    draw = (who * 7_919 + day * 104_729) % 10_007 / 10_007
    online = draw < lives.web_share[who]
    second = np.where(online, 19.0, 16.0) + 3.0 * ((draw * 97.0) % 1.0)
    jitter = rng.integers(0, 600, len(who))
    return Sales(
        customer=who,
        article=article,
        day=day,
        second=(second * 3600).astype(np.int64) + jitter,
        quantity=quantity,
        shop=np.where(online, WEB_AT, lives.home[who]),
        visit=np.ones(len(who), np.int64),
    )


# --- mornings: the same cup at the same time ------------------------------------------------------


def _mornings(rng: np.random.Generator, calendar: Calendar, lives: Lives, who: Ints) -> Sales:
    """One customer in fourteen has a coffee on the way to work, and sometimes a pastry."""
    who = who[rng.random(len(who)) < 0.07]
    often, at = rng.uniform(0.3, 0.9, len(who)), rng.normal(7.7, 0.7, len(who)).clip(6.1, 10.0)
    days = np.arange(calendar.days)
    chance = np.where(calendar.weekday(days) < 5, often[:, None], 0.05)
    row, day = np.nonzero(rng.random((len(who), calendar.days)) < chance)
    here = _is_here(lives, who[row], day)
    row, day = row[here], day[here]
    cups, bites = _favourites(rng, COFFEE, len(who)), _favourites(rng, PASTRIES, len(who))
    second = ((at[row] + rng.normal(0.0, 0.12, len(row))) * 3600).astype(np.int64)
    other = rng.random(len(row)) < 0.08
    cup = np.where(other, _favourites(rng, COFFEE, len(row)), cups[row])
    coffee = _at_the_bar(lives, who[row], cup, day, second)
    hungry = np.flatnonzero(rng.random(len(row)) < rng.uniform(0.0, 0.35, len(who))[row])
    bite = _at_the_bar(lives, who[row[hungry]], bites[row[hungry]], day[hungry], second[hungry])
    return together([coffee, bite])


def _is_here(lives: Lives, who: Ints, day: Ints) -> Flags:
    here = (day >= lives.joins[who]) & (day <= lives.leaves[who])
    for away in range(len(lives.away_from)):
        here &= (day < lives.away_from[away, who]) | (day >= lives.away_until[away, who])
    return here


def _at_the_bar(lives: Lives, who: Ints, article: Ints, day: Ints, second: Ints) -> Sales:
    one = np.ones(len(who), np.int64)
    return Sales(who, article, day, second, one, lives.home[who], np.zeros_like(one))


# --- whims, passers-by, returns -------------------------------------------------------------------


def _whims(rng: np.random.Generator, calendar: Calendar, lives: Lives, who: Ints) -> Sales:
    """Some days without a plan: lunch, a cake, a cold drink."""
    times = rng.poisson(rng.gamma(1.2, 4.0, len(who)))
    customer = np.repeat(who, times)
    day = rng.integers(0, calendar.days, len(customer))
    here = _is_here(lives, customer, day)
    customer, day = customer[here], day[here]
    pick = rng.choice(3, size=len(customer), p=[0.45, 0.3, 0.25])
    kinds = [_favourites(rng, group, len(customer)) for group in (LUNCH, PASTRIES, DRINKS)]
    second = (rng.uniform(11.5, 16.0, len(customer)) * 3600).astype(np.int64)
    bought = _at_the_bar(lives, customer, np.choose(pick, kinds), day, second)
    return replace(bought, visit=np.full(len(day), 2))


def _passers_by(rng: np.random.Generator, lives: Lives, who: Ints) -> Sales:
    """They came once, bought one to four things, and were not seen again."""
    customer = np.repeat(who, rng.integers(1, 5, len(who)))
    article = rng.integers(0, len(ARTICLES), len(customer))
    day = (lives.joins + (lives.joins == 0) * (lives.away_from[0] % MONTHS_DAYS))[customer]
    return _shopping(rng, lives, customer, article, day, np.ones(len(customer), np.int64))


def _returns(rng: np.random.Generator, calendar: Calendar, sales: Sales) -> Sales:
    """A few things come back within a week, as lines below zero in an order of their own."""
    keeps = np.array([bool(group.lasts_days) for group in GROUPS])
    group_of = np.array([GROUPS.index(article.group) for article in ARTICLES])
    sold = sales.where(keeps[group_of[sales.article]] & (rng.random(len(sales)) < 0.004))
    day = sold.day + rng.integers(1, 7, len(sold))
    back = replace(
        sold,
        day=day,
        second=sold.second - 1800,
        quantity=-sold.quantity,
        visit=np.full(len(sold), 3),
    )
    return _in_open_shops(calendar, back.where(day < calendar.days))


def _in_open_shops(calendar: Calendar, sales: Sales) -> Sales:
    """Move what falls on a closed day: on Sundays to the station, on holidays to the web shop."""
    opens = np.array([shop.opens_on_sundays for shop in SHOPS])
    sunday = (calendar.weekday(sales.day) == 6) & ~opens[sales.shop]
    shop = np.where(sunday, STATION_AT, sales.shop)
    shut = calendar.closed()[sales.day] & (shop != WEB_AT)
    at_home = np.array([bool(a.group.lasts_days) for a in ARTICLES])[sales.article]
    moved = replace(sales, shop=np.where(shut, WEB_AT, shop))
    return moved.where(~shut | at_home)  # no web shop sells a cup of coffee
