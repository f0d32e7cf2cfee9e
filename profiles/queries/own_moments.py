"""Detects the moments that managers wrote: all definitions together, in a fixed number of queries.

Events are read over the customers' own timeline, facts as they are believed. Where an event tells of a place,
consent to location is asked again here, so that a no between the event and the decision wins.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from cxportal.lib.registry import Days, Found, Ids, Longs, Moment, Occurrences
from profiles.models import ConsentEntry, MomentVersion
from profiles.queries.company import company_day, company_zone
from profiles.queries.conditions import answers, holds, sure
from profiles.queries.facts import Believed, believed
from profiles.rules.condition_words import Use
from profiles.rules.conditions import Condition, Truth, read
from profiles.rules.names import Channel, Purpose
from profiles.rules.own_moments import (
    LIKELIHOOD,
    Again,
    Chance,
    DateNears,
    EventCame,
    FactBecame,
    Said,
    Trigger,
    carried,
    cycle_of,
    day_that_nears,
    filled,
    fits,
    read_trigger,
    sample,
    so_since,
)
from profiles.rules.reordering import day_words
from profiles.rules.whereabouts import is_about_a_place

LONGEST_CARRIED = 200

# By the timeline's own index: of each customer only the last of these days is read.
_EVENTS = """
    SELECT t.customer_id, lower(t.name), t.name, t.place_id, coalesce(p.name, ''), coalesce(p.time_zone, ''),
           t.data, t.occurred_at
    FROM profiles_touchpoint t LEFT JOIN profiles_place p ON p.id = t.place_id
    WHERE t.customer_id = ANY(%(ids)s) AND t.occurred_at > %(since)s AND t.occurred_at <= %(now)s
      AND lower(t.name) = ANY(%(names)s)
    ORDER BY t.customer_id, t.occurred_at DESC, t.id DESC
"""
# By the index on time: once a morning, what came since.
_CAME = """
    SELECT DISTINCT customer_id FROM profiles_touchpoint
    WHERE occurred_at > %(since)s AND occurred_at <= %(now)s AND lower(name) = ANY(%(names)s) ORDER BY 1
"""
_NOTED = """
    SELECT DISTINCT f.customer_id FROM profiles_factvalue f JOIN profiles_attribute a ON a.id = f.attribute_id
    WHERE a.code = %(code)s AND a.is_active AND f.occurred_at > %(since)s AND f.occurred_at <= %(now)s ORDER BY 1
