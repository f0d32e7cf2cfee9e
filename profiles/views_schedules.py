"""Imports on a schedule: made, changed, tried, switched off, deleted; and files that wait for their columns."""

from __future__ import annotations

import zoneinfo
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh
from kombu.exceptions import OperationalError as BrokerAway

from cxportal.lib import outside
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, render_page
from profiles.forms import ColumnsForm
from profiles.forms_schedules import FORMS, ScheduleForm, as_written
from profiles.models import ImportJob, ImportSchedule, ScheduledFile, Source
from profiles.queries import import_schedules as queries
from profiles.queries import imports
from profiles.queries.company import company, company_zone
from profiles.rules.looking import Whence
from profiles.rules.names import ImportKind, JobState, SourceKind
from profiles.services import import_arrivals, import_folders, import_schedules, importing
from profiles.services.importing import Proposal
from profiles.tasks import look_for_files, run_imports

FILES_PER_PAGE, LOOKS_SHOWN = 20, 20


@require_GET
@permission_required("profiles.view_importschedule", raise_exception=True)
def schedule_list(request: StaffRequest) -> HttpResponse:
    """List the schedules, with how each stands."""
    context = {
        "rows": [queries.row_of(schedule) for schedule in queries.schedules()],
        "has_folders": import_folders.root() is not None,
        "zone": company_zone(),
    }
    return render(request, "profiles/schedule_list.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.add_importschedule", raise_exception=True)
def schedule_new(request: StaffRequest, whence: str) -> HttpResponse:
    """Make a schedule that looks into a folder or at an address."""
    if whence not in FORMS:
        raise Http404
    form = FORMS[whence](request.POST or None)
    schedule = _saved(request, form, None) if request.method == "POST" else None
    if schedule is not None:
        return redirect("profiles:schedule-detail", schedule.pk)
    return _form_page(request, form, None)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.change_importschedule", raise_exception=True)
