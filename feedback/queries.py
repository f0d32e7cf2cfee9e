"""Open questions and open cases, as pages and the apps above need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from cxportal.lib.links import LinkGone, LinkPurpose, link, subject_of
from cxportal.lib.registry import Ids
from feedback.models import Answer, AnswerRevision, Case, CaseEvent, Invitation
from feedback.rules import CaseEventKind, CaseKind, shortened
from profiles.queries.company import company_zone


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
class AnswerPage:
    """A question as the customer's page shows it; ``case``: what is being looked after about it."""

    asked: Invitation
    answer: Answer | None
    case: Case | None
    is_closed: bool
    zone: ZoneInfo


@dataclass(frozen=True)
class CaseRow:
    """A case in the list of cases."""

    id: int
    name: str
    title: str
    sub: str
    due_at: datetime
    solved_at: datetime | None
    is_overdue: bool


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
    name: str
    is_overdue: bool
    zone: ZoneInfo
    answer: Answer | None
    solved_by: str
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


def invitation_of(token: str) -> Invitation:
    """Find the question that a signed link is about.

    Raises:
        LinkInvalid: forged or damaged.
        LinkExpired: ours, but too old.
        LinkGone: ours, and whom it was for was erased.
    """
    public_id = subject_of(LinkPurpose.SURVEY, token)
    asked: Invitation | None = (
        Invitation.objects.select_related("survey", "answer", "customer", "purchase__place")
        .filter(public_id=public_id)
        .first()
    )
    if asked is None:
        raise LinkGone("There is no such question any more.")
    return asked


def answer_page(asked: Invitation, now: datetime) -> AnswerPage:
    """Return what the customer's page shows of a question."""
    about_it = Case.objects.of([asked.customer_id]).open().filter(invitation=asked)
    return AnswerPage(
        asked=asked,
        answer=getattr(asked, "answer", None),
        case=about_it.by_urgency().first(),
        is_closed=now >= asked.closes_at,
        zone=company_zone(),
    )


def case_rows(cases: Iterable[Case], now: datetime) -> Sequence[CaseRow]:
    """Say in one line each what the cases are about."""
    cases = list(cases)
    scores = _scores_when_opened(cases)
    names = _staff_names({case.solved_by for case in cases})
    return [_row(case, now, scores.get(case.pk), names) for case in cases]


def _row(case: Case, now: datetime, score: int | None, names: Mapping[str, str]) -> CaseRow:
    name = customer_name(case)
    has_it = _who_has_it(case, names)
    return CaseRow(
        id=case.pk,
        name=name,
        title=f"{name} {_about(case, score)}",
        sub=f"“{shortened(case.detail)}” {has_it}" if case.detail else has_it,
        due_at=case.due_at,
        solved_at=case.solved_at,
        is_overdue=case.solved_at is None and case.due_at <= now,
    )


def customer_name(case: Case) -> str:
    """Return what staff call the customer."""
    return case.customer.name or f"Customer {case.customer_id}"


def _who_has_it(case: Case, names: Mapping[str, str]) -> str:
    if case.solved_at:
        return f"Solved by {_actor_name(case.solved_by, names)}."
    owner = case.owner.get_full_name() or case.owner.get_username() if case.owner else ""
    return f"{owner} has it." if owner else "Nobody has it yet."


def _scores_when_opened(cases: Sequence[Case]) -> Mapping[int, int]:
    """Return, by case, the score that stood when it was opened: its words are of that answer."""
    about = {case.invitation_id for case in cases if case.invitation_id}
    versions = AnswerRevision.objects.filter(answer__invitation__in=about).order_by("number")
    given: dict[int | None, list[tuple[datetime, int | None]]] = {}
    for asked, at, score in versions.values_list("answer__invitation", "occurred_at", "score"):
        given.setdefault(asked, []).append((at, score))
    found = {}
    for case in cases:
        before = [score for at, score in given.get(case.invitation_id, []) if at <= case.opened_at]
        if before and before[-1] is not None:
            found[case.pk] = before[-1]
    return found


def _about(case: Case, score: int | None) -> str:
    if case.kind == CaseKind.PERSON:
        return "asks for a person"
    if case.kind == CaseKind.COMPLAINT:
        return "has a complaint"
    if score is None:
        return "gave a low score"
    answer = getattr(case.invitation, "answer", None)
    now = answer.score if answer else None
    return f"gave a {score}" if now in (score, None) else f"gave a {score}, and later a {now}"


def case_page(case_id: int, now: datetime) -> CasePage:
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
    events = list(case.events.select_related("note").order_by("pk"))
    names = _staff_names({case.solved_by, *_named_in(events)})
    others = Case.objects.of([case.customer_id]).exclude(pk=case.pk).order_by("-opened_at", "-pk")
    return CasePage(
        case=case,
        name=customer_name(case),
        is_overdue=case.solved_at is None and case.due_at <= now,
        zone=company_zone(),
        answer=about,
        solved_by=_actor_name(case.solved_by, names) if case.solved_at else "",
        history=_history(case, events, about, names),
        other_cases=list(others[:20]),
        other_answers=[one for one in answers if one is not about],
    )


def _history(
    case: Case, events: Sequence[CaseEvent], about: Answer | None, names: Mapping[str, str]
) -> Sequence[HistoryLine]:
    """Tell what happened, the newest first: events of the case, versions of the answer."""
    revisions = (
        list(AnswerRevision.objects.filter(answer=about).order_by("number")) if about else []
    )
    # Of two things at one instant, the answer came before the case that it opened.
    lines = [_revision_line(revision) for revision in revisions]
    lines += [_event_line(case, event, names) for event in events]
    return sorted(lines, key=lambda line: line.occurred_at)[::-1]


def _named_in(events: Sequence[CaseEvent]) -> set[str]:
    """Say who acted, or was given the case."""
    owners = {f"staff:{event.facts['owner']}" for event in events if "owner" in event.facts}
    return {event.actor for event in events} | owners


def _staff_names(actors: Iterable[str]) -> Mapping[str, str]:
    """Name the staff among these actors ("staff:<id>"); whoever else acted is left out."""
    given = (actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:"))
    ids = [int(number) for number in given if number.isdecimal() and len(number) <= 9]
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


def _actor_name(actor: str, names: Mapping[str, str]) -> str:
    return "the customer" if actor == "customer" else names.get(actor, "the house")


def _revision_line(revision: AnswerRevision) -> HistoryLine:
    said = "no score" if revision.score is None else f"{revision.score} of 10"
    verb = "Answered" if revision.number == 1 else "Changed the answer to"
    words = "With words." if revision.has_text else ""
    return HistoryLine(revision.occurred_at, "Customer", f"{verb} {said}", words)
