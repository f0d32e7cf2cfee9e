"""Which question about their data stands open for a customer at a door."""

from __future__ import annotations

from datetime import datetime

from profiles.models import AskedQuestion
from profiles.queries.cleanness import State
from profiles.queries.company import company_day
from profiles.rules.asking import Answer, Question, Said, next_question


def question_of(state: State, now: datetime, *, aloud: bool = False) -> Question | None:
    """Return the one question to ask this customer now, in one query; ``aloud``: across a counter."""
    rows = AskedQuestion.objects.filter(customer_id=state.condition.customer_id)
    newest = rows.order_by("subject", "-said_at", "-pk").distinct("subject")
    said = [Answer(row.subject, Said(row.said), row.said_at) for row in newest]
    return next_question(
        state.condition,
        state.topics,
        said=said,
        fine=state.fine,
        today=company_day(now),
        now=now,
        aloud=aloud,
    )
