"""Moments that managers write: what begins one, how long it matters, and how often one may come again.

What begins one is kept as JSON and read strictly, beside the conditions of ``profiles.rules.conditions``:

    {"event": "Allowance Low", "where": [{"property": "remaining_mb", "at_most": 10}]}
    {"becomes": {"fact": "remaining_mb", "at_most": 10}}
    {"date": "trial_ends_on", "days": -14, "yearly": false}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from profiles.rules.conditions import FactIs, Operator, Wrong, read, written
from profiles.rules.facts import Schema
from profiles.rules.names import AttributeType, Sensitivity
from profiles.rules.occasions import in_year

PREFIX = "own:"
LONGEST_NAME, LONGEST_BECAUSE, LONGEST_PROPERTY, LONGEST_VALUE = 80, 200, 60, 200
MOST_WHERE = 5
# Events older than this are no moment any more; a date may be told of a year ahead or after.
LONGEST_LASTS = timedelta(days=90)
MOST_DAYS = 366
# Comparisons that a property of an event takes.
COMPARED = (Operator.IS, Operator.AT_LEAST, Operator.AT_MOST, Operator.CONTAINS, Operator.KNOWN)
_PLACE = re.compile(r"\{([^{}]*)\}")
# Facts of ours: a property of the same name does not stand in for them.
RESERVED = frozenset({"event", "at", "on", "place", "doubt", "held", "bought_on", "value", "day"})


class Chance(StrEnum):
    """How often a word helps then: a prior of whoever wrote it, until the control group says more."""

    SELDOM = "seldom"
    HALF = "half"
    MOSTLY = "mostly"


LIKELIHOOD = {Chance.SELDOM: 0.3, Chance.HALF: 0.5, Chance.MOSTLY: 0.7}
CHANCE = {
    Chance.SELDOM: "seldom, about 3 times in 10",
    Chance.HALF: "every other time",
    Chance.MOSTLY: "mostly, about 7 times in 10",
}


class Again(StrEnum):
    """How soon a customer may be in the same moment again."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ONCE = "once"


AGAIN = {
    Again.DAY: "once a day at most",
    Again.WEEK: "once in a calendar week at most",
    Again.MONTH: "once in a calendar month at most",
    Again.YEAR: "once in a calendar year at most",
    Again.ONCE: "once for each customer, ever",
}
_EVER = date(2000, 1, 1)


@dataclass(frozen=True)
class Compared:
    """What a property of an event must be."""

    property: str
    operator: Operator
    operand: str | int | float | bool


@dataclass(frozen=True)
class EventCame:
    """An event of this name came, whatever its case, with these properties."""

    name: str
    where: tuple[Compared, ...] = ()


@dataclass(frozen=True)
class FactBecame:
    """A fact became so: it was not so before, or was not known."""

    question: FactIs


@dataclass(frozen=True)
class DateNears:
    """So many days after a date that is known of the customer; before it where ``days`` is negative."""

    attribute: str
    days: int = 0
    is_yearly: bool = False


Trigger = EventCame | FactBecame | DateNears


# --- reading --------------------------------------------------------------------------------------


def read_trigger(raw: Any) -> Trigger:
    """Read what begins a moment from its JSON.

    Raises:
        Wrong: it is none; the error names the part.

    >>> read_trigger({"event": "Trial Started"})
    EventCame(name='Trial Started', where=())
    >>> read_trigger({"date": "trial_ends_on", "days": 900})
    Traceback (most recent call last):
    profiles.rules.conditions.Wrong: days: Write a whole number of days, -366 to 366.
    """
    if not isinstance(raw, dict):
        raise Wrong("", "not_a_trigger", "Say what begins the moment.")
    if "event" in raw:
        return _event(raw)
    if "becomes" in raw:
        return _became(raw)
    if "date" in raw:
        return _date(raw)
    raise Wrong("", "unknown_kind", "Begin with an event, a fact or a date.")


