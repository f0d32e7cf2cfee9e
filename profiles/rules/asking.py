"""Which question about their data a customer is asked next: one at a time, the most valuable first.

Consent is no such question: it is asked where its wording stands, and nobody is asked for it again and again
(EDPB guidelines 5/2020 on consent, 86-90: requests must not disrupt or wear down).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from profiles.rules.cleanness import (
    NAME,
    Condition,
    FindingKind,
    Found,
    Held,
    Topic,
    attribute_subject,
    doubt_of_fact,
    is_no_name,
)
from profiles.rules.names import IdentifierKind

ADDRESS = "address"
# "Not now" puts one question off for so long at every door; whatever was said, nothing at all is asked for the
# shorter time. Ours: a month is about the time between two visits of somebody who comes seldom.
PAUSE = timedelta(days=30)
REST = timedelta(days=7)


class Said(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    LATER = "later"
    NEVER = "never"


class Why(StrEnum):
    """Why a question is asked, the most valuable first: nobody who cannot be reached can be told anything."""

    BOUNCED = "bounced"
    UNREACHABLE = "unreachable"
    IMPOSSIBLE = "impossible"
    NO_NAME = "no_name"
    DOUBTFUL = "doubtful"
    OLD = "old"
    MISSING = "missing"


_ORDER = {why: place for place, why in enumerate(Why)}
_OF_FACT = {
    FindingKind.IMPOSSIBLE: Why.IMPOSSIBLE,
    FindingKind.DOUBTFUL: Why.DOUBTFUL,
    FindingKind.OLD: Why.OLD,
}


@dataclass(frozen=True)
class Answer:
    """What a customer said to one question before."""

    subject: str
    said: Said
    at: datetime


@dataclass(frozen=True)
class Question:
    """One thing to ask: ``subject`` is "address", "name" or that of an attribute (then ``topic``).

    ``bounced`` is the address that does not work, where that is the reason.
    """

    subject: str
    why: Why
    topic: Topic | None = None
    bounced: Held | None = None


def next_question(
    one: Condition,
    topics: Sequence[Topic],
    *,
    said: Collection[Answer],
    fine: Collection[Found],
    today: date,
    now: datetime,
    aloud: bool = False,
) -> Question | None:
    """Return the one question to ask now, or None.

    ``fine`` was looked at by staff and is so. ``aloud``: across a counter, where others hear it; special
    categories are not asked there.
    """
    if any(answer.at > now - REST for answer in said):
        return None
    silent = {a.subject for a in said if a.said == Said.NEVER or a.at > now - PAUSE}
    questions = [
        question
        for question in _questions(one, topics, fine, today)
        if question.subject not in silent
        and not (aloud and question.topic and question.topic.is_special)
    ]
    return min(questions, key=lambda question: _ORDER[question.why], default=None)


def _questions(
    one: Condition, topics: Sequence[Topic], fine: Collection[Found], today: date
) -> list[Question]:
    """Everything that could be asked; of equals, the attributes in their order."""
    found = []
    mails = [held for held in one.held if held.kind == IdentifierKind.EMAIL]
    bounced = next((held for held in mails if held.bounced_at), None)
    if bounced and all(held.bounced_at for held in mails):
        found.append(Question(ADDRESS, Why.BOUNCED, bounced=bounced))
    elif not one.is_reachable:
        found.append(Question(ADDRESS, Why.UNREACHABLE))
    is_fine = any(mark.subject == NAME for mark in fine)
    if not one.name.strip() or (is_no_name(one.name) and not is_fine):
        found.append(Question(NAME, Why.NO_NAME))
    for topic in topics:
        why_fact = _why_of(one, topic, fine, today)
        if why_fact:
            found.append(Question(attribute_subject(topic.id), why_fact, topic=topic))
    return found


def _why_of(one: Condition, topic: Topic, fine: Collection[Found], today: date) -> Why | None:
    """Why to ask for an attribute; what was deleted, or is delicate and was never told, is left alone."""
    fact = one.facts.get(topic.id)
    if fact is None:
        may_ask = topic.is_asked and not topic.is_special and topic.id not in one.declined
        return Why.MISSING if may_ask else None
    kind = doubt_of_fact(fact, topic, today)
    if kind is None:
        return None
    mark = Found(kind, attribute_subject(topic.id), str(fact.version_id))
    return None if mark in fine else _OF_FACT[kind]
