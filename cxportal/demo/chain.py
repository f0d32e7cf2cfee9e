"""The whole invented chain: its people and all their orders, the same for the same seed and day."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TextIO
from zoneinfo import ZoneInfo

import numpy as np

from cxportal.demo.catalogue import ARTICLES, BY_CODE, SHOPS, STORES, TIME_ZONE
from cxportal.demo.people import Person, agreed_since, invent
from cxportal.demo.shopping import Calendar, Ints, Sales, in_order, shop, together
from cxportal.demo.story_people import StoryPerson, story_people

SEED = 1_729
CUSTOMERS = 2_000


class OrderLine(NamedTuple):
    """One line of the order file; the names are the file's header."""

    customer_id: str
    order_id: str
    ordered_at: str
    product_id: str
    product_name: str
    category: str
    quantity: str
    unit_price: str
    store: str
    product_url: str
    email: str
    phone: str
    customer_name: str

    @property
    def on(self) -> date:
        return date.fromisoformat(self.ordered_at[:10])


@dataclass(frozen=True, slots=True)
class Chain:
    """People in the order of their codes, and order lines in the order of time."""

    people: Sequence[Person]
    lines: Sequence[OrderLine]


def generate(*, today: date, customers: int = CUSTOMERS) -> Chain:
    """Invent the chain up to the evening before ``today``; the people of the stories count too."""
    stories = story_people(today)
    count = max(0, customers - len(stories))
    by_person, by_shop = np.random.default_rng([SEED, 1]), np.random.default_rng([SEED, 2])
    invented = invent(by_person, count, first=len(stories) + 1, today=today)
    calendar = Calendar.until(today)
    others = shop(by_shop, calendar, count)
    shifted = replace(others, customer=others.customer + len(stories))
    sales = in_order(together([_of_stories(stories, calendar), shifted]))
    people = [story.person for story in stories] + _as_they_shop(invented, others, calendar)
    return Chain(people, _lines(people, sales, calendar))


def write_orders(lines: Iterable[OrderLine], file: TextIO) -> int:
    """Write an order file as a shop would export it; return the number of lines."""
    writer = csv.writer(file)
    writer.writerow(OrderLine._fields)
    count = 0
    for count, line in enumerate(lines, start=1):  # noqa: B007 - the last number is the count
        writer.writerow(line)
    return count


def _of_stories(stories: Sequence[StoryPerson], calendar: Calendar) -> Sales:
    rows = [
        (
            row,
            ARTICLES.index(BY_CODE[bought.article]),
            calendar.day(bought.on),
            bought.at.hour * 3600 + bought.at.minute * 60,
            bought.quantity,
            SHOPS.index(bought.shop),
            3 if bought.quantity < 0 else int(bool(BY_CODE[bought.article].group.lasts_days)),
        )
        for row, story in enumerate(stories)
        for bought in story.bought
    ]
    return Sales(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)))


def _as_they_shop(people: Sequence[Person], sales: Sales, calendar: Calendar) -> list[Person]:
    """Give everyone the store they go to most, if any, and no consent before their first visit."""
    visits = np.zeros((len(people), len(SHOPS)), np.int64)
    np.add.at(visits, (sales.customer, sales.shop), 1)
    came = np.full(len(people), calendar.days - 1, np.int64)
    np.minimum.at(came, sales.customer, sales.day)
    return [
        agreed_since(replace(person, home=_favourite(visits[row])), calendar.date_of(came[row]))
        for row, person in enumerate(people)
    ]


def _favourite(visits: Ints) -> str:
    in_stores = visits[: len(STORES)]
    return STORES[in_stores.argmax()].code if in_stores.any() else ""


def _orders(sales: Sales) -> tuple[Ints, Ints]:
    """Number the orders in the order of time; return each line's order and the order's second."""
    order = np.lexsort((sales.visit, sales.shop, sales.customer, sales.day))
    keys = np.stack([getattr(sales, name)[order] for name in ("day", "customer", "shop", "visit")])
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(keys, axis=1) != 0).any(axis=0)
    starts = np.flatnonzero(new)
    second = np.minimum.reduceat(sales.second[order], starts)
    number = np.empty(len(starts), np.int64)
    number[np.lexsort((sales.customer[order][starts], second, keys[0, starts]))] = np.arange(
        len(starts)
    )
    of_line = np.cumsum(new) - 1
    numbers, seconds = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    numbers[order], seconds[order] = number[of_line], second[of_line]
    return numbers, seconds


def _lines(people: Sequence[Person], sales: Sales, calendar: Calendar) -> list[OrderLine]:
    numbers, seconds = _orders(sales)
    in_time = np.lexsort((sales.article, numbers))
    days = [calendar.date_of(day) for day in range(calendar.days)]
    offsets = [_offset(day) for day in days]
    columns = (sales.customer, sales.article, sales.day, sales.quantity, sales.shop)
    rows = zip(*(column[in_time].tolist() for column in (*columns, numbers, seconds)), strict=True)
    return [
        _line(
            people[customer],
            f"{SHOPS[shop].code.upper()}-{number + 1:06}",
            f"{days[day]}T{_clock(second)}{offsets[day]}",
            article,
            quantity,
            SHOPS[shop].code,
        )
        for customer, article, day, quantity, shop, number, second in rows
    ]


def _line(
    person: Person, order_id: str, ordered_at: str, at: int, quantity: int, store: str
) -> OrderLine:
    article = ARTICLES[at]
    return OrderLine(
        customer_id=person.code,
        order_id=order_id,
        ordered_at=ordered_at,
        product_id=article.code,
        product_name=article.name,
        category=article.group.name,
        quantity=str(quantity),
        unit_price=f"{article.price_minor // 100}.{article.price_minor % 100:02}",
        store=store,
        product_url=article.url,
        email=person.email,
        phone=person.phone,
        customer_name=person.name,
    )


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _offset(day: date) -> str:
    """The zone's offset of a day; clocks change at night, when every shop is shut."""
    offset = datetime.combine(day, time(12), ZoneInfo(TIME_ZONE)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