def _event(raw: Mapping[str, Any]) -> EventCame:
    _only(raw, "event", "where")
    where = raw.get("where", [])
    if not isinstance(where, list) or len(where) > MOST_WHERE:
        raise Wrong("where", "too_large", f"Compare at most {MOST_WHERE} properties.")
    parts = tuple(_compared(part, f"where[{n}]") for n, part in enumerate(where, 1))
    found = EventCame(_text(raw["event"], "event", 200), parts)
    if why := contradiction(found):
        raise Wrong("where", "contradictory", why)
    return found


def _compared(raw: Any, where: str) -> Compared:
    given = [one for one in COMPARED if isinstance(raw, dict) and one in raw]
    if not isinstance(raw, dict) or "property" not in raw or len(given) != 1:
        raise Wrong(
            where,
            "no_operator",
            f"Name a property, and compare it by one of: {', '.join(COMPARED)}.",
        )
    _only(raw, "property", given[0])
    operand = raw[given[0]]
    if given[0] == Operator.KNOWN and operand is not True:
        raise Wrong(where, "not_true", "“known” is true.")
    is_number = isinstance(operand, int | float) and not isinstance(operand, bool)
    if given[0] in {Operator.AT_LEAST, Operator.AT_MOST} and not is_number:
        raise Wrong(where, "not_a_number", "Write a number.")
    if isinstance(operand, str):
        operand = _text(operand, where, LONGEST_VALUE)
    elif not isinstance(operand, bool | int | float) or given[0] == Operator.CONTAINS:
        raise Wrong(where, "not_a_value", "Write one value.")
    return Compared(_text(raw["property"], where, LONGEST_PROPERTY), given[0], operand)


def _became(raw: Mapping[str, Any]) -> FactBecame:
    _only(raw, "becomes")
    question = read(raw["becomes"])
    if not isinstance(question, FactIs):
        raise Wrong("becomes", "not_a_fact", "Name one fact, and what it becomes.")
    return FactBecame(question)


def _date(raw: Mapping[str, Any]) -> DateNears:
    _only(raw, "date", "days", "yearly")
    days, yearly = raw.get("days", 0), raw.get("yearly", False)
    if isinstance(days, bool) or not isinstance(days, int) or abs(days) > MOST_DAYS:
        raise Wrong(
            "days", "out_of_range", f"Write a whole number of days, -{MOST_DAYS} to {MOST_DAYS}."
        )
    if not isinstance(yearly, bool):
        raise Wrong("yearly", "not_a_yes", "Say true or false.")
    return DateNears(_text(raw["date"], "date", LONGEST_PROPERTY), days, yearly)


def _only(raw: Mapping[str, Any], *names: str) -> None:
    surplus = sorted(str(name)[:LONGEST_PROPERTY] for name in raw if name not in names)
    if surplus:
        raise Wrong("", "unknown_part", f"Leave this out: {', '.join(surplus)}.")


def _text(raw: Any, where: str, longest: int) -> str:
    if not isinstance(raw, str) or not raw.strip() or len(raw) > longest or "\0" in raw:
        raise Wrong(where, "not_text", f"Write it as text of at most {longest} letters.")
    return raw.strip()


def written_trigger(trigger: Trigger) -> dict[str, Any]:
    """Write what begins a moment as JSON, such that ``read_trigger`` returns it again."""
    match trigger:
        case EventCame(name, where):
            parts = [{"property": one.property, str(one.operator): one.operand} for one in where]
            return {"event": name, "where": parts} if parts else {"event": name}
        case FactBecame(question):
            return {"becomes": written(question)}
        case DateNears(attribute, days, is_yearly):
            return {"date": attribute, "days": days, "yearly": is_yearly}


def wrong_with_date(code: str, schema: Schema | None) -> Wrong | None:
    """Say why a moment cannot wait for a date; ``schema`` is that of its attribute, if one is in use."""
    if schema is None:
        return Wrong("date", "gone", f"There is no attribute “{code}” in use any more.")
    if schema.type != AttributeType.DATE:
        return Wrong("date", "operator_misfits", f"“{code}” is no date.")
    if schema.sensitivity == Sensitivity.SPECIAL:
        words = f"“{code}” is a special category. It selects nobody, and begins no moment."
        return Wrong("date", "delicate", words)
    return None


