"""Opening cases and bringing them to an end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from cxportal.lib.errors import DomainError, violated_constraint
from feedback.models import Case, CaseEvent, CaseNote, Invitation
from feedback.rules import CaseEventKind, CaseKind, CaseState, due_at, priority_for
from profiles.models import Customer
from profiles.queries.company import company_zone


class CaseSolved(DomainError):
    """The case was solved before, so that it can no longer be changed."""

    code = "case_solved"


class WordsMissing(DomainError):
    """A note or a resolution without words helps nobody."""

    code = "words_missing"


def open_case(
    *,
    customer: Customer,
    kind: CaseKind,
    source_ref: str,
    detail: str,
    opened_by: str,
    now: datetime,
    invitation: Invitation | None = None,
) -> Case:
    """Open a case, or return the one that is open about the same ``source_ref``.

    New words on an open case are added to its history.
    """
    case = Case(
        customer=customer.present,
        origin_profile_id=invitation.origin_profile_id if invitation else None,
        kind=kind,
        source_ref=source_ref,
        invitation=invitation,
        detail=detail.strip(),
        priority=priority_for(kind),
        opened_at=now,
        opened_by=opened_by,
        due_at=due_at(now, company_zone()),
    )
    with transaction.atomic():
        while not _is_new(case):
            if known := _with_words_of(case, now):
                return known
            # Solved between the two statements: what is said now deserves a case of its own.
        _record(case, CaseEventKind.OPENED, by=opened_by, now=now)
        case.refresh_from_db()
    return case


def _is_new(case: Case) -> bool:
    """Store the case, unless one about the same is open."""
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError as error:
        if violated_constraint(error) != "feedback_case_one_open":
            raise
        return False
    return True


def _with_words_of(again: Case, now: datetime) -> Case | None:
    """Bring what was said again to the case that is open; None when it is no longer."""
    about = Case.objects.open().filter(
        customer_id=again.customer_id, kind=again.kind, source_ref=again.source_ref
    )
    case: Case | None = about.for_change().first()
    if case is None:
        return None
    told = {case.detail, *CaseNote.objects.filter(event__case=case).values_list("text", flat=True)}
    if again.detail and again.detail not in told:
        _record(case, CaseEventKind.AGAIN, by=again.opened_by, now=now, words=again.detail)
    return case


def assign(*, case: Case, owner: User, by: str, now: datetime) -> Case:
    """Give the case to somebody; giving it to its owner changes nothing.

    Raises:
        CaseSolved: there is nothing left to do.
    """
    with transaction.atomic():
        case = _still_open(case)
        if case.owner_id != owner.pk:
            facts = {"owner": owner.pk, "before": case.owner_id}
            case.owner = owner
            case.save(update_fields=["owner"])
            _record(case, CaseEventKind.ASSIGNED, by=by, now=now, facts=facts)
    return case


def add_note(*, case: Case, text: str, by: str, now: datetime) -> CaseEvent:
    """Write something into the history of a case, open or solved.

    Raises:
        WordsMissing: the note is empty.
    """
    words = _words(text)
    with transaction.atomic():
        return _record(case, CaseEventKind.NOTED, by=by, now=now, words=words)


def solve(*, case: Case, resolution: str, by: str, now: datetime) -> Case:
    """End a case; the same resolution again returns the case as it is.

    Raises:
        CaseSolved: it was solved before, with another resolution.
        WordsMissing: the resolution is empty.
    """
    words = _words(resolution)
    with transaction.atomic():
        locked: Case = Case.objects.for_change().get(pk=case.pk)
        if locked.state == CaseState.SOLVED and locked.resolution == words:
            return locked
        _refuse_solved(locked)
        locked.state, locked.resolution = CaseState.SOLVED, words
        locked.solved_at, locked.solved_by = now, by
        locked.save(update_fields=["state", "resolution", "solved_at", "solved_by"])
        _record(locked, CaseEventKind.SOLVED, by=by, now=now)
    return locked


def _still_open(case: Case) -> Case:
    locked: Case = Case.objects.for_change().get(pk=case.pk)
    _refuse_solved(locked)
    return locked


def _refuse_solved(case: Case) -> None:
    if case.state == CaseState.SOLVED:
        raise CaseSolved(
            "This case was solved before. Nothing was changed; add a note, or open a new case.",
            data={"case": case.pk},
        )


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise WordsMissing("Write a few words, so that the next person knows what happened.")
    return words


def _record(
    case: Case,
    kind: CaseEventKind,
    *,
    by: str,
    now: datetime,
    words: str = "",
    facts: Mapping[str, Any] | None = None,
) -> CaseEvent:
    event = CaseEvent.objects.create(
        case=case,
        customer_id=case.customer_id,
        kind=kind,
        actor=by,
        facts=dict(facts or {}),
        occurred_at=now,
    )
    if words:
        CaseNote.objects.create(event=event, text=words)
    return event
