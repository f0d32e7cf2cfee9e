"""What needs a person today: what machines cannot settle, nearest deadline first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.urls import reverse
from django.utils.formats import date_format

from campaigns.models import Rehearsal
from campaigns.queries.offer_pages import offer_rows, rule_rows
from campaigns.queries.overview import Moments, Span
from campaigns.rules.codes import DeliveryState, RunState
from cxportal.lib.admin import list_url
from cxportal.lib.http import StaffRequest
from feedback.models import Case
from feedback.queries import case_rows
from profiles.models import ImportJob
from profiles.queries import import_schedules
from profiles.queries.guard_pages import guard_rows
from profiles.queries.own_moment_pages import moment_rows
from profiles.rules.names import JobState

SHOWN_CASES = 5
# A rehearsal that failed is a try on the past: nothing of today waits for it.
TRIED_SINCE = timedelta(days=1)
Given = TypeVar("Given", bound=Model)


@dataclass(frozen=True)
class Line:
    """One line of a list that leads somewhere."""

    title: str
    href: str
    sub: str = ""
    side: str = ""
    chip: str = ""
    icon: str = ""


def rows_since(span: Span, model: str = "campaigns.decision", **filters: Any) -> str:
    """Where the rows of a span stand, of decisions in their log and of others in their table."""
    if model == "campaigns.decision":
        return decisions_where(since=span.since().date().isoformat(), **filters)
    first = span.since().isoformat()
    field = {"campaigns.outcome": "occurred_at"}.get(model)
    return list_url(model, **filters, **{f"{field or 'due_at'}__gte": first})


def decisions_where(**filters: Any) -> str:
    """Where decisions stand in their log."""
    return f"{reverse('decisions')}?{urlencode(filters)}"


def needs(request: StaffRequest, found: Moments, span: Span) -> list[Line]:
    """List what machines cannot settle; names only for those who may see the record."""
    cases = _cases(span) if request.user.has_perm("feedback.view_case") else []
    guards = _broken_guards() if request.user.has_perm("profiles.view_guard") else []
    may_see = request.user.has_perm("profiles.view_momentdefinition")
    broken = guards + (_broken_moments() if may_see else [])
    broken += _broken_rules() if request.user.has_perm("campaigns.view_rule") else []
    broken += _broken_offers(span) if request.user.has_perm("campaigns.view_offer") else []
    return [*cases, *_uncertain(found, span), *_failed(span), *_scheduled(), *broken]


def _cases(span: Span) -> list[Line]:
    waiting = (
        Case.objects.open().by_urgency().select_related("customer", "owner", "invitation__answer")
    )
    lines = [
        Line(
            title=row.title,
            href=reverse("feedback:case-detail", args=[row.id]),
            sub=row.sub,
            chip="Overdue" if row.is_overdue else "",
            side="" if row.is_overdue else f"due {_when(row.due_at, span)}",
            icon="cases",
        )
        for row in case_rows(waiting[:SHOWN_CASES], span.now)
    ]
    if len(lines) < SHOWN_CASES:
        return lines
    rest = Case.objects.open().count() - SHOWN_CASES
    more = Line(f"{rest:,} more open cases", reverse("feedback:case-list"), icon="cases")
    return [*lines, more] if rest else lines


def _when(at: datetime, span: Span) -> str:
    local = at.astimezone(span.zone)
    return date_format(local, "H:i" if local.date() == span.today else "D j M")


def _uncertain(found: Moments, span: Span) -> list[Line]:
    count = found.misses[DeliveryState.UNCERTAIN]
    line = Line(
        title=f"{count:,} messages may or may not have arrived",
        sub="They were in flight when a process died. They are not sent again by themselves.",
        href=rows_since(span, "campaigns.delivery", state__exact="uncertain"),
        icon="warning",
    )
    return [line] if count else []


def _failed(span: Span) -> list[Line]:
    """Files that failed and were not given again since; a rehearsal is only a try, and soon forgotten."""
    imports = _not_given_again(ImportJob.objects.all(), "source", "file_name").filter(
        state=JobState.FAILED, created_at__gte=span.since()
    )
    rehearsals = _not_given_again(Rehearsal.objects.all(), "file_name").filter(
        state=RunState.FAILED, created_at__gte=span.now - TRIED_SINCE
    )
    return [
        *(
            Line(
                title=f"The import of {job.file_name} failed",
                sub=job.error,
                href=reverse("profiles:import-detail", args=[job.pk]),
                icon="imports",
            )
            for job in imports.order_by("-pk")[:SHOWN_CASES]
        ),
        *(
            Line(
                title=f"The rehearsal on {one.file_name} failed",
                sub=one.error,
                href=reverse("campaigns:rehearsal-detail", args=[one.pk]),
                icon="rehearsal",
            )
            for one in rehearsals.order_by("-pk")[:SHOWN_CASES]
        ),
    ]


def _scheduled() -> list[Line]:
    """Schedules of imports that fail, and files that came by themselves and wait for their columns."""
    there = reverse("profiles:import-list")
    return [
        *(
            Line(f"“{one.name}” brings no files", there, sub=one.reason, icon="imports")
            for one in import_schedules.failing(limit=SHOWN_CASES)
        ),
        *(
            Line(f"Which column is what in {job.file_name}?", there, sub=job.error, icon="imports")
            for job in import_schedules.parked(limit=SHOWN_CASES)
        ),
    ]


def _broken_guards() -> list[Line]:
    """Guards that are on and ask for what is gone: their answer is unknown until somebody changes them."""
    broken = [row for row in guard_rows() if row.broken and row.version.is_on]
    return [
        Line(
            title=f"The guard on {row.subject} cannot ask any more",
            sub=row.broken,
            href=reverse("profiles:guard-detail", args=[row.version.guard_id]),
            icon="pause",
        )
        for row in broken[:SHOWN_CASES]
    ]


def _broken_moments() -> list[Line]:
    """Moments of one's own that are on and ask for what is gone: they come for nobody."""
    broken = [row for row in moment_rows() if row.broken and row.version.is_on]
    return [
        Line(
            title=f"The moment “{row.version.name}” cannot come any more",
            sub=row.broken,
            href=reverse("campaigns:moment-detail", args=[row.version.definition_id]),
            icon="moments",
        )
        for row in broken[:SHOWN_CASES]
    ]


def _broken_rules() -> list[Line]:
    """Rules that are on and ask for what is gone: nothing fits anybody by them."""
    broken = [row for row in rule_rows() if row.broken and row.version.is_on]
    return [
        Line(
            title=f"The rule “{row.version.name}” cannot ask any more",
            sub=row.broken,
            href=reverse("campaigns:rule-detail", args=[row.version.rule_id]),
            icon="check",
        )
        for row in broken[:SHOWN_CASES]
    ]


def _broken_offers(span: Span) -> list[Line]:
    """Offers that are on and not over, and ask for what is gone: they are made to nobody."""
    broken = [
        row for row in offer_rows(span.now) if row.broken and row.version.is_on and not row.is_over
    ]
    return [
        Line(
            title=f"The offer “{row.version.name}” cannot be made any more",
            sub=row.broken,
            href=reverse("campaigns:offer-detail", args=[row.version.offer_id]),
            icon="gift",
        )
        for row in broken[:SHOWN_CASES]
    ]


def _not_given_again(given: QuerySet[Given], *same: str) -> QuerySet[Given]:
    """Leave out what was followed by another that is the same in these fields, however that one ended."""
    later = given.filter(pk__gt=OuterRef("pk"), **{name: OuterRef(name) for name in same})
    return given.filter(~Exists(later))
