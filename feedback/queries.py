"""Open questions and open cases, as pages and the apps above need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from cxportal.lib.links import LinkPurpose, link
from cxportal.lib.registry import Ids
from feedback.models import Answer, AnswerRevision, Case, CaseEvent, Invitation
from feedback.rules import CaseEventKind


@dataclass(frozen=True)
class OpenCase:
    """An open case as a counter or a customer's page shows it."""

    id: int
    kind: str
    label: str
    priority: str
    opened_at: datetime
    due_at: datetime
    owner_id: int | None


@dataclass(frozen=True)
class OpenQuestion:
    """A question that waits for an answer, and the signed address to answer it at."""

    question: str
    url: str
    closes_at: datetime


@dataclass(frozen=True)
class HistoryLine:
    """One thing that happened in a case."""

    occurred_at: datetime
    who: str
    title: str
    text: str


@dataclass(frozen=True)
class CasePage:
    """A case with everything in view before a word is said."""

    case: Case
    answer: Answer | None
    history: Sequence[HistoryLine]
    other_cases: Sequence[Case]
    other_answers: Sequence[Answer]


def open_case_flags(customer_ids: Ids, now: datetime) -> Mapping[int, bool]:
    """Load the fact ``open_case``; customers without one are left out.

    Asks what is so, not what was so at ``now``: a plan that began a minute ago must not sell to who
    has complained since.
    """
    found = Case.objects.of(customer_ids).open().values_list("customer_id", flat=True)
    return dict.fromkeys(found, True)


def open_cases(customer_ids: Ids) -> Mapping[int, Sequence[OpenCase]]:
    """Return the open cases of these customers, the most urgent first, in one query."""
    found: dict[int, list[OpenCase]] = {}
    for case in Case.objects.of(customer_ids).open().by_urgency():
        line = OpenCase(
            id=case.pk,
            kind=case.kind,
            label=case.get_kind_display(),
            priority=case.priority,
            opened_at=case.opened_at,
            due_at=case.due_at,
            owner_id=case.owner_id,
        )
        found.setdefault(case.customer_id, []).append(line)
    return found


def open_questions(customer_ids: Ids, now: datetime) -> Mapping[int, OpenQuestion]:
    """Return what each of these customers can still answer, the newest question of each."""
    waiting = (
        Invitation.objects.waiting(now)
        .filter(customer_id__in=customer_ids)
        .select_related("survey")
        .order_by("invited_at", "pk")
    )
    return {
        asked.customer_id: OpenQuestion(asked.survey.question, survey_url(asked), asked.closes_at)
        for asked in waiting
    }


def survey_url(invitation: Invitation) -> str:
    """Return the signed address at which a question is answered."""
    return link(LinkPurpose.SURVEY, "feedback:answer", str(invitation.public_id))


def case_page(case_id: int) -> CasePage:
    """Bring a case together with its history and with what else there is of the customer.

    Raises:
        Case.DoesNotExist: there is no such case.
    """
    cases = Case.objects.select_related("customer", "owner", "invitation__purchase__place")
    case = cases.get(pk=case_id)
    answers = list(
        Answer.objects.filter(customer_id=case.customer_id).order_by("-changed_at", "-pk")[:20]
    )
    about = next((one for one in answers if one.invitation_id == case.invitation_id), None)
    others = Case.objects.of([case.customer_id]).exclude(pk=case.pk).order_by("-opened_at", "-pk")
    return CasePage(
        case=case,
        answer=about,
        history=_history(case, about),
        other_cases=others[:20],
        other_answers=[one for one in answers if one is not about],
    )


def _history(case: Case, about: Answer | None) -> Sequence[HistoryLine]:
    """Tell what happened, the newest first: events of the case, versions of the answer."""
    events = list(case.events.select_related("note").order_by("pk"))
    revisions = (
        list(AnswerRevision.objects.filter(answer=about).order_by("number")) if about else []
    )
    names = _staff_names(events)
    # Of two things at one instant, the answer came before the case that it opened.
    lines = [_revision_line(revision) for revision in revisions]
    lines += [_event_line(case, event, names) for event in events]
    return sorted(lines, key=lambda line: line.occurred_at)[::-1]


def _staff_names(events: Sequence[CaseEvent]) -> Mapping[str, str]:
    """Name the staff who acted or were given the case, by "staff:<id>"."""
    actors = {event.actor for event in events}
    actors |= {f"staff:{event.facts['owner']}" for event in events if "owner" in event.facts}
    ids = [int(actor.removeprefix("staff:")) for actor in actors if actor.startswith("staff:")]
    staff = User.objects.filter(pk__in=ids)
    return {f"staff:{user.pk}": user.get_full_name() or user.get_username() for user in staff}


TITLES = {
    CaseEventKind.OPENED: "Opened",
    CaseEventKind.AGAIN: "Said again",
    CaseEventKind.NOTED: "Note",
    CaseEventKind.SOLVED: "Solved",
}


def _event_line(case: Case, event: CaseEvent, names: Mapping[str, str]) -> HistoryLine:
    note = getattr(event, "note", None)
    title = TITLES.get(CaseEventKind(event.kind), "")
    if event.kind == CaseEventKind.ASSIGNED:
        title = f"Given to {names.get('staff:' + str(event.facts['owner']), 'somebody')}"
    text = case.resolution if event.kind == CaseEventKind.SOLVED else note.text if note else ""
    who = "Customer" if event.actor == "customer" else names.get(event.actor, "The house")
    return HistoryLine(event.occurred_at, who, title, text)


def _revision_line(revision: AnswerRevision) -> HistoryLine:
    said = "no score" if revision.score is None else f"{revision.score} of 10"
    verb = "Answered" if revision.number == 1 else "Changed the answer to"
    words = "With words." if revision.has_text else ""
    return HistoryLine(revision.occurred_at, "Customer", f"{verb} {said}", words)
