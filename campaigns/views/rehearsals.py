"""Rehearsals: a file is given, its columns are confirmed, the report is read when it is done."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from campaigns.forms import RehearsalForm
from campaigns.models import Rehearsal
from campaigns.queries.reports import report_page
from campaigns.rules.codes import RunState
from campaigns.services import rehearsing
from campaigns.services.rehearsing import OrderFile
from cxportal.lib import uploads
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, render_page
from cxportal.lib.uploads import Waiting
from profiles.forms import OrderFileForm
from profiles.queries.company import company, company_zone
from profiles.services import importing
from profiles.services.importing import Proposal

ROWS_PER_PAGE = 30
# Where a file waits for its columns to be confirmed.
WAITING = "rehearsal_file"


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.view_rehearsal", raise_exception=True)
def rehearsal_list(request: StaffRequest) -> HttpResponse:
    """List the rehearsals, and take the file of a new one."""
    form = OrderFileForm(request.POST or None, request.FILES or None)
    may_start = request.user.has_perm("campaigns.add_rehearsal")
    if request.method == "POST" and may_start and form.is_valid():
        uploads.wait(request.session, WAITING, form.cleaned_data["file"])
        return redirect("campaigns:rehearsal-new")
    rows = Rehearsal.objects.defer("report").select_related("created_by").order_by("-pk")
    context = {
        "page": Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "form": form,
        "may_start": may_start,
        "zone": company_zone(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "campaigns/rehearsal_list.html", context, status=status)


@require_http_methods(["GET", "POST"])
@permission_required("campaigns.add_rehearsal", raise_exception=True)
def rehearsal_new(request: StaffRequest) -> HttpResponse:
    """Confirm which column is what, and start."""
    waiting = uploads.waiting(request.session, WAITING)
    if waiting is None:
        return redirect("campaigns:rehearsal-list")
    try:
        proposal = importing.propose_mapping(waiting.path)
    except DomainError as error:
        uploads.forget_waiting(request.session, WAITING)
        context: dict[str, Any] = {"name": waiting.name, "problem": error.message}
        return render(request, "campaigns/rehearsal_new.html", context, status=422)
    form = _mapping_form(request, proposal)
    if request.method == "POST" and form.is_valid():
        started = _start(request, form, waiting)
        if started:
            del request.session[WAITING]
            return redirect("campaigns:rehearsal-detail", started.pk)
    context = {
        "name": waiting.name,
        "proposal": proposal,
        "form": form,
        "samples": proposal.columns(),
        "zones": sorted(zoneinfo.available_timezones()),
    }
    status = 422 if form.errors else 200
    return render(request, "campaigns/rehearsal_new.html", context, status=status)


def _mapping_form(request: StaffRequest, proposal: Proposal) -> RehearsalForm:
    guessed = {"time_zone": company().time_zone} | proposal.mapping
    return RehearsalForm(request.POST or None, headers=proposal.headers, initial=guessed)


def _start(request: StaffRequest, form: RehearsalForm, waiting: Waiting) -> Rehearsal | None:
    zone = form.cleaned_data["time_zone"]
    try:
        return rehearsing.request_rehearsal(
            file=OrderFile(waiting.path, waiting.name, form.mapping(), zone),
            as_of=form.cleaned_data["as_of"],
            by=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        form.add_error(None, error.message)
        return None


@require_GET
@permission_required("campaigns.view_rehearsal", raise_exception=True)
def rehearsal_detail(request: StaffRequest, rehearsal_id: int) -> HttpResponse:
    """Show how far a rehearsal is, asked again every two seconds, and then its report."""
    rehearsal = get_object_or_404(Rehearsal, pk=rehearsal_id)
    is_over = rehearsal.state in {RunState.DONE, RunState.FAILED}
    if is_over and request.htmx:
        return HttpResponseClientRefresh()
    context = {
        "rehearsal": rehearsal,
        "is_over": is_over,
        "report": report_page(rehearsal) if rehearsal.state == RunState.DONE else None,
    }
    return render_page(request, "campaigns/rehearsal_detail.html", context, part="progress")
