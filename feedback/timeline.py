"""The share of feedback in a customer's timeline: answers and cases."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from cxportal.lib.timeline import NEWEST, WINDOW, Item, Slice, rows
from feedback.models import Case
from feedback.rules import CaseEventKind, shortened

_CASES = f"""
    SELECT x.occurred_at, x.id, x.kind, x.actor, c.id, c.kind, c.resolution, coalesce(n.text, '')
    FROM feedback_caseevent x
    JOIN feedback_case c ON c.id = x.case_id
    LEFT JOIN feedback_casenote n ON n.event_id = x.id
    WHERE {WINDOW} {NEWEST}
"""

_ANSWERS = f"""
    SELECT x.occurred_at, x.id, x.number, x.score, s.question
    FROM feedback_answerrevision x
    JOIN feedback_answer a ON a.id = x.answer_id
    JOIN feedback_invitation i ON i.id = a.invitation_id
    JOIN feedback_survey s ON s.id = i.survey_id
    WHERE {WINDOW} {NEWEST}
"""

_HAPPENED = {
    CaseEventKind.OPENED: "Case opened",
    CaseEventKind.AGAIN: "Said again",
    CaseEventKind.ASSIGNED: "Case given to somebody",
    CaseEventKind.NOTED: "Note on a case",
    CaseEventKind.SOLVED: "Case solved",
}


def cases(part: Slice) -> Sequence[Item]:
    """Load what happened to cases; a link leads to the case."""
    labels = dict(Case._meta.get_field("kind").flatchoices)
    return [
        Item(
            at,
            number,
            _by(actor),
            f"{_HAPPENED.get(CaseEventKind(kind), 'Case')}: {labels[about].lower()}",
            shortened(resolution if kind == CaseEventKind.SOLVED else note),
            reverse("feedback:case-detail", args=[case]),
        )
        for at, number, kind, actor, case, about, resolution, note in rows(_CASES, part)
    ]


def _by(actor: str) -> str:
    return {"customer": "Customer", "staff": "Staff"}.get(actor.partition(":")[0], "The house")


def answers(part: Slice) -> Sequence[Item]:
    """Load what was answered to questions, without the words: those stand in the case or the answer."""
    return [
        Item(at, number, "Question", _answered(version, score), question)
        for at, number, version, score, question in rows(_ANSWERS, part)
    ]


def _answered(version: int, score: int | None) -> str:
    said = "without a score" if score is None else f"{score} of 10"
    return f"Answered: {said}" if version == 1 else f"Changed the answer: {said}"
