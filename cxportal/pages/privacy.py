"""Staff act for a customer who asks for their data or wants to be erased; and who looked at whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from cxportal.pages.my_privacy import handed_out, ring
from cxportal.pages.people import customer_or_404
from cxportal.pages.privacy_content import MyPrivacy, my_privacy
from profiles.models import PrivacyRequest, RetentionRule
from profiles.queries.company import company_zone
from profiles.queries.looks import Asked, looks
from profiles.rules.names import AccessAct, PrivacyRequestKind
from profiles.services import privacy_requests, retaining
from profiles.tasks import erase_people, write_exports

MAY_ACT = permission_required("profiles.add_privacyrequest", raise_exception=True)
MAY_READ_LOOKS = permission_required("profiles.view_accessrecord", raise_exception=True)
MAY_SEE_RETENTION = permission_required("profiles.view_retentionrule", raise_exception=True)

ACTS = {
    AccessAct.SEARCHED: "searched",
    AccessAct.LOOKED: "looked at",
    AccessAct.CHANGED: "changed",
    AccessAct.EXPORTED: "took out",
    AccessAct.ERASED: "erased",
}
DOORS = {
    "counter": "counter, search",
    "counter-customer": "counter, card",
    "counter-coming": "counter, what is coming",
    "counter-enrol": "counter, enrolment",
    "feedback:case-list": "cases",
    "feedback:case-detail": "a case",
    "campaigns:mailbox": "mailbox",
    "campaigns:mailbox-message": "mailbox, a message",
    "campaigns:mailbox-html": "mailbox, a message",
    "campaigns:template-customers": "preview, choosing a customer",
    "campaigns:template-edit": "words of a campaign",
    "campaigns:template-preview": "preview of a message",
    "customer-privacy": "data of a customer",
    "customer-export": "export",
    "customer-export-file": "export, the file",
    "customer-erase": "erasure",
    "customer-consent-receipt": "receipt of consent",
    "profiles:import-rejects": "rows kept aside, the file",
    "looks": "who looked",
}


# --- for a customer -------------------------------------------------------------------------------


class EraseForm(forms.Form):
    """The second confirmation: the number of the customer, as it stands on the page."""

    number = forms.CharField(label="Number of the customer, to confirm", max_length=20)
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=200,
        help_text="Kept with the record of looks until the erasure is done.",
    )

    def __init__(self, customer_id: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._customer_id = customer_id

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        if number != str(self._customer_id):
            raise forms.ValidationError("This is another number. Nothing was erased.")
        return number


@require_GET
@MAY_ACT
@never_cache
def customer(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Show what can be done with the data of one customer."""
    found = customer_or_404(pk=customer_id)
    now = timezone.now()
    state = my_privacy(customer=found, now=now)
    context = {
        "customer": found,
        "state": state,
        "file_url": _file_url(state),
        "looks_url": _looks_url(request, found.pk),
        "zone": company_zone(),
    }
    return render(request, "cxportal/customer_privacy.html", context)


def _file_url(state: MyPrivacy) -> str:
    return reverse("customer-export-file", args=[state.request_id]) if state.request_id else ""


def _looks_url(request: StaffRequest, customer_id: int) -> str:
    may = request.user.has_perm("profiles.view_accessrecord")
    return f"{reverse('looks')}?customer={customer_id}" if may else ""


