"""The overview: four questions, with figures, their intervals and the way to their rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from campaigns.models import Rehearsal
from campaigns.queries.moments import moment_of
from campaigns.queries.overview import (
    NOBODY_MET,
    SHOWN_DAYS,
    SPANS,
    Burden,
    Fate,
    Kind,
    Moments,
    Reminders,
    Span,
    burden,
    moments,
    reminders,
    span_until,
)
from campaigns.rules.codes import DeliveryState, RunState
from campaigns.rules.results import Comparison, Effect, Share
from campaigns.rules.telling import DELIVERY, refusal_in_words
from cxportal.lib.admin import list_url
from cxportal.lib.display import Axis, axis, percent
from cxportal.lib.http import StaffRequest
from cxportal.pages.access import Role, role_required
from cxportal.pages.felt_table import felt_rows
from feedback.models import Case
from feedback.queries import case_rows
from profiles.models import ImportJob
from profiles.queries import import_schedules
from profiles.queries.guard_pages import guard_rows
from profiles.queries.own_moment_pages import moment_rows
from profiles.rules.names import JobState

EFFECT = {
    Effect.HELPED: ("It helped", "good"),
    Effect.HARMED: ("It did harm", "warn"),
    Effect.CANNOT_TELL: ("Cannot tell yet", ""),
}
SHOWN_CASES = 5
# A rehearsal that failed is a try on the past: nothing of today waits for it.
TRIED_SINCE = timedelta(days=1)
Given = TypeVar("Given", bound=Model)


@dataclass(frozen=True)
class Stat:
    """One figure: what it is, how sure, and where its rows are."""

    label: str
    value: str
    note: str = ""
    unit: str = ""
    href: str = ""
    interval: Axis | None = None
    verdict: str = ""
    verdict_kind: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a list that leads somewhere."""

    title: str
    href: str
    sub: str = ""
    side: str = ""
    chip: str = ""
    icon: str = ""


@dataclass(frozen=True)
class KindRow:
    """What became of the moments of one kind, and the reason that was most often in the way."""

    label: str
    href: str
    total: str
    caught: str
    under_way: str
    silent: str
    why_silent: str
    missed: str
    why_missed: str


@require_GET
@role_required(Role.MANAGER, Role.ANALYST)
def overview(request: StaffRequest) -> HttpResponse:
    """Answer the four questions for the mornings of the span that was chosen."""
    span = span_until(timezone.now(), _chosen_days(request.GET.get("days", "")))
    found, judged, cost = moments(span), reminders(span), burden(span)
    context = {
        "span": span,
        "days": span.days,
        "spans": _spans(span),
        "kinds": _kinds(found, span),
        "caught": _caught(found, span),
        "silences": _silences(found, span),
        "chart": _chart(found, span),
        "chart_summary": _chart_summary(found),
        "helped": _helped(judged, span),
        "burden": _burden(cost, found, span),
        "felt": felt_rows(span),
        "needs": _needs(request, found, span),
    }
    return render(request, "cxportal/overview.html", context)


def _chosen_days(text: str) -> int:
    """Read a span; the usual one for anything that is not offered."""
    return next((days for days in SPANS if str(days) == text), SHOWN_DAYS)


def _spans(span: Span) -> list[dict[str, Any]]:
    """Offer the spans as tabs."""
    here = reverse("overview")
    return [
        {"label": f"{days} days", "url": f"{here}?days={days}", "is_current": days == span.days}
        for days in SPANS
    ]


def _rows_since(span: Span, model: str = "campaigns.decision", **filters: Any) -> str:
    if model == "campaigns.decision":
        return _decisions(since=span.since().date().isoformat(), **filters)
    first = span.since().isoformat()
    field = {"campaigns.outcome": "occurred_at"}.get(model)
    return list_url(model, **filters, **{f"{field or 'due_at'}__gte": first})


def _decisions(**filters: Any) -> str:
    return f"{reverse('decisions')}?{urlencode(filters)}"


# --- Did we catch the moments? --------------------------------------------------------------------


