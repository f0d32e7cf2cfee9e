"""Moments of managers' own as their pages show them: each in sentences, and whether it can still come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from profiles.models import MomentDefinition, MomentVersion
from profiles.queries.conditions import vocabulary_of
from profiles.queries.own_moments import newest_versions
from profiles.rules.condition_words import (
    Use,
    Vocabulary,
    question_in_words,
    sentence,
    wrong_with,
)
from profiles.rules.conditions import Asked, Condition, FactIs, Operator, questions, read
from profiles.rules.own_moments import (
    AGAIN,
    CHANCE,
    Again,
    Chance,
    Compared,
    DateNears,
    EventCame,
    FactBecame,
    Trigger,
    days_in_words,
    lasts_in_words,
    read_trigger,
    wrong_with_date,
)

# The newest touchpoints tell which events come at all: a small read, whatever the size of the timeline.
RECENT, NAMED = 20_000, 60
_NAMES = f"""
    SELECT name FROM (SELECT name, kind FROM profiles_touchpoint ORDER BY id DESC LIMIT {RECENT}) t
    WHERE kind = 'track' AND name <> '' GROUP BY name ORDER BY count(*) DESC, name LIMIT {NAMED}
"""


@dataclass(frozen=True)
class MomentRow:
    """One version of a moment in words; ``broken`` says what it asks for and cannot any more."""

    version: MomentVersion
    begins: str
    audience: str
    lasts: str
    again: str
    chance: str
    broken: str
    who: str

    @property
    def state(self) -> tuple[str, str]:
        """Its state and the colour of its mark."""
        if self.broken:
            return "Broken", "warn"
        return ("On", "good") if self.version.is_on else ("Off", "")


def moment_rows() -> Sequence[MomentRow]:
    """All moments of managers' own by name, each as it stands now, in a fixed number of queries."""
    rows = rows_of(newest_versions())
    return sorted(rows, key=lambda row: (row.version.name.casefold(), row.version.definition_id))


def history(definition: MomentDefinition) -> Sequence[MomentRow]:
    """Every version of a moment, the newest first."""
    versions = definition.versions.select_related("definition", "written_by").order_by("-number")
    return rows_of(list(versions))


def rows_of(versions: Sequence[MomentVersion]) -> Sequence[MomentRow]:
    """Put versions into words, in a fixed number of queries."""
    triggers = [read_trigger(version.trigger) for version in versions]
    audiences = [None if one.audience is None else read(one.audience) for one in versions]
    asked = [one for each in audiences if each is not None for one, _ in questions(each)]
    vocabulary = vocabulary_of([*asked, *(q for one in triggers for q in _asked_by(one))])
    return [
        _row(version, trigger, audience, vocabulary)
        for version, trigger, audience in zip(versions, triggers, audiences, strict=True)
    ]


def event_names() -> Sequence[str]:
    """The names of events that came lately, the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES)
        return [name for (name,) in cursor.fetchall()]


def _asked_by(trigger: Trigger) -> Sequence[Asked]:
    if isinstance(trigger, FactBecame):
        return [trigger.question]
    if isinstance(trigger, DateNears):
        return [FactIs(trigger.attribute, Operator.KNOWN, True)]
    return []


def _row(
    version: MomentVersion, trigger: Trigger, audience: Condition | None, vocabulary: Vocabulary
) -> MomentRow:
    by = version.written_by
    return MomentRow(
        version=version,
        begins=begins_in_words(trigger, vocabulary),
        audience=sentence(audience, vocabulary) if audience else "",
        lasts=lasts_in_words(timedelta(minutes=version.lasts_minutes)),
        again=AGAIN[Again(version.again)],
        chance=CHANCE[Chance(version.chance)],
        broken=_broken(trigger, audience, vocabulary),
        who=(by.get_full_name() or by.get_username()) if by else "first start",
    )


def begins_in_words(trigger: Trigger, vocabulary: Vocabulary) -> str:
    """Say what begins a moment."""
    match trigger:
        case EventCame(name, where):
            compared = ", and ".join(_compared(one) for one in where)
            return f"“{name}” comes in{', and ' if compared else ''}{compared}"
        case FactBecame(question):
            return f"it becomes so that {question_in_words(question, vocabulary)}"
        case DateNears(attribute, days, is_yearly):
            term = vocabulary.attributes.get(attribute)
            name = f"“{term.name}”" if term else f"“{attribute}” (no longer in use)"
            return f"{days_in_words(days)} {name}{', each year' if is_yearly else ''}"


_COMPARED = {
    Operator.IS: "is",
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.CONTAINS: "contains",
}


def _compared(one: Compared) -> str:
    if one.operator == Operator.KNOWN:
        return f"{one.property} is there"
    return f"{one.property} {_COMPARED[one.operator]} {one.operand}"


def _broken(trigger: Trigger, audience: Condition | None, vocabulary: Vocabulary) -> str:
    found = [] if audience is None else [
        wrong_with(one, vocabulary, Use.CHOOSE, turned=turned) for one, turned in questions(audience)
    ]  # fmt: skip
    if isinstance(trigger, FactBecame):
        found.append(wrong_with(trigger.question, vocabulary, Use.CHOOSE))
    if isinstance(trigger, DateNears):
        term = vocabulary.attributes.get(trigger.attribute)
        found.append(wrong_with_date(trigger.attribute, term.schema if term else None))
    return " ".join(dict.fromkeys(problem.words for problem in found if problem))