@require_POST
@MAY_ACT
def export(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Ask for the export of a customer who asked at a door of ours."""
    found = customer_or_404(pk=customer_id)
    privacy_requests.ask(
        customer=found, kind=PrivacyRequestKind.EXPORT, by=_actor(request), now=timezone.now()
    )
    ring(write_exports)
    messages.success(request, "The export is being written. It stands here within a minute.")
    return redirect("customer-privacy", found.pk)


@require_GET
@MAY_ACT
@never_cache
def export_file(request: StaffRequest, request_id: UUID) -> HttpResponseBase:
    """Hand the file of an export to staff, for a customer without an address."""
    asked = PrivacyRequest.objects.filter(
        public_id=request_id, kind=PrivacyRequestKind.EXPORT
    ).first()
    answer = handed_out(asked)
    if answer is None:
        raise Http404
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_ACT
@never_cache
def erase(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Erase a customer, once what goes and what stays was read and the number was typed."""
    found = customer_or_404(pk=customer_id)
    form = EraseForm(found.pk, request.POST or None)
    if request.method == "POST" and form.is_valid():
        privacy_requests.ask(
            customer=found, kind=PrivacyRequestKind.ERASURE, by=_actor(request), now=timezone.now()
        )
        ring(erase_people)
        messages.success(request, "They are being erased. It takes a minute at most.")
        return redirect("home")
    status = 422 if form.errors else 200
    context = {"customer": found, "form": form}
    return render(request, "cxportal/customer_erase.html", context, status=status)


def _actor(request: StaffRequest) -> str:
    return f"staff:{request.user.pk}"


# --- who looked -----------------------------------------------------------------------------------


class LooksForm(forms.Form):
    """What narrows the record; empty fields leave it open."""

    user = forms.ModelChoiceField(
        label="Who",
        queryset=User.objects.order_by("username"),
        required=False,
        empty_label="everybody",
    )
    customer = forms.IntegerField(
        label="Whom", required=False, min_value=1, help_text="Number of a customer"
    )
    act = forms.ChoiceField(
        label="What",
        required=False,
        choices=[("", "everything"), *((str(act), words) for act, words in ACTS.items())],
    )
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


@require_GET
@MAY_READ_LOOKS
@never_cache
def look_list(request: StaffRequest) -> HttpResponse:
    """List who looked at whom, newest first."""
    form = LooksForm(request.GET or None)
    given: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    zone = company_zone()
    asked = Asked(
        zone=zone,
        user_id=given["user"].pk if given.get("user") else None,
        customer_id=given.get("customer"),
        act=given.get("act", ""),
        since=_day(given, "since"),
        until=_day(given, "until"),
        before=_before(request),
    )
    found = looks(asked)
    context = {
        "form": form if form.is_bound else LooksForm(),
        "rows": [
            (row, ACTS.get(AccessAct(row.act), row.act), _door(row.door)) for row in found.rows
        ],
        "is_narrowed": any(given.values()),
        "older_url": _older(request, found.next) if found.next else "",
        "newest_url": _newest(request) if asked.before else "",
        "zone": zone,
    }
    return render(request, "cxportal/looks.html", context, status=422 if form.errors else 200)


def _day(given: dict[str, Any], name: str) -> date | None:
    day: date | None = given.get(name)
    return day


def _door(name: str) -> str:
    if name.startswith("admin:"):
        return "all data, " + name.removeprefix("admin:").partition("_")[2].replace("_", ", ")
    return "their own page" if name.startswith("my-") else DOORS.get(name, name)


def _before(request: HttpRequest) -> tuple[datetime, int] | None:
    """Where a page of older looks begins; an address that says nothing of use begins at the newest."""
    moment, _, key = request.GET.get("before", "").partition("_")
    if not (key.isdecimal() and len(key) <= 18):
        return None
    try:
        parsed = parse_datetime(moment)
    except ValueError:
        return None
    return (parsed, int(key)) if parsed and parsed.tzinfo else None


def _older(request: HttpRequest, where: tuple[datetime, int]) -> str:
    narrowed = {k: v for k, v in request.GET.items() if k != "before" and v}
    moment, key = where
    return f"?{urlencode(narrowed | {'before': f'{moment.isoformat()}_{key}'})}"


def _newest(request: HttpRequest) -> str:
    return f"?{urlencode({k: v for k, v in request.GET.items() if k != 'before' and v})}"


# --- how long data is kept ------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_SEE_RETENTION
def retention(request: StaffRequest) -> HttpResponse:
    """Show how long each kind of data is kept and how much is too old by now; change a rule."""
    may_change = request.user.has_perm("profiles.change_retentionrule")
    problem = ""
    if request.method == "POST" and may_change:
        problem = _change_rule(request)
        if not problem:
            messages.success(request, "Saved. It holds from the next hour on.")
            return redirect("retention")
    context = {
        "kinds": retaining.due(now=timezone.now()),
        "may_change": may_change,
        "problem": problem,
        "problem_kind": request.POST.get("kind", "") if problem else "",
        "problem_days": request.POST.get("keep_days", "")[:6],
    }
    return render(request, "cxportal/retention.html", context, status=422 if problem else 200)


def _change_rule(request: StaffRequest) -> str:
    """Change one rule; say why not, "" when it was."""
    kind, days = request.POST.get("kind", ""), request.POST.get("keep_days", "").strip()
    get_object_or_404(RetentionRule, kind=kind)
    if not days.isdecimal() or len(days) > 6:
        return "Write a number of days."
    try:
        retaining.change(kind=kind, keep_days=int(days), by=request.user, now=timezone.now())
    except DomainError as error:
        return error.message
    return ""
