"""Who is one customer: what joined them, undoing it, joining by hand, and probable duplicates one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, note_shown
from cxportal.pages.compared import Compared, compared
from cxportal.pages.people import customer_or_404
from profiles.models import Customer, ProfileEdge, Suspicion
from profiles.queries import duplicates, search
from profiles.queries.company import company, company_kept, company_zone
from profiles.queries.sameness import same_person
from profiles.services import merging, privacy_requests, suspecting

VIEW, CHANGE = "profiles.view_profileedge", "profiles.add_profileedge"
# What a person says of two, and what is answered.
SAID = {
    "same": "Kept as one customer. It can be undone on this page.",
    "apart": "Kept as two. No rule will join them.",
}
ERASURE_PARTED = (
    "One of the two had asked to be erased, and nobody was. Find out which of them it was, and erase"
    " that one on their page."
)
QUEUE_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(VIEW, raise_exception=True)
@never_cache
def page(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Show by which profiles a customer is known, what joined them, and who is somebody else.

    Another customer to join with is searched for by POST, so that no name stays in the browser's history.
    """
    customer = customer_or_404(pk=customer_id)
    if customer.pk != customer_id:
        return redirect("same-person", customer.pk)
    typed = request.POST.get("q", "")
    with company_kept():
        answer = search.find(typed, region=company().phone_region) if typed.strip() else None
        context = {
            "page": same_person(customer),
            "typed": typed,
            "answer": answer,
            "found": [one for one in answer.found if one.customer_id != customer.pk]
            if answer
            else [],
            "may_change": request.user.has_perm(CHANGE),
            "zone": company_zone(),
        }
        return render(request, "cxportal/same_person.html", context)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def undo(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Undo a merge; with ``whole_way`` also what else joins the two."""
    customer = customer_or_404(pk=customer_id)
    edge, now = _edge_of(customer, request.POST.get("edge", "")), timezone.now()
    try:
        merging.part(
            edge=edge,
            by=_actor(request),
            now=now,
            whole_way=request.POST.get("whole_way") == "yes",
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Undone. Everything is back where it came from.")
        if privacy_requests.has_parted_erasure(at=now):
            messages.error(request, ERASURE_PARTED)
    return redirect("same-person", customer_or_404(pk=customer.pk).pk)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def take_back(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Take back that two are not the same person."""
    customer = customer_or_404(pk=customer_id)
    try:
        merging.take_back(
            edge=_edge_of(customer, request.POST.get("edge", "")),
            by=_actor(request),
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Taken back. Rules and people may join the two again.")
    return redirect("same-person", customer.pk)


@require_http_methods(["GET", "POST"])
@permission_required(CHANGE, raise_exception=True)
@never_cache
def pair(request: StaffRequest, customer_id: int, other_id: int) -> HttpResponse:
    """Compare two customers side by side, and say whether they are one."""
    one, other = customer_or_404(pk=customer_id), customer_or_404(pk=other_id)
    if one == other:
        return redirect("same-person", one.pk)
    said = request.POST.get("said", "")
    if said in SAID:
        try:
            suspecting.decide_pair(
                one=one,
                other=other,
                is_same=said == "same",
                by=_actor(request),
                now=timezone.now(),
            )
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, SAID[said])
        return redirect("same-person", customer_or_404(pk=one.pk).pk)
    with company_kept():
        context = {"pair": compared(one, other, timezone.now()), "one": one, "other": other}
        return render(request, "cxportal/same_person_pair.html", context)


# --- probable duplicates --------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """A pair to look at, side by side, and where "later" leads."""

    waiting: duplicates.Waiting
    pair: Compared
    later_id: int


@require_GET
@permission_required("profiles.view_suspicion", raise_exception=True)
@never_cache
def queue(request: StaffRequest) -> HttpResponse:
    """Show the likeliest pair, and how many wait behind it."""
    return _queue(request, duplicates.waiting().first())


@require_http_methods(["GET", "POST"])
@permission_required("profiles.view_suspicion", raise_exception=True)
@never_cache
def suspicion(request: StaffRequest, suspicion_id: int) -> HttpResponse:
    """Show one pair, or take what somebody says of it."""
    found = get_object_or_404(Suspicion.objects.select_related("low", "high"), pk=suspicion_id)
    if request.method != "POST":
        is_waiting = duplicates.waiting().filter(pk=found.pk).exists()
        return _queue(request, found) if is_waiting else redirect("duplicates")
    following = duplicates.after(found)
    said = request.POST.get("said", "")
    if not request.user.has_perm(CHANGE) or said not in SAID:
        return HttpResponse("No such answer.", status=400, content_type="text/plain")
    try:
        suspecting.decide(
            suspicion=found, is_same=said == "same", by=_actor(request), now=timezone.now()
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, SAID[said])
    return redirect("duplicate", following.pk) if following else redirect("duplicates")


def _queue(request: StaffRequest, first: Suspicion | None) -> HttpResponse:
    if first:
        note_shown(request, first.low_id, first.high_id)
    with company_kept():
        context: dict[str, Any] = {
            "look": _look(first) if first else None,
            "waiting": [duplicates.in_words(one) for one in duplicates.waiting()[:QUEUE_SHOWN]],
            "count": duplicates.waiting().count(),
            "may_change": request.user.has_perm(CHANGE),
        }
        return render(request, "cxportal/duplicates.html", context)


def _look(found: Suspicion) -> Look:
    later = duplicates.after(found)
    return Look(
        duplicates.in_words(found),
        compared(found.low, found.high, timezone.now()),
        later.pk if later else 0,
    )


def _edge_of(customer: Customer, key: str) -> ProfileEdge:
    """The edge that a form names, where it is one of this customer's."""
    number = int(key) if key.isdecimal() and len(key) <= 18 else 0
    edges = ProfileEdge.objects.select_related("low", "high")
    edge = get_object_or_404(edges, pk=number)
    homes = {edge.low.customer_id, edge.high.customer_id}
    return edge if customer.pk in homes else get_object_or_404(edges, pk=0)


def _actor(request: StaffRequest) -> str:
    return f"staff:{request.user.pk}"