# --- what never comes -----------------------------------------------------------------------------


def contradiction(trigger: EventCame) -> str:
    """Say which comparisons of an event exclude each other; "" where some event can have them all.

    >>> low, high = Compared("mb", Operator.AT_MOST, 10), Compared("mb", Operator.AT_LEAST, 20)
    >>> contradiction(EventCame("Low", (low, high)))
    '“mb” cannot be at least 20 and at most 10.'
    """
    for name in dict.fromkeys(one.property for one in trigger.where):
        of_it = [one for one in trigger.where if one.property == name]
        low = _bound(of_it, Operator.AT_LEAST, max)
        high = _bound(of_it, Operator.AT_MOST, min)
        if low is not None and high is not None and low > high:
            return f"“{name}” cannot be at least {low:g} and at most {high:g}."
        said = {_plain(one.operand) for one in of_it if one.operator == Operator.IS}
        if len(said) > 1:
            return f"“{name}” cannot be {' and '.join(sorted(map(str, said)))}."
        if said and not all(agrees(next(iter(said)), one) for one in of_it):
            return f"“{name}” cannot be {next(iter(said))} and the rest of what is asked of it."
    return ""


def _bound(parts: Sequence[Compared], operator: Operator, pick: Any) -> float | None:
    found = [float(one.operand) for one in parts if one.operator == operator]
    return pick(found) if found else None


