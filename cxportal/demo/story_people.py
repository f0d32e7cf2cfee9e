"""People with a past drawn by hand: each shows one promise of the product at its clearest.

Days count back from ``today``, so that the stories are always as fresh as the demo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from cxportal.demo.catalogue import CLOSED, MAIN_STREET, OLD_MARKET, STATION, WEB, Shop
from cxportal.demo.people import Agreement, Person, with_contact
from profiles.rules.names import Purpose
from profiles.rules.purposes import MESSAGES


@dataclass(frozen=True, slots=True)
class Bought:
    on: date
    at: time
    shop: Shop
    article: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class StoryPerson:
    """A person, why they are here, and all that they bought."""

    person: Person
    shows: str
    bought: Sequence[Bought]


DOLORES = "C00001"
DETERGENT = "C00002"
NO_RHYTHM = "C00003"
COMPLAINT = "C00004"
LOW_SCORE = "C00005"
EVERY_SIX_WEEKS = "C00006"
WITHDRAWN = "C00007"
BOUGHT_ELSEWHERE = "C00008"
FAR_AWAY = "C00009"
RETURNED = "C00010"
CODES = (
    DOLORES, DETERGENT, NO_RHYTHM, COMPLAINT, LOW_SCORE, EVERY_SIX_WEEKS, WITHDRAWN, BOUGHT_ELSEWHERE,
    FAR_AWAY, RETURNED,
)  # fmt: skip

LARGE_COFFEE = "CO-108"
HAZELNUT_BEANS = "BE-101"
# Article and quantity, for the four at home.
SATURDAY_BASKET = (("BR-101", 1), ("MI-107", 1), ("MI-108", 1), ("PA-101", 4))
# Which 7 of her last 48 working-day mornings Dolores missed, counted back from the last one.
MISSED = frozenset({4, 11, 12, 20, 27, 35, 43})
YEAR_AND_A_HALF = 548


def story_people(today: date) -> list[StoryPerson]:
    """Make the people of the stories, in the order of their codes."""
    return [
        _dolores(today),
        _rhythmic(today, DETERGENT, "Hannah Okoye", "Detergent, about monthly, due in a few days",
                  "LA-101", OLD_MARKET, back=26, gaps=(30, 29, 31, 30)),
        _no_rhythm(today),
        _rhythmic(today, COMPLAINT, "Ingrid Mosbacher", "An open complaint, and few tablets left",
                  "CL-101", MAIN_STREET, back=29, gaps=(28, 29, 27)),
        _rhythmic(today, LOW_SCORE, "Viktor Hahnenkamp", "A score of 3 after the last visit",
                  "LU-101", STATION, back=4, gaps=(7, 7, 8, 6)),
        _rhythmic(today, EVERY_SIX_WEEKS, "Grace Mbekani", "Says every six weeks; we learned four",
                  "BE-104", MAIN_STREET, back=29, gaps=(28, 27, 29)),
        _withdrawn(today),
        _bought_elsewhere(today),
        _rhythmic(today, FAR_AWAY, "Lucía Morenilla", "Lives by another clock, buys on the web",
                  "TE-101", WEB, back=40, gaps=(45, 44, 46), time_zone="Atlantic/Canary"),
        _returned(today),
    ]  # fmt: skip


def working_days_before(today: date, count: int) -> list[date]:
    """The last ``count`` days from Monday to Friday before ``today``, newest first.

    >>> [str(day) for day in working_days_before(date(2026, 3, 10), 3)]
    ['2026-03-09', '2026-03-06', '2026-03-05']
    """
    days = (today - timedelta(days=back) for back in range(1, count * 2 + 4))
    return [day for day in days if day.weekday() < 5][:count]


def _person(code: str, name: str, home: Shop, today: date, *, time_zone: str = "") -> Person:
    given_on = today - timedelta(days=400)
    agreements = tuple(Agreement(purpose, given_on) for purpose, _ in MESSAGES)
    person = Person(code, name, home=home.code, time_zone=time_zone, agreements=agreements)
    return with_contact(person, int(code[1:]))


def _dolores(today: date) -> StoryPerson:
    """S01 and S03: the usual of the morning, and beans that have run out today."""
    mornings = working_days_before(today, 380)
    coffees = [
        Bought(day, _about_seven(nth), MAIN_STREET, LARGE_COFFEE)
        for nth, day in enumerate(mornings)
        if (nth not in MISSED if nth < 48 else _came(nth, day))
    ]
    beans = _every(today, HAZELNUT_BEANS, MAIN_STREET, back=35, gaps=(35, 34, 36))
    person = _person(DOLORES, "Dolores Reyes", MAIN_STREET, today)
    # No reminders by mail: what is due is there to be said at the counter.
    agreed = [one for one in person.agreements if one.purpose != Purpose.REMINDERS]
    person = replace(person, agreements=tuple(agreed))
    return StoryPerson(
        person,
        "The usual at seven, and beans every five weeks",
        [*coffees, *beans, *_saturdays(today)],
    )


def _saturdays(today: date) -> list[Bought]:
    """The basket of the weekend, which makes her a gold customer."""
    days = (today - timedelta(days=back) for back in range(1, YEAR_AND_A_HALF))
    return [
        Bought(day, time(10, 5), OLD_MARKET, article, quantity)
        for day in days
        if day.weekday() == 5 and day.isocalendar().week % 8 and not _is_closed(day)
        for article, quantity in SATURDAY_BASKET
    ]


def _came(nth: int, day: date) -> bool:
    """Further back: seven mornings of eight, two weeks of holidays, and no coffee at Christmas."""
    return nth % 8 != 3 and not 120 <= nth < 130 and not _is_closed(day)


def _about_seven(nth: int) -> time:
    minutes = 7 * 60 - 4 + (nth * 7) % 10
    return time(minutes // 60, minutes % 60)


def _rhythmic(
    today: date, code: str, name: str, shows: str, article: str, shop: Shop, *,
    back: int, gaps: Sequence[int], time_zone: str = "",
) -> StoryPerson:  # fmt: skip
    person = _person(code, name, shop, today, time_zone=time_zone)
    return StoryPerson(person, shows, _every(today, article, shop, back=back, gaps=gaps))


def _every(
    today: date, article: str, shop: Shop, *, back: int, gaps: Sequence[int]
) -> list[Bought]:
    """Buy in these gaps, over and over, the last time ``back`` days ago; newest first."""
    bought = []
    for nth in range(YEAR_AND_A_HALF):
        if back > YEAR_AND_A_HALF:
            break
        day = today - timedelta(days=back)
        bought.append(Bought(day, time(17, 20 + nth % 30), _open(shop, day), article))
        back += gaps[nth % len(gaps)]
    return bought


def _open(shop: Shop, day: date) -> Shop:
    if _is_closed(day):
        return WEB
    return STATION if day.weekday() == 6 and not shop.opens_on_sundays else shop


def _is_closed(day: date) -> bool:
    return (day.month, day.day) in CLOSED


def _no_rhythm(today: date) -> StoryPerson:
    """S10: two purchases are no rhythm."""
    bought = [
        Bought(today - timedelta(days=back), time(12, 40), WEB, "OI-101") for back in (31, 118)
    ]
    person = _person(NO_RHYTHM, "Tomás Ferreirinho", WEB, today)
    return StoryPerson(person, "Two purchases at no rhythm: nothing to say", bought)


def _withdrawn(today: date) -> StoryPerson:
    """S29: agreed to reminders, and took it back three weeks ago."""
    given_on, withdrawn_on = today - timedelta(days=300), today - timedelta(days=21)
    person = with_contact(
        Person(
            WITHDRAWN, "Samira Haddadin", home=OLD_MARKET.code,
            agreements=(Agreement(Purpose.REMINDERS, given_on, withdrawn_on),),
        ),
        int(WITHDRAWN[1:]),
    )  # fmt: skip
    bought = _every(today, "PE-101", OLD_MARKET, back=15, gaps=(14, 14, 15))
    return StoryPerson(person, "Withdrew consent; the dog still eats", bought)


def _bought_elsewhere(today: date) -> StoryPerson:
    """S09: would be due now, but bought on the web three days ago."""
    usual = _every(today, "LA-102", OLD_MARKET, back=31, gaps=(30, 31, 30))
    web = Bought(today - timedelta(days=3), time(21, 15), WEB, "LA-102")
    person = _person(BOUGHT_ELSEWHERE, "Pavel Novotnik", OLD_MARKET, today)
    return StoryPerson(person, "Bought by another channel in between", [web, *usual])


def _returned(today: date) -> StoryPerson:
    """S30: points that came with a purchase go with its return."""
    first, again = today - timedelta(days=12), today - timedelta(days=9)
    bought = [
        Bought(first, time(18, 5), _open(MAIN_STREET, first), "SH-102"),
        Bought(again, time(17, 30), _open(MAIN_STREET, again), "SH-102", quantity=-1),
        Bought(again, time(17, 40), _open(MAIN_STREET, again), "SH-101"),
    ]
    person = _person(RETURNED, "Jonas Wirthner", MAIN_STREET, today)
    return StoryPerson(person, "Brought a pack back and took the smaller one", bought)
