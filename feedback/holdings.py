"""What the feedback app holds of a person."""

from __future__ import annotations

from cxportal.lib.registry import Erasing, Erasure, Holding
from feedback.services.erasing import close_cases

HOLDINGS: tuple[Holding | Erasure, ...] = (
    Holding(
        "feedback.Invitation",
        "Questions we asked",
        shown=("survey__question", "invited_at", "closes_at"),
        erasing=Erasing.BLANK,
        renamed=("public_id",),
    ),
    Holding(
        "feedback.Answer",
        "Your answers",
        shown=("score", "text", "answered_at", "changed_at"),
        personal=("text",),
        erasing=Erasing.BLANK,
        ages_by="changed_at",
        ageing=Erasing.BLANK,
        kept_as="Words of answers",
    ),
    Holding(
        "feedback.AnswerRevision",
        "How your answers changed",
        follows="answer",
        shown=("number", "score", "occurred_at"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "feedback.Case",
        "What you turned to us with",
        one_per=("kind", "source_ref"),
        one_where="t.state = 'open'",
        shown=("kind", "detail", "state", "opened_at", "solved_at", "resolution"),
        personal=("detail", "resolution"),
        erasing=Erasing.BLANK,
        renamed=("source_ref",),
        ages_by="solved_at",
        ageing=Erasing.BLANK,
        kept_as="Words of solved cases",
    ),
    Holding(
        "feedback.CaseEvent",
        "What became of it",
        follows="case",
        shown=("kind", "occurred_at"),
        erasing=Erasing.KEEP,
    ),
    Holding(
        "feedback.CaseNote",
        "Notes of our staff on it",
        customer="event__customer",
        follows="",
        shown=("event__occurred_at", "text"),
        personal=("text",),
        ages_by="event__occurred_at",
        kept_as="Notes on cases",
    ),
    Erasure("feedback.cases", close_cases),
)
