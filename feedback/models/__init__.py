"""What was asked and answered, and the cases that somebody must look after."""

from feedback.models.cases import Case, CaseEvent, CaseNote
from feedback.models.surveys import Answer, AnswerRevision, Invitation, Survey

__all__ = [
    "Answer",
    "AnswerRevision",
    "Case",
    "CaseEvent",
    "CaseNote",
    "Invitation",
    "Survey",
]
