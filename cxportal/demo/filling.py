"""Fills an empty installation with the demo, through the same services that a real house uses.

The past goes in as an order file. Then the product lives through the last fortnight morning by
morning, each time with the clock of that morning, so that decisions and messages are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from cxportal.demo import (
    confidences,
    enrolling,
    house,
    marker,
    mornings,
    namesakes,
    offers,
    paths,
    visits,
)
from cxportal.demo.catalogue import TIME_ZONE
from cxportal.demo.chain import CUSTOMERS, Chain, OrderLine, generate, write_orders
from cxportal.demo.people import Person
from cxportal.lib.db import flushed_at_the_end
from loyalty.services import awarding
from profiles.models import ConsentWording, ImportJob, Source
from profiles.queries.company import company_kept
from profiles.rules.names import Purpose
from profiles.services import importing, learning

MORNINGS = 14
# What all customers share is learned from this many: they say the same as the whole, and the first
# start stays quick.
SAMPLE = 250
AWARD_LINES = 50_000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Filling:
    """What one run of filling works with."""

    today: date
    source: Source
    wordings: dict[Purpose, ConsentWording]
    by: User
    progress: Progress

    def at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, ZoneInfo(TIME_ZONE))


def day_of(now: datetime) -> date:
    """The day on which the chain's clocks stand."""
    return now.astimezone(ZoneInfo(TIME_ZONE)).date()


def fill(
    *, today: date, now: datetime, by: User, progress: Progress, customers: int = CUSTOMERS
) -> None:
    """Fill an installation that has no customers yet; an interrupted run is never left as done."""
    marker.mark(marker.FILLING)
    progress(f"Inventing {customers:,} customers and their last eighteen months.")
    chain = generate(today=today, customers=customers)
    house.settle_house(by=by, now=now)
    source = importing.source_named(name=enrolling.SOURCE)
    wordings = house.publish_wordings()
    paths.write_paths(now=now)
    filling = Filling(today, source, wordings, by, progress)
    with flushed_at_the_end(), company_kept():
        _fill(filling, chain)
        visits.come(now=now)
        namesakes.meet_again(staff_id=mornings.supervisor().pk, now=now)
    progress("The demo is ready.")
    marker.mark(marker.DONE)


def _fill(filling: Filling, chain: Chain) -> None:
    today, progress = filling.today, filling.progress
    first = today - timedelta(days=MORNINGS)
    _store_past(filling, [line for line in chain.lines if line.on < first], first)
    progress("Enrolling the customers: cards, home stores, consents.")
    newcomers = enrolling.enrol(
        people=chain.people, source=filling.source, wordings=filling.wordings
    )
    offers.write_offers(by=filling.by, now=filling.at(first, time(0, 30)))
    confidences.confide(
        today=today, staff_id=mornings.supervisor().pk, now=filling.at(first, time(0, 30))
    )
    progress("Learning who buys what in which rhythm.")
    learning.learn_due(now=filling.at(first, mornings.PLAN_AT), limit=10**9)
    _live_on(filling, [line for line in chain.lines if line.on >= first], newcomers)


def _store_past(filling: Filling, lines: Sequence[OrderLine], first: date) -> None:
    """Import a sample, learn what all customers share, then import the rest and book its points."""
    filling.progress(f"Importing {len(lines):,} order lines.")
    now = filling.at(first, time(1))
    sample = {f"C{number:05}" for number in range(1, SAMPLE + 1)}
    _import(filling, "orders-sample", (x for x in lines if x.customer_id in sample), now)
    learning.refit(now=now)
    _import(filling, "orders", (x for x in lines if x.customer_id not in sample), now)
    filling.progress("Booking points.")
    award_all(now=now)


def _live_on(filling: Filling, lines: Sequence[OrderLine], newcomers: Sequence[Person]) -> None:
    """Live through the last mornings; a day's orders are known in its evening, not before."""
    filling.progress(f"Living through the last {MORNINGS} mornings.")
    scenes = mornings.Scenes(today=filling.today, supervisor=mornings.supervisor())
    for back in range(MORNINGS, 0, -1):
        day = filling.today - timedelta(days=back)
        mornings.live(day=day, at=partial(filling.at, day), scenes=scenes)
        of_day = (line for line in lines if line.on == day)
        evening = filling.at(day, time(23, 30))
        _import(filling, f"orders-{day}", of_day, evening)
        award_all(now=evening)
        newcomers = enrolling.enrol(
            people=newcomers, source=filling.source, wordings=filling.wordings
        )


def _import(
    filling: Filling, name: str, lines: Iterable[OrderLine], now: datetime
) -> ImportJob | None:
    """Write an order file and take it in by the door that a shop's own file takes."""
    path: Path = marker.folder() / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        if not write_orders(lines, file):
            return None
    job = importing.start_import(
        path=path,
        file_name=path.name,
        source=filling.source,
        mapping=importing.propose_mapping(path).mapping,
        time_zone=TIME_ZONE,
        by=filling.by,
        now=now,
    )
    return importing.run_import(job_id=job.pk, now=now)


def award_all(*, now: datetime) -> None:
    """Book the points of every purchase that has none yet."""
    while not awarding.award_for_purchases(now=now, limit=AWARD_LINES).caught_up:
        pass
