"""Clean data: what is wrong in customers' data, by kind, and what staff say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, note_shown
from profiles.models import Finding, Identifier
from profiles.queries import findings
from profiles.queries.company import company_kept, company_zone
from profiles.rules.cleanness import KIND, WEIGHTS, FindingKind, number_in
from profiles.services import bouncing, cleaning

VIEW, CHANGE, BLOCK = (
    "profiles.view_finding",
    "profiles.change_finding",
    "profiles.change_identifierrule",
)
FINE = "fine"


@dataclass(frozen=True)
class Tab:
    """One kind of finding, and how many wait."""

    label: str
    url: str
    count: int
    is_current: bool


@require_GET
@permission_required(VIEW, raise_exception=True)
@never_cache
def page(request: StaffRequest) -> HttpResponse:
    """List what was found, one kind or all, the newest first."""
    kind = request.GET.get("kind", "")
    if kind not in {"", FINE, *map(str, FindingKind)}:
        raise Http404
    with company_kept():
        shown = findings.page(
            kind="" if kind == FINE else kind,
            is_settled=kind == FINE,
            before=_number(request.GET.get("before", "")),
            now=timezone.now(),
        )
        note_shown(request, found=len(shown.lines))
        context = {
            "tabs": _tabs(kind),
            "kind": kind,
            "lines": shown.lines,
            "older_url": _url(kind, before=shown.before) if shown.before else "",
            "newest_url": _url(kind) if "before" in request.GET else "",
            "looked_at": findings.looked_at(),
            "weights": WEIGHTS,
            "may_change": request.user.has_perm(CHANGE),
            "may_block": request.user.has_perm(BLOCK),
            "zone": company_zone(),
        }
        return render(request, "cxportal/clean_data.html", context)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def say(request: StaffRequest, finding_id: int, said: str) -> HttpResponse:
    """Take what somebody says of one finding."""
    row = get_object_or_404(Finding, pk=finding_id)
    if said not in SAYINGS:
        raise Http404
    note_shown(request, row.customer_id)
    try:
        messages.success(request, SAYINGS[said](request, row))
    except DomainError as error:
        messages.error(request, error.message)
    kind = request.POST.get("kind", "")
    return redirect(_url(kind if kind in {FINE, *map(str, FindingKind)} else ""))


def _fine(request: StaffRequest, row: Finding) -> str:
    cleaning.settle(finding_id=row.pk, by=f"staff:{request.user.pk}", now=timezone.now())
    return "Kept: fine as it is. It comes back only when the value is another one."


def _again(request: StaffRequest, row: Finding) -> str:
    cleaning.reopen(finding_id=row.pk)
    return "Pointed out again."


def _block(request: StaffRequest, row: Finding) -> str:
    if not request.user.has_perm(BLOCK):
        raise PermissionDenied
    cleaning.block(finding_id=row.pk, by=request.user, now=timezone.now())
    return "Blocked: it identifies nobody from now on. Who was joined by it stays joined."


def _works(request: StaffRequest, row: Finding) -> str:
    identifiers = Identifier.objects.filter(customer_id=row.customer_id)
    held = get_object_or_404(identifiers, pk=number_in(row.subject, "identifier"))
    bouncing.works(identifier=held, now=timezone.now())
    return "Kept: we write there again. If it bounces, it comes back."


SAYINGS: dict[str, Callable[[StaffRequest, Finding], str]] = {
    "fine": _fine,
    "again": _again,
    "block": _block,
    "works": _works,
}


def _tabs(current: str) -> list[Tab]:
    counted = findings.counts()
    tabs = [Tab("All", _url(""), sum(counted.values()), current == "")]
    tabs += [
        Tab(KIND[kind], _url(kind), counted.get(kind, 0), current == kind) for kind in FindingKind
    ]
    return [
        *tabs,
        Tab("Fine as they are", _url(FINE), findings.settled_count(), current == FINE),
    ]


def _url(kind: str, **more: int) -> str:
    query = urlencode({name: value for name, value in {"kind": kind, **more}.items() if value})
    return f"{reverse('clean-data')}?{query}" if query else reverse("clean-data")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