def _caught(found: Moments, span: Span) -> list[Stat]:
    late = [f"{count} {_state(code)}" for code, count in found.misses.most_common()]
    return [
        Stat(
            "Caught",
            f"{found.fates[Fate.CAUGHT]:,}",
            note=f"of {found.total:,} moments; {found.fates[Fate.UNDER_WAY]:,} on their way",
            href=_rows_since(span, verdict="speak"),
        ),
        Stat(
            "Silent, with a reason",
            f"{found.fates[Fate.SILENT]:,}",
            note="each with its reason on record",
            href=_rows_since(span, verdict="silent"),
        ),
        Stat(
            "Missed",
            f"{found.fates[Fate.MISSED]:,}",
            note=", ".join(late) or "none",
            href=_rows_since(span, "campaigns.delivery", state__in="missed,failed,uncertain"),
        ),
    ]


def _state(code: str) -> str:
    if code == NOBODY_MET:
        return "not met at any door"
    return DELIVERY[DeliveryState(code)].split(":")[0] if code in set(DeliveryState) else "too late"


def _miss(code: str) -> str:
    return "the moment had passed" if code == DeliveryState.MISSED else _state(code)


def _kinds(found: Moments, span: Span) -> list[KindRow]:
    """Say for each kind of moment what became of it, the most frequent kind first."""
    kinds = sorted(found.by_kind.items(), key=lambda item: (-item[1].total, item[0]))
    return [_kind_row(key, kind, span) for key, kind in kinds]


def _kind_row(key: str, kind: Kind, span: Span) -> KindRow:
    known = moment_of(key)
    silences, misses = kind.reasons.most_common(1), kind.misses.most_common(1)
    first = span.since().isoformat()
    return KindRow(
        label=known.label if known else _sentence(key.replace("_", " ")),
        href=list_url("campaigns.moment", kind__exact=key, seen_at__gte=first),
        total=f"{kind.total:,}",
        caught=f"{kind.fates[Fate.CAUGHT]:,}",
        under_way=f"{kind.fates[Fate.UNDER_WAY]:,}",
        silent=f"{kind.fates[Fate.SILENT]:,}",
        why_silent=refusal_in_words(silences[0][0]) if silences else "",
        missed=f"{kind.fates[Fate.MISSED]:,}",
        why_missed=_miss(misses[0][0]) if misses else "",
    )


def _silences(found: Moments, span: Span) -> list[Line]:
    """Say why we were silent, the most frequent reason first."""
    return [
        Line(
            title=_sentence(refusal_in_words(code)),
            href=_rows_since(span, reason=code),
            side=f"{count:,}",
        )
        for code, count in found.reasons.most_common()
    ]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _chart(found: Moments, span: Span) -> dict[str, Any]:
    """Lay the moments out over the mornings of the span, for the picture."""
    first = span.since().date()
    days = [first + timedelta(days=ahead) for ahead in range(span.days)]
    series = ((Fate.CAUGHT, "Caught", "accent"), (Fate.SILENT, "Silent", "soft"))
    return {
        "type": "bar",
        "stacked": True,
        "labels": [date_format(day, "j M") for day in days],
        "series": [
            {"label": label, "role": role, "values": [found.by_day[day, fate] for day in days]}
            for fate, label, role in series
        ],
    }


def _chart_summary(found: Moments) -> str:
    mornings: Counter[Any] = Counter()
    for (day, fate), count in found.by_day.items():
        if fate == Fate.CAUGHT:
            mornings[day] += count
    if not mornings:
        return "No moment was caught in this time."
    day, most = mornings.most_common(1)[0]
    return (
        f"Moments of each morning. The most were caught on {date_format(day, 'l j F')}: {most:,}."
    )


# --- Did it help? ---------------------------------------------------------------------------------


def _helped(judged: Reminders, span: Span) -> list[Stat]:
    return [_hit_stat(judged.sent, span), _effect_stat(judged.against_control)]


