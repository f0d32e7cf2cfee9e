"""Days that come again each year: birthdays, and the day on which something lasting was bought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from profiles.rules.cleanness import doubt_of_birthday
from profiles.rules.reordering import day_words

# The chance that a congratulation is welcome, to a customer who told their day for that. Nobody measured it:
# a prior of ours, until the control group says more.
BIRTHDAY_LIKELIHOOD = 0.6
# The chance that somebody thinks of the next one when the last is as old as such things get. Ours as well.
ANNIVERSARY_LIKELIHOOD = 0.3
# A message is planned this many days ahead, since the customer's day may begin before the house's.
AHEAD_DAYS = 1
# An anniversary is no matter of a day: for so long after it a word still fits.
ANNIVERSARY_DAYS = 30


def in_year(day: date, year: int) -> date:
    """Return the day of a year on which ``day`` is kept; 29 February goes to the 28th.

    It stays in its month, and is told before it would be late: laws differ (New Zealand has 28 February, the
    United Kingdom 1 March), so this is our choice, the same as for a year of points. PostgreSQL adds years
    to a date in the same way.

    >>> in_year(date(2004, 2, 29), 2027), in_year(date(2004, 2, 29), 2028)
    (datetime.date(2027, 2, 28), datetime.date(2028, 2, 29))
    """
    is_leap_day = (day.month, day.day) == (2, 29)
    try:
        return day.replace(year=year)
    except ValueError:
        assert is_leap_day
        return day.replace(year=year, day=28)


def kept_from(born_on: date, today: date) -> date | None:
    """Return the birthday of today or of tomorrow, if there is one; ``None`` for a day of birth that is none.

    >>> kept_from(date(1990, 3, 11), date(2026, 3, 10))
    datetime.date(2026, 3, 11)
    >>> kept_from(date(1990, 1, 1), date(2026, 12, 31))
    datetime.date(2027, 1, 1)
    >>> kept_from(date(1990, 3, 12), date(2026, 3, 10)) is None
    True
    """
    if doubt_of_birthday(born_on, today) is not None:
        return None
    for ahead in range(AHEAD_DAYS + 1):
        day = today + timedelta(days=ahead)
        if in_year(born_on, day.year) == day:
            return day
    return None


def days_of_year(today: date) -> list[str]:
    """Return the days of birth, as "02-29", that may be kept today or tomorrow, whatever the zone.

    >>> days_of_year(date(2026, 2, 28))
    ['02-27', '02-28', '02-29', '03-01', '03-02']
    """
    near = [today + timedelta(days=ahead) for ahead in range(-1, AHEAD_DAYS + 2)]
    named = {f"{day:%m-%d}" for day in near}
    return sorted(named | {"02-29"} if "02-28" in named else named)


def birthday_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say why we congratulate; the year of birth is nobody's business.

    >>> birthday_because({"kept_on": "2027-02-28", "is_leap_day": True}, "staff")
    "it is the customer's birthday: 29 February, kept on the 28th this year"
    """
    whose = "your" if reader == "customer" else "the customer's"
    day = date.fromisoformat(facts["kept_on"])
    if facts["is_leap_day"] and day.day == 28:
        return f"it is {whose} birthday: 29 February, kept on the 28th this year"
    on = f" on {day_words(day)}" if reader == "manager" else " today" if reader == "staff" else ""
    told = ", the day that you told us" if reader == "customer" else ""
    return f"it is {whose} birthday{on}{told}"


def anniversary_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say how long something has served.

    >>> anniversary_because({"since": "2023-03-10", "years": 3}, "customer")
    'you bought it on 10 March 2023, 3 years ago'
    """
    who = "you" if reader == "customer" else "the customer"
    day = date.fromisoformat(facts["since"])
    years = facts["years"]
    span = "a year" if years == 1 else f"{years} years"
    return f"{who} bought it on {day.day} {day:%B} {day.year}, {span} ago"
