"""The log of decisions, the whole record of each, and what would be said now: why, and why nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from campaigns.models import Campaign, Decision
from campaigns.queries.decision_log import Asked, Entry, Record, decision_of, log, record
from campaigns.queries.moments import known_moments
from campaigns.rules.codes import Arm, DeliveryState, Door, OutcomeKind, Refusal, Verdict
from campaigns.rules.telling import (
    ARM,
    DELIVERY,
    ENDED,
    OUTCOME,
    REFUSAL,
    VERDICT,
    reasons_in_words,
    refusal_in_words,
)
from cxportal.lib.http import StaffRequest, note_shown
from cxportal.pages.access import role_required, roles_with
from profiles.queries.company import company_kept, company_zone
from profiles.queries.guard_words import said
from profiles.rules.happenings import door_in_words
from profiles.rules.purposes import purpose_in_words

ROLES = roles_with("campaigns.view_decision")
# What counts inside, and says nothing to people.
_UNTOLD_FACTS = {"parameters", "action", "doubt", "held", "offer"}


class LogForm(forms.Form):
    """What narrows the log; days are those of the house, both included."""

    customer = forms.IntegerField(
        label="Customer", required=False, min_value=1, help_text="Number of a customer"
    )
    moment = forms.ChoiceField(label="Moment", required=False)
    campaign = forms.ChoiceField(label="Campaign", required=False)
    verdict = forms.ChoiceField(
        label="Decided",
        required=False,
        choices=[("", "anything"), *((str(one), words) for one, words in VERDICT.items())],
    )
    reason = forms.ChoiceField(
        label="First reason",
        required=False,
        choices=[("", "any"), *((str(one), REFUSAL[one]) for one in Refusal), *ENDED.items()],
    )
    door = forms.ChoiceField(
        label="Door",
        required=False,
        choices=[("", "any"), *((str(door), door_in_words(door)) for door in Door)],
    )
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    number = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(moment.key, moment.label) for moment in known_moments().values()]
        campaigns = Campaign.objects.order_by("name", "pk").values_list("code", "name")
        for name, choices in (
            ("moment", sorted(kinds, key=lambda one: one[1])),
            ("campaign", campaigns),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "any"), *choices]


@dataclass(frozen=True)
class Line:
    """One decision as the list shows it."""

    when: str
    at: datetime
    who: str
    who_url: str
    about: str
    sentence: str
    verdict: str
    is_spoken: bool
    reasons: str
    campaign: str
    door: str
    url: str


@require_GET
@role_required(*ROLES)
@never_cache
def decision_list(request: StaffRequest) -> HttpResponse:
    """List decisions, newest first."""
    form = LogForm(request.GET or None)
    given: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    before = _before(request)
    found = log(_asked(given), before)
    note_shown(request, found=len(found.entries))
    with company_kept():
        lines = [_line(entry, request) for entry in found.entries]
    context = {
        "form": form if form.is_bound else LogForm(),
        "lines": lines,
        "is_narrowed": any(given.values()),
        "older_url": _older(request, found.next) if found.next else "",
        "newest_url": _address(request) if before else "",
        "zone": company_zone(),
        "may_try": request.user.has_perm("profiles.view_customer"),
    }
    status = 422 if form.errors else 200
    return render(request, "cxportal/decision_list.html", context, status=status)


def _asked(given: Mapping[str, Any]) -> Asked:
    since, until = given.get("since"), given.get("until")
    return Asked(
        customer_id=given.get("customer"),
        moment=given.get("moment", ""),
        moment_id=given.get("number"),
        campaign=given.get("campaign", ""),
        verdict=given.get("verdict", ""),
        reason=given.get("reason", ""),
        door=given.get("door", ""),
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until and until < date.max else None,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=company_zone())


def _before(request: HttpRequest) -> tuple[datetime, int] | None:
    """Where a page of older decisions begins; an address that says nothing of use begins at the newest."""
    moment, _, key = request.GET.get("before", "").partition("_")
    if not (key.isdecimal() and len(key) <= 18):
        return None
    try:
        parsed = parse_datetime(moment)
    except ValueError:
        return None
    return (parsed, int(key)) if parsed and parsed.tzinfo else None


def _older(request: HttpRequest, where: tuple[datetime, int]) -> str:
    return _address(request, before=f"{where[0].isoformat()}_{where[1]}")


def _address(request: HttpRequest, **more: str) -> str:
    return f"?{urlencode({k: v for k, v in request.GET.items() if k != 'before' and v} | more)}"


def _line(entry: Entry, request: StaffRequest) -> Line:
    decision = entry.decision
    return Line(
        when=_when(decision.decided_at),
        at=decision.decided_at,
        who=_who(decision, request),
        who_url=_address(request, customer=str(decision.customer.present.pk)),
        about=f"{entry.kind}: {entry.about}" if entry.about else entry.kind,
        sentence=_sentence(entry.sentence),
        verdict=_sentence(VERDICT[Verdict(decision.verdict)]),
        is_spoken=decision.verdict == Verdict.SPEAK,
        reasons=_sentence(reasons_in_words(decision.reasons)),
        campaign=decision.campaign.name,
        door=door_in_words(decision.door),
        url=reverse("decision", args=[decision.public_id]),
    )


def _who(decision: Decision, request: StaffRequest) -> str:
    """A name for those who may see customers, a number for others."""
    customer = decision.customer.present
    number = f"Customer {customer.pk}"
    return (customer.name or number) if request.user.has_perm("profiles.view_customer") else number


def _when(at: datetime) -> str:
    return date_format(at.astimezone(company_zone()), "j M Y, H:i")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- the whole record -----------------------------------------------------------------------------


@require_GET
@role_required(*ROLES)
@never_cache
def decision_detail(request: StaffRequest, decision_id: UUID) -> HttpResponse:
    """Show everything that is kept of one decision."""
    decision = decision_of(decision_id)
    if decision is None or decision.customer.present.erased_at:
        raise Http404
    kept = record(decision)
    note_shown(request, decision.customer.present.pk)
    with company_kept():
        context = _whole(kept, request)
    return render(request, "cxportal/decision_detail.html", context)


def _whole(kept: Record, request: StaffRequest) -> dict[str, Any]:
    decision = kept.decision
    return {
        "line": _line(kept.entry, request),
        "decision": decision,
        "arm": _sentence(ARM[Arm(decision.arm)]),
        "against": [_sentence(refusal_in_words(code)) for code in decision.reasons],
        "held": _held(decision, request),
        "facts": _facts(decision.facts),
        "considered": _considered(kept),
        "beside": [_line(entry, request) for entry in kept.beside],
        "consent": _consent(kept),
        "answers": _answers(kept),
        "delivery": _delivery(kept, request),
        "zone": company_zone(),
        "customer_url": _customer_url(decision, request),
        "what_if_url": _what_if_url(decision, request),
    }


def _held(decision: Decision, request: StaffRequest) -> Sequence[str]:
    """What guards and allergies said, and on what it rested, for those who may see customers."""
    may_see = request.user.has_perm("profiles.view_customer")
    reasons = decision.facts.get("held", []) if may_see else []
    return [_sentence(one.text) for one in said(reasons, timezone.now())]


def _facts(facts: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """The facts it was decided from, in the order in which they were kept."""
    return [
        (_sentence(name.replace("_", " ")), _value(value))
        for name, value in facts.items()
        if name not in _UNTOLD_FACTS and value not in (None, "", [])
    ]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')}: {_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "; ".join(_value(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        return date_format(date.fromisoformat(value), "j F Y")
    except (TypeError, ValueError):
        return str(value)


def _considered(kept: Record) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "about": f"{one.kind}: {one.about}" if one.about else one.kind,
            "campaign": one.campaign,
            "worth": f"{one.worth:.2f}",
            "reasons": _sentence(reasons_in_words(one.reasons)) or "Said as well",
            "url": reverse("decision", args=[one.decision.public_id]) if one.decision else "",
            "facts": _facts(one.decision.facts) if one.decision else [],
        }
        for one in kept.considered
    ]


def _consent(kept: Record) -> Mapping[str, str] | None:
    stood = kept.consent
    if stood is None:
        return None
    return {
        "purpose": purpose_in_words(stood.purpose),
        "when": _when(stood.agreed_at),
        "wording": stood.wording,
    }


def _answers(kept: Record) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "said": _sentence(OUTCOME[OutcomeKind(one.kind)]),
            "when": _when(one.occurred_at),
            "door": door_in_words(one.door),
            "is_taken_back": one.taken_back_at is not None,
        }
        for one in kept.answers
    ]


def _delivery(kept: Record, request: StaffRequest) -> Mapping[str, str] | None:
    row = kept.delivery
    if row is None:
        return None
    may_see = request.user.has_perm("campaigns.view_delivery")
    why = f": {refusal_in_words(row.reason)}" if row.reason else ""
    return {
        "state": _sentence(DELIVERY[DeliveryState(row.state)]) + why,
        "url": reverse("admin:campaigns_delivery_change", args=[row.pk]) if may_see else "",
    }


def _customer_url(decision: Decision, request: StaffRequest) -> str:
    may_see = request.user.has_perm("profiles.view_customer")
    return reverse("customer-timeline", args=[decision.customer.present.pk]) if may_see else ""


def _what_if_url(decision: Decision, request: StaffRequest) -> str:
    may_see = request.user.has_perm("profiles.view_customer")
    asked = {"customer": decision.customer.present.pk, "door": decision.door}
    return f"{reverse('what-if')}?{urlencode(asked)}" if may_see else ""