def _hit_stat(sent: Share, span: Span) -> Stat:
    rows = _rows_since(span, "campaigns.delivery", state__exact="sent")
    if sent.n == 0:
        return Stat("Reminders in their window", "–", note="none is old enough yet", href=rows)
    low, high = sent.interval
    return Stat(
        "Reminders in their window",
        percent(sent.rate),
        note=f"{sent.hit:,} of {sent.n:,}; between {percent(low)} and {percent(high)}",
        interval=axis(low, sent.rate, high, start=0, end=1),
        href=rows,
    )


def _effect_stat(groups: Comparison) -> Stat:
    label = "More than in the control group"
    rows = _decisions(reason="control_group")
    treated, control = groups.treated, groups.control
    if treated.n == 0 or control.n == 0:
        note = f"{treated.n:,} customers reminded, {control.n:,} in the control group"
        return Stat(label, "–", note=note, href=rows, verdict=EFFECT[Effect.CANNOT_TELL][0])
    low, high = groups.interval
    verdict, kind = EFFECT[groups.effect]
    return Stat(
        label,
        _points(groups.difference),
        unit="in 100",
        note=f"between {_points(low)} and {_points(high)}: {percent(treated.rate)} of "
        f"{treated.n:,} reminded, {percent(control.rate)} of {control.n:,} not",
        interval=axis(low, groups.difference, high, start=min(-0.25, low), end=max(0.5, high)),
        verdict=verdict,
        verdict_kind=kind,
        href=rows,
    )


def _points(difference: float) -> str:
    """Write a difference of shares in hundredths, with its sign.

    >>> _points(0.123), _points(-0.04), _points(0.0)
    ('+12', '−4', '0')
    """
    rounded = round(100 * difference)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded)}"


# --- Are we a burden? -----------------------------------------------------------------------------


def _burden(cost: Burden, found: Moments, span: Span) -> list[Stat]:
    unwanted, stopped = Share(cost.unwanted, cost.messages), Share(cost.stopped, cost.messages)
    return [
        Stat(
            "Messages per customer and week",
            f"{cost.per_customer_week:.2f}",
            note=f"{cost.messages:,} messages to {cost.customers:,} customers",
            href=_rows_since(span, "campaigns.delivery", state__exact="sent"),
        ),
        _per_thousand(
            "“Not relevant” or “less”, per 1,000",
            unwanted,
            _rows_since(span, "campaigns.outcome", kind__in="not_relevant,less_of_this"),
        ),
        _per_thousand(
            "“Stop”, per 1,000",
            stopped,
            _rows_since(span, "campaigns.outcome", kind__exact="stop"),
        ),
        _per_thousand(
            "“Too personal”, per 1,000",
            Share(cost.too_personal, cost.messages),
            _rows_since(span, "campaigns.outcome", kind__exact="too_personal"),
        ),
        Stat(
            "Silence kept",
            percent(found.silence.rate),
            note=f"{found.silence.hit:,} of {found.silence.n:,} moments",
            href=_rows_since(span, verdict="silent"),
        ),
    ]


def _per_thousand(label: str, share: Share, href: str) -> Stat:
    if share.n == 0:
        return Stat(label, "–", note="no messages yet", href=href)
    low, high = (1000 * end for end in share.interval)
    note = f"{share.hit:,} of {share.n:,} messages; between {low:.0f} and {high:.0f}"
    return Stat(label, f"{1000 * share.rate:.1f}", note=note, href=href)


# --- What needs a person today? -------------------------------------------------------------------


def _needs(request: StaffRequest, found: Moments, span: Span) -> list[Line]:
    """List what machines cannot settle; names only for those who may see the record."""
    cases = _cases(span) if request.user.has_perm("feedback.view_case") else []
    guards = _broken_guards() if request.user.has_perm("profiles.view_guard") else []
    may_see = request.user.has_perm("profiles.view_momentdefinition")
    broken = guards + (_broken_moments() if may_see else [])
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
        href=_rows_since(span, "campaigns.delivery", state__exact="uncertain"),
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


def _not_given_again(given: QuerySet[Given], *same: str) -> QuerySet[Given]:
    """Leave out what was followed by another that is the same in these fields, however that one ended."""
    later = given.filter(pk__gt=OuterRef("pk"), **{name: OuterRef(name) for name in same})
    return given.filter(~Exists(later))
