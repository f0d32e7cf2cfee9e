"""What holds for the whole house, and the switch that stops all sending.

Administrators change it; managers read it, and may stop and start sending like them.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.models import SendingPolicy
from campaigns.queries.policy import sending_policy
from campaigns.services import fencing, policing, switching
from cxportal.lib.errors import DomainError
from cxportal.lib.history import recent_changes
from cxportal.lib.http import StaffRequest
from cxportal.pages.access import Role, role_of, role_required
from cxportal.pages.settings_forms import (
    ZONES,
    CompanyForm,
    PlaceForm,
    PlaceFormSet,
    PolicyForm,
    place_rows,
)
from profiles.models import Company, Place
from profiles.queries.company import company, company_zone
from profiles.rules.names import PlaceKind
from profiles.services import settling


@require_GET
@role_required(Role.ADMINISTRATOR, Role.MANAGER)
def settings_page(request: StaffRequest) -> HttpResponse:
    """Show the settings; to a manager with every field closed."""
    return _page(request)


@require_POST
@role_required(Role.ADMINISTRATOR)
def save_company(request: StaffRequest) -> HttpResponse:
    form = CompanyForm(request.POST)
    if not form.is_valid():
        return _page(request, company_form=form)
    settling.settle_company(values=form.cleaned_data, by=request.user, now=timezone.now())
    return _saved(request, "company")


@require_POST
@role_required(Role.ADMINISTRATOR)
def save_places(request: StaffRequest) -> HttpResponse:
    formset = PlaceFormSet(request.POST, initial=_rows_given(request.POST), prefix="places")
    if not formset.is_valid():
        return _page(request, places=formset)
    changed = [_settings_of(form) for form in formset if form.has_changed()]
    try:
        settling.settle_places(places=changed, by=request.user, now=timezone.now())
    except DomainError as error:
        formset.forms[-1].add_error("code", error.message)
        return _page(request, places=formset)
    return _saved(request, "stores")


@require_POST
@role_required(Role.ADMINISTRATOR)
def save_policy(request: StaffRequest) -> HttpResponse:
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _page(request, policy_form=form)
    policing.change_policy(values=form.values(), by=request.user, now=timezone.now())
    return _saved(request, "messages")


@require_http_methods(["GET", "POST"])
@role_required(Role.ADMINISTRATOR, Role.MANAGER)
def stop(request: StaffRequest) -> HttpResponse:
    """Ask, then stop all sending."""
    if request.method == "GET":
        return render(request, "cxportal/stop_sending.html")
    try:
        switching.stop_sending(by=request.user, now=timezone.now())
    except switching.AlreadyStopped as error:
        messages.error(request, error.message)
    return redirect("settings")


@require_POST
@role_required(Role.ADMINISTRATOR, Role.MANAGER)
def resume(request: StaffRequest) -> HttpResponse:
    """Start sending again."""
    try:
        switching.resume_sending(by=request.user, now=timezone.now())
    except switching.NotStopped as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Sending goes on.")
    return redirect("settings")


@require_POST
@role_required(Role.ADMINISTRATOR, Role.MANAGER)
def adopt(request: StaffRequest) -> HttpResponse:
    """Allow sending from a database that was restored or copied."""
    fencing.adopt(by=request.user, now=timezone.now())
    messages.success(request, "Messages may leave from this database.")
    return redirect("settings")


def _page(request: StaffRequest, **bound: Any) -> HttpResponse:
    """Render the page; ``bound`` is the form that was refused, shown with its errors."""
    closed = role_of(request.user) is not Role.ADMINISTRATOR
    forms: dict[str, Any] = {
        "company_form": CompanyForm.of(company(), read_only=closed),
        "places": _place_formset(closed),
        "policy_form": PolicyForm.of(sending_policy(), read_only=closed),
    }
    context = forms | bound | {"may_change": not closed, "zones": ZONES, "policy": sending_policy()}
    context |= {"is_fenced": fencing.is_fenced(), "zone": company_zone()}
    context["changes"] = recent_changes(Company, Place, SendingPolicy)
    return render(request, "cxportal/settings.html", context, status=422 if bound else 200)


def _places() -> list[Place]:
    return list(Place.objects.order_by("kind", "name", "pk"))


def _rows_given(given: QueryDict) -> list[dict[str, Any]]:
    """Return the stores that the rows were filled with, in the order of the page as it was opened.

    A store that somebody opened since stands between them today, and would shift every row.
    """
    known = {str(place.pk): place for place in _places()}
    ids = [given.get(f"places-{row}-place_id", "") for row in range(len(known) + 1)]
    return place_rows([known[place_id] for place_id in ids if place_id in known])


def _place_formset(closed: bool) -> BaseFormSet[PlaceForm]:
    formset = PlaceFormSet(
        initial=place_rows(_places()), prefix="places", form_kwargs={"read_only": closed}
    )
    if closed:
        formset.extra = 0
    return formset


def _settings_of(form: PlaceForm) -> settling.PlaceSettings:
    data = form.cleaned_data
    return settling.PlaceSettings(
        place_id=form.initial.get("place_id"),
        code=data["code"],
        name=data["name"],
        kind=PlaceKind(data["kind"]),
        time_zone=data["time_zone"],
    )


def _saved(request: StaffRequest, what: str) -> HttpResponse:
    messages.success(request, "Saved.")
    return redirect(f"/settings/#{what}")
