"""The overview: four questions, with figures, their intervals and the way to their rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

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
from campaigns.rules.codes import DeliveryState
from campaigns.rules.results import Comparison, Effect, Share
from campaigns.rules.telling import DELIVERY, refusal_in_words
from cxportal.lib.admin import list_url
from cxportal.lib.display import Axis, axis, percent
from cxportal.lib.http import StaffRequest
from cxportal.pages.access import Role, role_required
from cxportal.pages.felt_table import felt_rows
from cxportal.pages.needs import Line, decisions_where, needs, rows_since

EFFECT = {
    Effect.HELPED: ("It helped", "good"),
    Effect.HARMED: ("It did harm", "warn"),
    Effect.CANNOT_TELL: ("Cannot tell yet", ""),
}


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
        "needs": needs(request, found, span),
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


# --- Did we catch the moments? --------------------------------------------------------------------


def _caught(found: Moments, span: Span) -> list[Stat]:
    late = [f"{count} {_state(code)}" for code, count in found.misses.most_common()]
    return [
        Stat(
            "Caught",
            f"{found.fates[Fate.CAUGHT]:,}",
            note=f"of {found.total:,} moments; {found.fates[Fate.UNDER_WAY]:,} on their way",
            href=rows_since(span, verdict="speak"),
        ),
        Stat(
            "Silent, with a reason",
            f"{found.fates[Fate.SILENT]:,}",
            note="each with its reason on record",
            href=rows_since(span, verdict="silent"),
        ),
        Stat(
            "Missed",
            f"{found.fates[Fate.MISSED]:,}",
            note=", ".join(late) or "none",
            href=rows_since(span, "campaigns.delivery", state__in="missed,failed,uncertain"),
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
            href=rows_since(span, reason=code),
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
    rows = rows_since(span, "campaigns.delivery", state__exact="sent")
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
    rows = decisions_where(reason="control_group")
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
            href=rows_since(span, "campaigns.delivery", state__exact="sent"),
        ),
        _per_thousand(
            "“Not relevant” or “less”, per 1,000",
            unwanted,
            rows_since(span, "campaigns.outcome", kind__in="not_relevant,less_of_this"),
        ),
        _per_thousand(
            "“Stop”, per 1,000",
            stopped,
            rows_since(span, "campaigns.outcome", kind__exact="stop"),
        ),
        _per_thousand(
            "“Too personal”, per 1,000",
            Share(cost.too_personal, cost.messages),
            rows_since(span, "campaigns.outcome", kind__exact="too_personal"),
        ),
        Stat(
            "Silence kept",
            percent(found.silence.rate),
            note=f"{found.silence.hit:,} of {found.silence.n:,} moments",
            href=rows_since(span, verdict="silent"),
        ),
    ]


def _per_thousand(label: str, share: Share, href: str) -> Stat:
    if share.n == 0:
        return Stat(label, "–", note="no messages yet", href=href)
    low, high = (1000 * end for end in share.interval)
    note = f"{share.hit:,} of {share.n:,} messages; between {low:.0f} and {high:.0f}"
    return Stat(label, f"{1000 * share.rate:.1f}", note=note, href=href)