def _plain(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


# --- whether it came ------------------------------------------------------------------------------


def fits(properties: Mapping[str, Any], where: Iterable[Compared]) -> bool:
    """Tell whether an event has all the properties that are asked of it.

    >>> low = (Compared("remaining_mb", Operator.AT_MOST, 10),)
    >>> fits({"remaining_mb": 8}, low), fits({"remaining_mb": "8"}, low), fits({}, low)
    (True, True, False)
    """
    return all(agrees(properties.get(one.property), one) for one in where)


def agrees(value: Any, asked: Compared) -> bool:
    """Compare one value; numbers may have come as text, and nothing is never so."""
    if value is None or isinstance(value, dict | list):
        return False
    match asked.operator:
        case Operator.KNOWN:
            return bool(value != "")
        case Operator.CONTAINS:
            return str(asked.operand).casefold() in str(value).casefold()
        case Operator.IS if isinstance(asked.operand, bool) or isinstance(value, bool):
            return value is asked.operand or str(value).casefold() == str(asked.operand).casefold()
        case Operator.IS:
            number, wanted = _number(value), _number(asked.operand)
            if number is not None and wanted is not None:
                return number == wanted
            return str(value).strip().casefold() == str(asked.operand).casefold()
    number = _number(value)
    if number is None:
        return False
    bound = float(asked.operand)
    return number >= bound if asked.operator == Operator.AT_LEAST else number <= bound


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if abs(found) < float("inf") else None


def cycle_of(began_on: date, again: Again) -> date:
    """Name the occurrence: two that begin in the same span are one.

    >>> [cycle_of(date(2026, 3, 12), again).isoformat() for again in Again]
    ['2026-03-12', '2026-03-09', '2026-03-01', '2026-01-01', '2000-01-01']
    """
    match again:
        case Again.DAY:
            return began_on
        case Again.WEEK:
            return began_on - timedelta(days=began_on.weekday())
        case Again.MONTH:
            return began_on.replace(day=1)
        case Again.YEAR:
            return began_on.replace(month=1, day=1)
    return _EVER


@dataclass(frozen=True)
class Said:
    """One version of a fact, as far as it matters for since when it is so."""

    id: int
    value: Any
    occurred_at: datetime


def so_since(versions: Sequence[Said], believed_id: int, holds: Any) -> datetime | None:
    """Tell since when a fact is so: the first of an unbroken row of versions up to the believed one.

    ``versions`` are in the order of time. None where the believed one is not among them.
    """
    start: datetime | None = None
    row_began: datetime | None = None
    for one in versions:
        is_so = one.value is not None and holds(one.value)
        row_began = (row_began or one.occurred_at) if is_so else None
        if one.id == believed_id:
            start = row_began or one.occurred_at
    return start


def day_that_nears(
    known: date, trigger: DateNears, lasts_days: int, today: date
) -> tuple[date, date] | None:
    """Return the day that it is about, and the day it opens, if that is open today.

    >>> trial = DateNears("trial_ends_on", -14)
    >>> day_that_nears(date(2026, 3, 24), trial, 14, date(2026, 3, 10))
    (datetime.date(2026, 3, 24), datetime.date(2026, 3, 10))
    >>> day_that_nears(date(2026, 3, 24), trial, 14, date(2026, 3, 9)) is None
    True
    >>> day_that_nears(date(2020, 1, 2), DateNears("since", -3, True), 3, date(2026, 12, 31))
    (datetime.date(2027, 1, 2), datetime.date(2026, 12, 30))
    """
    years = range(today.year - 1, today.year + 3) if trigger.is_yearly else (known.year,)
    for year in years:
        day = in_year(known, year) if trigger.is_yearly else known
        opens = day + timedelta(days=trigger.days)
        if opens <= today <= opens + timedelta(days=lasts_days) and day >= known:
            return day, opens
    return None


# --- in words -------------------------------------------------------------------------------------


def placeholders(text: str) -> Sequence[str]:
    """Name what a sentence takes from the moment.

    >>> placeholders("you have {remaining_mb} MB left")
    ['remaining_mb']
    """
    return [name.strip() for name in _PLACE.findall(text)]


def filled(text: str, facts: Mapping[str, Any]) -> str:
    """Put a sentence's facts in; what is not known leaves nothing.

    >>> filled("you have {remaining_mb} MB left", {"remaining_mb": 8.0})
    'you have 8 MB left'
    """

    def value(match: re.Match[str]) -> str:
        found = facts.get(match[1].strip(), "")
        return f"{found:g}" if isinstance(found, float) else str(found)

    return " ".join(_PLACE.sub(value, text).split())


def carried(trigger: Trigger, because: str) -> Sequence[str]:
    """Name the properties of the event that the moment carries: those compared, and those its sentence names."""
    compared = [one.property for one in trigger.where] if isinstance(trigger, EventCame) else []
    return [
        name for name in dict.fromkeys([*compared, *placeholders(because)]) if name not in RESERVED
    ]


def sample(trigger: Trigger, because: str) -> Mapping[str, Any]:
    """Facts such as an occurrence brings, to try sentences on.

    >>> dict(sample(EventCame("Low", (Compared("mb", Operator.AT_MOST, 10),)), "{plan}"))
    {'mb': 10, 'plan': '…', 'event': 'Low', 'on': '2026-01-05', 'at': '09:00', 'place': ''}
    """
    match trigger:
        case EventCame(name, where):
            compared = {
                one.property: one.operand for one in where if one.operator != Operator.KNOWN
            }
            facts: dict[str, Any] = {
                one: compared.get(one, "…") for one in carried(trigger, because)
            }
            return facts | {"event": name, "on": "2026-01-05", "at": "09:00", "place": ""}
        case FactBecame(question):
            return {"value": question.operand, "on": "2026-01-05"}
    return {"day": "2026-01-05", "on": "2026-01-05"}


def lasts_in_words(lasts: timedelta) -> str:
    """Say a length in its largest whole unit.

    >>> [lasts_in_words(timedelta(minutes=n)) for n in (1, 90, 120, 1440, 14 * 1440)]
    ['1 minute', '90 minutes', '2 hours', '1 day', '14 days']
    """
    minutes = int(lasts.total_seconds() // 60)
    units = ((1440, "day"), (60, "hour"), (1, "minute"))
    size, name = next(unit for unit in units if minutes % unit[0] == 0)
    count = minutes // size
    return f"{count} {name}{'' if count == 1 else 's'}"


def days_in_words(days: int) -> str:
    """Say when a moment begins against its date.

    >>> [days_in_words(days) for days in (-14, -1, 0, 30)]
    ['14 days before', '1 day before', 'on', '30 days after']
    """
    if not days:
        return "on"
    count = abs(days)
    return f"{count} day{'' if count == 1 else 's'} {'before' if days < 0 else 'after'}"