"""
_DATED = """
    SELECT DISTINCT f.customer_id FROM profiles_factvalue f JOIN profiles_attribute a ON a.id = f.attribute_id
    WHERE a.code = %(code)s AND a.is_active AND a.type = 'date'
      AND (f.value #>> '{}' BETWEEN %(first)s AND %(last)s OR right(f.value #>> '{}', 5) = ANY(%(days)s))
    ORDER BY 1
"""
_VERSIONS = """
    SELECT f.customer_id, a.code, f.id, f.value, f.occurred_at
    FROM profiles_factvalue f JOIN profiles_attribute a ON a.id = f.attribute_id
    WHERE f.customer_id = ANY(%(ids)s) AND a.code = ANY(%(codes)s) AND f.taken_back_at IS NULL
      AND f.occurred_at <= %(now)s
    ORDER BY f.customer_id, a.code, f.occurred_at, f.id
"""


@dataclass(frozen=True)
class Definition:
    """A moment of managers' own as it stands: its newest version, read."""

    key: str
    name: str
    trigger: Trigger
    audience: Condition | None
    because: str
    lasts: timedelta
    again: Again
    likelihood: float
    is_urgent: bool
    sells: bool
    is_on: bool

    @property
    def carried(self) -> Sequence[str]:
        return carried(self.trigger, self.because)

    @property
    def lasts_days(self) -> int:
        """Whole days, for what goes by the calendar."""
        return max(0, -(-int(self.lasts.total_seconds()) // 86_400) - 1)


def definition_of(version: MomentVersion) -> Definition:
    """Read a version."""
    return Definition(
        key=version.definition.key,
        name=version.name,
        trigger=read_trigger(version.trigger),
        audience=None if version.audience is None else read(version.audience),
        because=version.because,
        lasts=timedelta(minutes=version.lasts_minutes),
        again=Again(version.again),
        likelihood=LIKELIHOOD[Chance(version.chance)],
        is_urgent=version.is_urgent,
        sells=version.sells,
        is_on=version.is_on,
    )


def newest_versions() -> Sequence[MomentVersion]:
    """Each definition as it stands, in one query."""
    versions = MomentVersion.objects.select_related("definition", "written_by")
    return list(versions.order_by("definition_id", "-number").distinct("definition_id"))


def own_moments() -> Sequence[Moment]:
    """Every moment of managers' own; one that is switched off is known by name, and never found."""
    definitions = [definition_of(version) for version in newest_versions()]
    sight = Sight([one for one in definitions if one.is_on])
    return [_moment(one, sight) for one in definitions]


def awaited_events(*, urgent_only: bool = False) -> Mapping[str, timedelta]:
    """The names of events that moments which are on wait for, in small letters, and how long each matters."""
    wanted = MomentVersion.objects.filter(trigger__has_key="event")
    if not wanted.exists():
        return {}
    found: dict[str, timedelta] = {}
    for version in newest_versions():
        trigger = read_trigger(version.trigger)
        is_asked = version.is_on and (version.is_urgent or not urgent_only)
        if is_asked and isinstance(trigger, EventCame):
            name, lasts = trigger.name.lower(), timedelta(minutes=version.lasts_minutes)
            found[name] = max(lasts, found.get(name, lasts))
    return found


def _moment(definition: Definition, sight: Sight) -> Moment:
    return Moment(
        key=definition.key,
        label=definition.name,
        detect=lambda ids, now: sight.found(definition, ids, now),
        awaited=lambda now: awaited(definition, now) if definition.is_on else (),
        ended=lambda *asked: sight.ended(definition, *asked),
        explain=lambda facts, reader: explain(definition, facts, reader),
        sells=definition.sells,
        keeps_its_day=isinstance(definition.trigger, DateNears),
        is_urgent=definition.is_urgent,
        comes_by_event=isinstance(definition.trigger, EventCame),
        sample=sample(definition.trigger, definition.because),
    )


# --- detecting ------------------------------------------------------------------------------------


@dataclass
class Sight:
    """What some definitions find, together; the last answers are kept while the same customers are asked about.

    Made anew with each reading of the definitions, so that nothing outlives the decision it was made for.
    """

    definitions: Sequence[Definition]
    _asked: tuple[tuple[int, ...], datetime] | None = None
    _seen: dict[type, Mapping[str, Sequence[Found]]] = field(default_factory=dict)
    _fitting: Mapping[Condition, set[int]] | None = None

    def found(self, definition: Definition, ids: Ids, now: datetime) -> Occurrences:
        """Find where a moment is open for customers whom it is for."""
        rows = self.seen(definition, ids, now) if definition in self.definitions else []
        if definition.audience is not None and rows:
            fitting = self._audiences(ids, now)[definition.audience]
            rows = [row for row in rows if row.customer_id in fitting]
        return Occurrences.of(rows, likelihood=definition.likelihood)

    def seen(self, definition: Definition, ids: Ids, now: datetime) -> Sequence[Found]:
        """Find where it began, for whomever it is."""
        if self._asked != (asked := (tuple(ids), now)):
            self._asked, self._seen, self._fitting = asked, {}, None
        kind = type(definition.trigger)
        if kind not in self._seen:
            of_kind = [one for one in self.definitions if isinstance(one.trigger, kind)]
            self._seen[kind] = _SEE[kind](of_kind, ids, now)
        return self._seen[kind][definition.key]

    def _audiences(self, ids: Ids, now: datetime) -> Mapping[Condition, set[int]]:
        if self._fitting is None:
            asked = [one.audience for one in self.definitions if one.audience is not None]
            found = answers(asked, ids, now, use=Use.CHOOSE)
            places = np.array(list(found.places), dtype=np.int64)
            self._fitting = {one: set(places[found.of(one) == Truth.YES].tolist()) for one in asked}
        return self._fitting

    def ended(
        self, definition: Definition, customers: Longs, subjects: Longs, cycles: Days, now: datetime
    ) -> NDArray[np.str_]:
        """Say which occurrences are over: what began is too late, what is for them no more is not so any more."""
        ids = customers.tolist()
        found = self.found(definition, ids, now)
        still = set(zip(found.customer_id.tolist(), found.cycle.tolist(), strict=True))
        began = {(one.customer_id, one.cycle) for one in self._began(definition, ids, now)}
        by_event = isinstance(definition.trigger, EventCame)
        gone = "too_late" if by_event and definition.is_on else "not_so_any_more"
        asked = zip(ids, cycles.astype("datetime64[D]").tolist(), strict=True)
        return np.array(
            ["" if one in still else "not_so_any_more" if one in began else gone for one in asked],
            dtype=np.str_,
        )

    def _began(self, definition: Definition, ids: Ids, now: datetime) -> Sequence[Found]:
        return self.seen(definition, ids, now) if definition in self.definitions else []


Seen = Mapping[str, Sequence[Found]]


def _events(definitions: Sequence[Definition], ids: Ids, now: datetime) -> Seen:
    """Of each customer and definition the newest event that fits, while it matters."""
    triggers = {one.key: one.trigger for one in definitions if isinstance(one.trigger, EventCame)}
    scope = {
        "ids": list(ids),
        "since": now - max(one.lasts for one in definitions),
        "now": now,
        "names": sorted({trigger.name.lower() for trigger in triggers.values()}),
    }
    rows = _located([_Event(*row) for row in _read(_EVENTS, scope)], now)
    house = company_zone()
    found: dict[str, list[Found]] = {one.key: [] for one in definitions}
    for _, of_one in groupby(rows, key=lambda row: row.customer_id):
        events = list(of_one)
        for one in definitions:
            trigger = triggers[one.key]
            came = (event for event in events if event.fits(trigger) and event.at > now - one.lasts)
            if event := next(came, None):
                found[one.key].append(_by_event(one, event, house))
    return found


def events_of(
    trigger: EventCame, ids: Ids, over: timedelta, now: datetime
) -> Mapping[int, tuple[int, int]]:
    """Count by customer the events of this name, and those among them that fit."""
    scope = {"ids": list(ids), "since": now - over, "now": now, "names": [trigger.name.lower()]}
    rows = _located([_Event(*row) for row in _read(_EVENTS, scope)], now)
    counts: dict[int, tuple[int, int]] = {}
    for event in rows:
        came, fitting = counts.get(event.customer_id, (0, 0))
        counts[event.customer_id] = came + 1, fitting + event.fits(trigger)
    return counts


@dataclass(frozen=True, slots=True)
class _Event:
    customer_id: int
    lower_name: str
    name: str
    place_id: int | None
    place: str
    zone: str
    raw: str
    at: datetime

    @property
    def data(self) -> Mapping[str, Any]:
        read = json.loads(self.raw)
        return read if isinstance(read, dict) else {}

    def fits(self, trigger: EventCame) -> bool:
        return self.lower_name == trigger.name.lower() and fits(self.data, trigger.where)


def _located(events: Sequence[_Event], now: datetime) -> Sequence[_Event]:
    """Leave out what tells where somebody was who does not agree to that by now."""
    told = {one.customer_id for one in events if one.place_id or is_about_a_place(one.name)}
    if not told:
        return events
    agreeing = ConsentEntry.objects.granting(sorted(told), Purpose.LOCATION, Channel.NONE, now)
    return [
        one
        for one in events
        if one.customer_id in agreeing or not (one.place_id or is_about_a_place(one.name))
    ]


def _by_event(definition: Definition, event: _Event, house: ZoneInfo) -> Found:
    began = event.at.astimezone(house)
    until = (event.at + definition.lasts).astimezone(house).date()
    facts = {name: _scalar(event.data.get(name)) for name in definition.carried}
    local = event.at.astimezone(ZoneInfo(event.zone)) if event.zone else began
    facts |= {
        "event": event.name,
        "on": f"{local:%Y-%m-%d}",
        "at": f"{local:%H:%M}",
        "place": event.place,
    }
    cycle = cycle_of(began.date(), definition.again)
    # A customer's own day may lie behind the house's, and what has come has begun.
    opens = began.date() - timedelta(days=1)
    return Found(event.customer_id, 0, cycle, until, facts, opens=opens)


def _scalar(value: Any) -> str | int | float | bool:
    """A property as a fact of the decision: short text or a number; nothing nested."""
    if isinstance(value, bool | int | float):
        return value
    return value[:LONGEST_CARRIED] if isinstance(value, str) else ""


def _became(definitions: Sequence[Definition], ids: Ids, now: datetime) -> Seen:
    """Of each customer and definition since when the fact is so, while that matters."""
    questions = {
        one.key: one.trigger.question for one in definitions if isinstance(one.trigger, FactBecame)
    }
    codes = sorted({question.attribute for question in questions.values()})
    asked = answers(questions.values(), ids, now, use=Use.CHOOSE)
    known = _believed(ids, codes, now)
    house = company_zone()
    so: dict[str, list[Believed]] = {}
    for key, question in questions.items():
        truths = asked.truths[question]
        so[key] = [
            one
            for one in known
            if one.code == question.attribute and truths[asked.places[one.customer_id]] == Truth.YES
        ]
    versions = _versions({one.customer_id for rows in so.values() for one in rows}, codes, now)
    found: dict[str, list[Found]] = {one.key: [] for one in definitions}
    for definition in definitions:
        question = questions[definition.key]
        for one in so[definition.key]:
            said = versions.get((one.customer_id, one.code), [])
            since = so_since(
                said, one.version_id, lambda value, asked=question: holds(value, asked)
            )
            if since and since > now - definition.lasts:
                found[definition.key].append(_by_fact(definition, one, since, house))
    return found


def _by_fact(definition: Definition, known: Believed, since: datetime, house: ZoneInfo) -> Found:
    began = since.astimezone(house).date()
    until = (since + definition.lasts).astimezone(house).date()
    facts = {"value": _scalar(known.value), "on": began.isoformat()}
    return Found(known.customer_id, 0, cycle_of(began, definition.again), until, facts, opens=began)


def _dates(definitions: Sequence[Definition], ids: Ids, now: datetime) -> Seen:
    """Of each customer and definition the date that nears, or has just passed."""
    triggers = {one.key: one.trigger for one in definitions if isinstance(one.trigger, DateNears)}
    codes = sorted({trigger.attribute for trigger in triggers.values()})
    today = company_day(now)
    known = _believed(ids, codes, now)
    found: dict[str, list[Found]] = {one.key: [] for one in definitions}
    for definition in definitions:
        trigger = triggers[definition.key]
        for one in (row for row in known if row.code == trigger.attribute):
            day = _as_day(one.value)
            near = day and day_that_nears(day, trigger, definition.lasts_days, today)
            if near:
                facts = {"day": near[0].isoformat(), "on": near[1].isoformat()}
                until = near[1] + timedelta(days=definition.lasts_days)
                found[definition.key].append(
                    Found(one.customer_id, 0, near[0], until, facts, opens=near[1])
                )
    return found


_SEE: Mapping[type, Callable[[Sequence[Definition], Ids, datetime], Seen]] = {
    EventCame: _events,
    FactBecame: _became,
    DateNears: _dates,
}


def _believed(ids: Ids, codes: Sequence[str], now: datetime) -> Sequence[Believed]:
    return sorted(sure(believed(ids, codes, now)), key=lambda one: one.customer_id)


def _versions(
    ids: Collection[int], codes: Sequence[str], now: datetime
) -> Mapping[tuple[int, str], list[Said]]:
    found: dict[tuple[int, str], list[Said]] = {}
    for customer, code, key, value, at in _read(
        _VERSIONS, {"ids": sorted(ids), "codes": codes, "now": now}
    ):
        found.setdefault((customer, code), []).append(
            Said(key, None if value is None else json.loads(value), at)
        )
    return found


def _as_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _read(query: str, scope: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, scope)
        rows: list[Any] = cursor.fetchall()
    return rows


# --- whom the morning's plan should look at -------------------------------------------------------


def awaited(definition: Definition, now: datetime) -> Iterable[int]:
    """Yield who may be in such a moment by now, ascending, each once."""
    trigger = definition.trigger
    since = {"since": now - definition.lasts, "now": now}
    if isinstance(trigger, EventCame):
        rows = _read(_CAME, since | {"names": [trigger.name.lower()]})
    elif isinstance(trigger, FactBecame):
        rows = _read(_NOTED, since | {"code": trigger.question.attribute})
    else:
        rows = _read(_DATED, {"code": trigger.attribute} | _span(definition, trigger, now))
    return (row[0] for row in rows)


def _span(definition: Definition, trigger: DateNears, now: datetime) -> dict[str, Any]:
    last = company_day(now) - timedelta(days=trigger.days)
    first = last - timedelta(days=definition.lasts_days)
    if not trigger.is_yearly:
        return {"first": first.isoformat(), "last": last.isoformat(), "days": []}
    days = {f"{last - timedelta(days=back):%m-%d}" for back in range(definition.lasts_days + 1)}
    return {
        "first": "9",
        "last": "0",
        "days": sorted(days | ({"02-29"} if "02-28" in days else set())),
    }


# --- in words -------------------------------------------------------------------------------------


def explain(definition: Definition, facts: Mapping[str, Any], reader: str) -> str:
    """Say why: to customers in the words of whoever wrote it, to everybody else by what happened."""
    if reader == "customer":
        return filled(definition.because, {"name": definition.name} | _said_days(facts))
    began = _day_words(facts.get("on"))
    if "event" in facts:
        named = [
            f"{name} {facts[name]}" for name in definition.carried if facts.get(name, "") != ""
        ]
        rest = f" ({', '.join(named)})" if named else ""
        where = f" at {facts['place']}" if facts.get("place") else ""
        return f"“{facts['event']}” came{where} on {began} at {facts.get('at', '')}{rest}"
    if "day" in facts:
        return f"“{definition.name}”: the day is {_day_words(facts['day'])}"
    return f"“{definition.name}”: {facts.get('value', '')} since {began}"


def _said_days(facts: Mapping[str, Any]) -> dict[str, Any]:
    return dict(facts) | {name: _day_words(facts[name]) for name in ("day", "on") if name in facts}


def _day_words(value: Any) -> str:
    day = _as_day(value)
    return day_words(day) if day else ""
