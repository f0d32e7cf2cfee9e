"""Imports: a file is uploaded, its columns are confirmed, and what became of it can be read."""

from __future__ import annotations

import csv
import zoneinfo
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh
from kombu.exceptions import OperationalError as BrokerAway

from cxportal.lib import uploads
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, render_page
from profiles.forms import ColumnsForm, ImportFileForm
from profiles.models import ImportJob
from profiles.queries import import_schedules, imports
from profiles.queries.company import company, company_zone
from profiles.rules.names import ImportKind, JobState
from profiles.services import importing, undoing, workbooks
from profiles.services.importing import Proposal
from profiles.tasks import run_imports

ROWS_PER_PAGE = 30
TROUBLES_SHOWN = 5
# Where a file waits for its columns to be confirmed.
WAITING, KIND = "import_file", "import_kind"


@require_http_methods(["GET", "POST"])
@permission_required("profiles.view_importjob", raise_exception=True)
def import_list(request: StaffRequest) -> HttpResponse:
    """List the imports, and take the file of a new one."""
    form = ImportFileForm(request.POST or None, request.FILES or None)
    may_add = request.user.has_perm("profiles.add_importjob")
    if request.method == "POST" and may_add and form.is_valid() and _taken(request, form):
        return redirect("profiles:import-new")
    context = {
        "page": Paginator(ImportJob.objects.newest_first(), ROWS_PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "form": form,
        "may_add": may_add,
        "failing": import_schedules.failing(limit=TROUBLES_SHOWN),
        "parked": import_schedules.parked(limit=TROUBLES_SHOWN),
        "zone": company_zone(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "profiles/import_list.html", context, status=status)


def _taken(request: StaffRequest, form: ImportFileForm) -> bool:
    """Keep the file until its columns are confirmed; of a workbook its first sheet with rows."""
    path = uploads.wait(request.session, WAITING, form.cleaned_data["file"])
    request.session[KIND] = form.cleaned_data["kind"]
    if not workbooks.is_workbook(path):
        return True
    try:
        uploads.wait_instead(request.session, WAITING, workbooks.as_csv(path))
    except DomainError as error:
        uploads.forget_waiting(request.session, WAITING)
        form.add_error("file", error.message)
        return False
    return True


@require_http_methods(["GET", "POST"])
@permission_required("profiles.add_importjob", raise_exception=True)
def import_new(request: StaffRequest) -> HttpResponse:
    """Confirm which column is what, and start."""
    waiting = uploads.waiting(request.session, WAITING)
    if waiting is None:
        return redirect("profiles:import-list")
    path, name = waiting.path, waiting.name
    kind = ImportKind(request.session.get(KIND, ImportKind.ORDERS))
    try:
        proposal = importing.propose_mapping(path, kind=kind)
    except DomainError as error:
        uploads.forget_waiting(request.session, WAITING)
        context: dict[str, Any] = {"name": name, "problem": error.message}
        return render(request, "profiles/import_new.html", context, status=422)
    is_another = request.POST.get("file", path.name) != path.name
    form = _columns_form(request, kind, proposal, name, is_posted=not is_another)
    if request.method == "POST" and not is_another and form.is_valid():
        job = _start(request, form, kind, waiting)
        if job:
            del request.session[WAITING]
            _ring()
            return redirect("profiles:import-detail", job)
    context = {
        "name": name,
        "file": path.name,
        "is_another": is_another,
        "kind": imports.KIND_LABEL[kind],
        "proposal": proposal,
        "form": form,
        "samples": proposal.columns(),
        "zones": sorted(zoneinfo.available_timezones()),
    }
    status = 422 if form.errors or is_another else 200
    return render(request, "profiles/import_new.html", context, status=status)


def _columns_form(
    request: StaffRequest, kind: ImportKind, proposal: Proposal, name: str, *, is_posted: bool
) -> ColumnsForm:
    """The form of the file that waits; what was posted about another file says nothing of this one."""
    last = imports.remembered(kind, proposal.mapping, proposal.headers, name, company().time_zone)
    guessed = {"time_zone": last.time_zone, "source": last.source}
    return ColumnsForm(
        (request.POST or None) if is_posted else None,
        headers=proposal.headers,
        kind=kind,
        initial=guessed | dict(last.mapping),
    )


def _start(
    request: StaffRequest, form: ColumnsForm, kind: ImportKind, file: uploads.Waiting
) -> int | None:
    """Queue the file and return the number of its import; a second click leads to the first one's."""
    try:
        job = importing.start_import(
            path=file.path,
            file_name=file.name,
            source=importing.source_named(name=form.cleaned_data["source"]),
            mapping=form.mapping(),
            time_zone=form.cleaned_data["time_zone"],
            by=request.user,
            now=timezone.now(),
            kind=kind,
            is_dry_run="try" in request.POST,
        )
    except importing.SentTwice as error:
        return int(error.data["job"])
    except DomainError as error:
        form.add_error(None, error.message)
        return None
    return job.pk


@require_POST
@permission_required("profiles.add_importjob", raise_exception=True)
def import_run(request: StaffRequest, job_id: int) -> HttpResponse:
    """Import the file of a dry run."""
    job: ImportJob = get_object_or_404(ImportJob.objects.select_related("source"), pk=job_id)
    try:
        started = importing.import_after_dry_run(job=job, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("profiles:import-detail", job.pk)
    _ring()
    return redirect("profiles:import-detail", started.pk)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.change_importjob", raise_exception=True)
def import_undo(request: StaffRequest, job_id: int) -> HttpResponse:
    """Say what taking an import back means, and have it taken back."""
    job: ImportJob = get_object_or_404(ImportJob.objects.select_related("source"), pk=job_id)
    if request.method == "POST":
        try:
            undoing.ask(job_id=job.pk, now=timezone.now())
        except DomainError as error:
            messages.error(request, error.message)
        else:
            _ring()
        return redirect("profiles:import-detail", job.pk)
    if not undoing.may_ask(job):
        return redirect("profiles:import-detail", job.pk)
    context = {"job": job, "made": imports.made(job)}
    return render(request, "profiles/import_undo.html", context)


def _ring() -> None:
    """Wake a worker at once; with the broker away, the next tick finds the job."""
    with suppress(BrokerAway, OSError):
        run_imports.apply_async(retry=False, expires=60)


@require_GET
@permission_required("profiles.view_importjob", raise_exception=True)
def import_detail(request: StaffRequest, job_id: int) -> HttpResponse:
    """Show how far an import is, asked again every two seconds, and then what it brought."""
    job: ImportJob = get_object_or_404(
        ImportJob.objects.select_related("source", "created_by"), pk=job_id
    )
    is_over = job.state in {JobState.DONE, JobState.FAILED}
    if (is_over or job.state == JobState.PARKED) and request.htmx:
        return HttpResponseClientRefresh()
    context = {
        "job": job,
        "is_over": is_over,
        "figures": imports.figures(job) if job.state == JobState.DONE else [],
        "reasons": imports.reasons(job) if is_over else [],
        "kind": imports.kind_label(job),
        "sample": imports.sample(job),
        "may_undo": undoing.may_ask(job),
        "undone": imports.undone(job),
        "may_run": is_over and importing.may_run_after(job),
        "stored_rejects": imports.stored_rejects(job) if is_over else 0,
        "zone": company_zone(),
    }
    return render_page(request, "profiles/import_detail.html", context, part="progress")


@require_GET
@permission_required("profiles.view_importreject", raise_exception=True)
def import_rejects(request: StaffRequest, job_id: int) -> StreamingHttpResponse:
    """Download the rows kept aside, streamed: there may be as many as in the file."""
    job: ImportJob = get_object_or_404(ImportJob, pk=job_id)
    return StreamingHttpResponse(
        _csv_lines(imports.reject_cells(job)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="kept-aside-{job.pk}.csv"'},
    )


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv_lines(rows: Iterator[list[str]]) -> Iterator[str]:
    """Yield CSV after RFC 4180, with the mark by which spreadsheets recognise UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow(row)