def schedule_change(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """Change a schedule."""
    schedule = _schedule(schedule_id)
    form = FORMS[schedule.whence](request.POST or None, initial=as_written(schedule))
    if request.method == "POST" and _saved(request, form, schedule):
        return redirect("profiles:schedule-detail", schedule.pk)
    return _form_page(request, form, schedule)


def _saved(
    request: StaffRequest, form: ScheduleForm, schedule: ImportSchedule | None
) -> ImportSchedule | None:
    if not form.is_valid():
        return None
    wanted, by, now = form.wanted(), request.user, timezone.now()
    try:
        saved = (
            import_schedules.change(schedule_id=schedule.pk, wanted=wanted, by=by, now=now)
            if schedule
            else import_schedules.create(wanted=wanted, by=by, now=now)
        )
    except DomainError as error:
        about = {
            import_schedules.ScheduleNameTaken: "name",
            import_folders.FolderError: "folder",
            outside.AddressRefused: "address",
        }
        form.add_error(about.get(type(error)), error.message)
        return None
    _ring()
    return saved


def _form_page(
    request: StaffRequest, form: ScheduleForm, schedule: ImportSchedule | None
) -> HttpResponse:
    is_folder = form.whence == Whence.FOLDER
    context = {
        "form": form,
        "schedule": schedule,
        "is_folder": is_folder,
        "folders": import_folders.offered_folders() if is_folder else [],
        "has_folders": import_folders.root() is not None,
        "root": import_folders.root(),
        "sources": Source.objects.filter(kind=SourceKind.FILE).order_by("name", "pk"),
        "place": [form[name] for name in ("folder", "pattern", "address") if name in form.fields],
        "zone": company_zone(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "profiles/schedule_form.html", context, status=status)


@require_GET
@permission_required("profiles.view_importschedule", raise_exception=True)
def schedule_detail(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """Show how a schedule stands and what it found; while it looks, asked again every two seconds."""
    schedule = _schedule(schedule_id)
    is_looking = queries.is_looking(schedule, now=timezone.now())
    if request.htmx and not is_looking:
        return HttpResponseClientRefresh()
    files = Paginator(queries.file_rows(schedule), FILES_PER_PAGE)
    page = files.get_page(request.GET.get("page"))
    context = {
        "row": queries.row_of(schedule),
        "schedule": schedule,
        "is_looking": is_looking,
        "last": queries.last_in_words(schedule),
        "waits_longer": queries.waits_longer(schedule),
        "mapping": queries.mapping_of(schedule),
        "has_password": bool(schedule.address) and outside.has_password(schedule.address),
        "parked": schedule.jobs.filter(state=JobState.PARKED).order_by("pk")[:5],
        "page": page,
        "files": [queries.file_row(file) for file in page],
        "looks": queries.look_rows(schedule, limit=LOOKS_SHOWN),
        "zone": company_zone(),
    }
    return render_page(request, "profiles/schedule_detail.html", context, part="progress")


@require_POST
@permission_required("profiles.change_importschedule", raise_exception=True)
def schedule_look(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """Have a worker look at once."""
    schedule = _schedule(schedule_id)
    import_schedules.ask_look(schedule_id=schedule.pk, now=timezone.now())
    _ring()
    return redirect("profiles:schedule-detail", schedule.pk)


@require_POST
@permission_required("profiles.change_importschedule", raise_exception=True)
def schedule_switch(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """Switch a schedule on or off."""
    schedule = _schedule(schedule_id)
    import_schedules.switch(
        schedule_id=schedule.pk,
        is_active=request.POST.get("to") == "on",
        by=request.user,
        now=timezone.now(),
    )
    return redirect("profiles:schedule-detail", schedule.pk)


@require_http_methods(["GET", "POST"])
@permission_required("profiles.delete_importschedule", raise_exception=True)
def schedule_delete(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """Say what deleting a schedule means, and do it."""
    schedule = _schedule(schedule_id)
    if request.method == "POST":
        import_schedules.delete(schedule_id=schedule.pk, by=request.user, now=timezone.now())
        messages.success(request, f"The schedule “{schedule.name}” is deleted. Its imports stay.")
        return redirect("profiles:schedule-list")
    context = {"row": queries.row_of(schedule), "imports": schedule.jobs.count()}
    return render(request, "profiles/schedule_delete.html", context)


@require_POST
@permission_required("profiles.change_importschedule", raise_exception=True)
def schedule_again(request: StaffRequest, file_id: int) -> HttpResponse:
    """Take a file again whose import failed."""
    file: ScheduledFile = get_object_or_404(ScheduledFile, pk=file_id)
    try:
        import_schedules.take_again(file_id=file.pk, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        _ring()
    return redirect("profiles:schedule-detail", file.schedule_id)


def _schedule(schedule_id: int) -> ImportSchedule:
    schedule: ImportSchedule = get_object_or_404(queries.schedules(), pk=schedule_id)
    return schedule


def _ring() -> None:
    """Wake a worker at once; with the broker away, the next tick finds the schedule."""
    with suppress(BrokerAway, OSError):
        look_for_files.apply_async(retry=False, expires=60)


# --- a file that waits for its columns --------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@permission_required("profiles.add_importjob", raise_exception=True)
def import_columns(request: StaffRequest, job_id: int) -> HttpResponse:
    """Confirm the columns of a file that came by itself, or decide not to import it."""
    waiting = ImportJob.objects.filter(state=JobState.PARKED).select_related("source")
    job: ImportJob | None = waiting.filter(pk=job_id).first()
    if job is None:
        return redirect("profiles:import-detail", job_id)
    if "drop" in request.POST:
        return _dropped(request, job)
    proposal = importing.propose_mapping(Path(job.path), kind=ImportKind(job.kind))
    form = _columns_form(request, job, proposal)
    if request.method == "POST" and form.is_valid() and _confirmed(request, form, job):
        return redirect("profiles:import-detail", job.pk)
    context: dict[str, Any] = {
        "name": job.file_name,
        "kind": imports.kind_label(job),
        "job": job,
        "proposal": proposal,
        "form": form,
        "samples": proposal.columns(),
        "zones": sorted(zoneinfo.available_timezones()),
    }
    status = 422 if form.errors else 200
    return render(request, "profiles/import_new.html", context, status=status)


def _columns_form(request: StaffRequest, job: ImportJob, proposal: Proposal) -> ColumnsForm:
    """The columns as they were last, as far as the file has them, and else our guess."""
    there = set(proposal.headers)
    last = {field: header for field, header in job.mapping.items() if header in there}
    guess = {field: header for field, header in proposal.mapping.items() if field not in last}
    used = set(last.values())
    form = ColumnsForm(
        request.POST or None,
        headers=proposal.headers,
        kind=ImportKind(job.kind),
        initial={
            "source": job.source.name,
            "time_zone": job.time_zone or company().time_zone,
            "date_order": job.mapping.get("date_order", ""),
            **{field: header for field, header in guess.items() if header not in used},
            **last,
        },
    )
    form.fields["source"].disabled = True
    return form


def _confirmed(request: StaffRequest, form: ColumnsForm, job: ImportJob) -> bool:
    try:
        import_arrivals.confirm(
            job_id=job.pk,
            mapping=form.mapping(),
            time_zone=form.cleaned_data["time_zone"],
            by=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        form.add_error(None, error.message)
        return False
    with suppress(BrokerAway, OSError):
        run_imports.apply_async(retry=False, expires=60)
    return True


def _dropped(request: StaffRequest, job: ImportJob) -> HttpResponse:
    try:
        import_arrivals.drop(job_id=job.pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"“{job.file_name}” is not imported.")
    return redirect("profiles:import-list")
