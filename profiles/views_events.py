"""Events that could not be taken: read, replayed after a fix, or dropped."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from profiles.queries import inbound
from profiles.queries.company import company_zone
from profiles.services import parking

ROWS_PER_PAGE = 30


@require_GET
@permission_required("profiles.view_inboundevent", raise_exception=True)
def event_list(request: StaffRequest) -> HttpResponse:
    """List parked events, and say how many wait."""
    reason = request.GET.get("reason", "")
    groups = inbound.groups()
    page = Paginator(inbound.parked(reason), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(event, inbound.in_words(event.reason)) for event in page]
    context = {
        "page": page,
        "rows": rows,
        "groups": groups,
        "reason": reason,
        "chosen": next((group for group in groups if group.reason == reason), None),
        "total": sum(group.count for group in groups),
        "waiting": inbound.waiting(),
        "zone": company_zone(),
    }
    return render(request, "profiles/event_list.html", context)


@require_GET
@permission_required("profiles.view_inboundevent", raise_exception=True)
def event_detail(request: StaffRequest, event_id: int) -> HttpResponse:
    """Show one parked event, without what it says of a person."""
    event = get_object_or_404(inbound.parked(), pk=event_id)
    context = {
        "event": event,
        "words": inbound.in_words(event.reason),
        "payload": inbound.shown(event.payload),
        "zone": company_zone(),
    }
    return render(request, "profiles/event_detail.html", context)


@require_POST
@permission_required("profiles.change_inboundevent", raise_exception=True)
def event_replay(request: StaffRequest) -> HttpResponse:
    """Queue parked events again: those that were named, or all with a reason."""
    try:
        number = parking.replay(ids=_named(request), by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Queued again: {number}.")
    return redirect("profiles:event-list")


@require_POST
@permission_required("profiles.delete_inboundevent", raise_exception=True)
def event_drop(request: StaffRequest) -> HttpResponse:
    """Delete parked events for good: those that were named, or all with a reason."""
    try:
        number = parking.drop(ids=_named(request), by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Dropped: {number}.")
    return redirect("profiles:event-list")


def _named(request: StaffRequest) -> list[int]:
    """Which events a form is about: one by its number, or all that are parked for a reason."""
    one, reason = request.POST.get("event", ""), request.POST.get("reason", "")
    if one:
        return [int(one)] if one.isdecimal() and len(one) < 19 else []
    events = inbound.parked("" if reason == "all" else reason)
    return list(inbound.keys_of(events)) if reason else []
