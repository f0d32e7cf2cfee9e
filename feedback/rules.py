"""Whom to ask, what an answer means, and until when a case must be solved."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# Nobody is asked again within a quarter: response falls and annoyance grows with every survey.
ASK_AGAIN_AFTER = timedelta(days=90)
# Not while the customer is still at the counter, and only while the purchase is remembered.
ASK_FROM = timedelta(hours=1)
ASK_UNTIL = timedelta(days=3)
# How long an answer can be given and changed.
OPEN_FOR = timedelta(days=14)
SCORES = range(11)
# The third contact within a week about what is not solved is one too many (S34).
CONTACTS_TOO_MANY, CONTACTS_WITHIN = 3, timedelta(days=7)
# For so long after a case was solved a low score may still be about it.
STILL_UNHAPPY_FOR = timedelta(days=14)
# Somebody has to speak to them whatever else there is to say: nearly certain to help, and worth three
# reminders. Ours, not measured; the control group is asked as everywhere.
CARE_LIKELIHOOD, CARE_VALUE = 0.9, 3.0
DUE_TIME = time(17)


class SurveyKind(StrEnum):
    """How a question is answered; NPS: 0 to 10, how likely one is to recommend."""

    NPS = "nps"


class CaseKind(StrEnum):
    """What opened a case."""

    LOW_SCORE = "low_score"
    PERSON = "person"
    COMPLAINT = "complaint"


class CaseState(StrEnum):
    OPEN = "open"
    SOLVED = "solved"


class CasePriority(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


class CaseEventKind(StrEnum):
    """What happened to a case."""

    OPENED = "opened"
    AGAIN = "again"
    ASSIGNED = "assigned"
    NOTED = "noted"
    SOLVED = "solved"


def is_low(score: int | None, low_score_at_most: int) -> bool:
    """Tell whether an answer calls for somebody to look after the customer.

    >>> is_low(3, 6), is_low(7, 6), is_low(None, 6)
    (True, False, False)
    """
    return score is not None and score <= low_score_at_most


def priority_for(kind: CaseKind) -> CasePriority:
    """Rate a new case: who asked for a person or complained is waiting for an answer."""
    return CasePriority.NORMAL if kind == CaseKind.LOW_SCORE else CasePriority.HIGH


def shortened(text: str, at_most: int = 90) -> str:
    """Cut words to fit one line.

    >>> shortened("The queue was long", at_most=12)
    'The queue…'
    """
    line = " ".join(text.split())
    return line if len(line) <= at_most else line[: at_most - 1].rsplit(" ", 1)[0] + "…"


def due_at(opened_at: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the next working day (Monday to Friday, 17:00 in ``zone``).

    >>> friday = datetime(2026, 3, 13, 8, 30, tzinfo=UTC)
    >>> due_at(friday, ZoneInfo("Europe/Vienna")).isoformat()
    '2026-03-16T16:00:00+00:00'
    """
    day = opened_at.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, DUE_TIME, zone).astimezone(UTC)
