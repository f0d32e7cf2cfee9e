"""When a reminder to buy again makes sense, and how its reason is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

# The customer who says "every six weeks" is reminded this many days before it runs out.
REMIND_BEFORE_DAYS = 3
# Reminders are set this many days ahead, and withdrawn when it is bought before their day; at a
# counter, where the customer stands anyway, what is due within these days may be mentioned at once.
AHEAD_DAYS = 3
# A reminder is in time when the purchase falls from 3 days before it to 7 days after it.
IN_TIME_BEFORE_DAYS, IN_TIME_AFTER_DAYS = 3, 7
# The chance that a reminder helps which the customer set herself.
STATED_LIKELIHOOD = 0.9

_PERSON = {
    "customer": ("you", "your"),
    "staff": ("the customer", "their"),
    "manager": ("the customer", "their"),
}


def span(days: float) -> str:
    """Say a rhythm as people do.

    >>> span(7), span(10), span(35), span(31), span(1), span(90)
    ('every week', 'every 10 days', 'every 5 weeks', 'every month', 'every day', 'every 3 months')
    """
    whole = max(1, round(days))
    weeks, months = round(whole / 7), round(whole / 30.4)
    if whole == 1:
        return "every day"
    if 29 <= whole <= 32:
        return "every month"
    if weeks and whole <= 56 and abs(whole - 7 * weeks) <= 1:
        return "every week" if weeks == 1 else f"every {weeks} weeks"
    if whole > 56 and abs(whole - 30.4 * months) <= 4:
        return f"every {months} months"
    return f"every {whole} days"


def asked_span(days: int) -> str:
    """Say an interval that somebody chose, as it was offered to them: in weeks.

    >>> asked_span(84), asked_span(7), asked_span(10)
    ('every 12 weeks', 'every week', 'every 10 days')
    """
    weeks, rest = divmod(days, 7)
    if rest:
        return span(days)
    return "every week" if weeks == 1 else f"every {weeks} weeks"


def day_words(day: date) -> str:
    """Say a day without a year.

    >>> day_words(date(2026, 11, 28))
    '28 November'
    """
    return f"{day.day} {day:%B}"


def listed(days: list[date]) -> str:
    """List days as one would say them.

    >>> listed([date(2026, 10, 3), date(2026, 10, 10), date(2026, 11, 2)])
    '3, 10 October and 2 November'
    """
    words = [
        str(day.day) if later and _same_month(day, later) else day_words(day)
        for day, later in zip(days, [*days[1:], None], strict=True)
    ]
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]


def _same_month(day: date, other: date) -> bool:
    return (day.year, day.month) == (other.year, other.month)


def because(facts: Mapping[str, Any], reader: str) -> str:
    """Give the reason of a reorder reminder from its facts, in the words of its reader.

    Names the customer's own statement where there is one, else the days on which it was bought.
    """
    who, _ = _PERSON[reader]
    if facts.get("every_days"):
        return f"{who} asked to be reminded {asked_span(facts['every_days'])}"
    bought = [date.fromisoformat(day) for day in facts.get("bought_on", [])]
    on = f" on {listed(bought)}" if bought else ""
    return f"{who} bought it{on}, about {span(facts['rhythm_days'])}"
