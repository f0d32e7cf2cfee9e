"""What feedback does when a person is erased."""

from __future__ import annotations

from datetime import datetime

from cxportal.lib.registry import Ids
from feedback.models import Case, CaseEvent
from feedback.rules import CaseEventKind, CaseState

ACTOR = "erasure"


def close_cases(customer_ids: Ids, now: datetime) -> None:
    """End what is open: there is nobody left to get back to. The history says why."""
    cases = list(Case.objects.of(customer_ids).open().for_change())
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(
        state=CaseState.SOLVED, solved_at=now, solved_by=ACTOR
    )
    CaseEvent.objects.bulk_create(
        CaseEvent(
            case=case,
            customer_id=case.customer_id,
            kind=CaseEventKind.SOLVED,
            actor=ACTOR,
            occurred_at=now,
        )
        for case in cases
    )
