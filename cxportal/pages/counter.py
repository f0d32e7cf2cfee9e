"""The counter: find a customer, see the whole card, and say what was said.

Looking writes nothing. The store is kept in the session, chosen once a shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.models import Outcome
from campaigns.rules.codes import Door, OutcomeKind
from campaigns.services import answering
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest, note_shown
from cxportal.pages.access import Role, role_of, role_required, roles_with
from cxportal.pages.counter_card import card_of
from cxportal.pages.people import customer_or_404
from profiles.models import Place
from profiles.queries import search
from profiles.queries.company import company, company_kept
from profiles.queries.pickups import count_at
from profiles.queries.places import Store, stores
from profiles.rules.typed import LONGEST

ROLES = (Role.COUNTER, Role.SUPERVISOR, Role.MANAGER)
STORE_KEY = "counter_store"
# What can be answered at a counter, and what staff read once it is kept.
ANSWERS = {
    OutcomeKind.SAID: "Kept as said. It is not said again, here or by mail.",
    OutcomeKind.NOT_NOW: "Kept. We leave it alone for a week.",
    OutcomeKind.NOT_RELEVANT: "Kept. It is not suggested again.",
    OutcomeKind.TOO_PERSONAL: "Kept. Nothing of this kind is brought up with them again.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*ROLES)
@never_cache
def counter(request: StaffRequest) -> HttpResponse:
    """Show the search box, and what it found; a single certain hit opens at once.

    Names and numbers are searched for by POST: in an address, they would stay in the browser's history.
    """
    typed = request.POST.get("q", "")
    answer = search.find(typed, region=company().phone_region) if typed.strip() else search.Answer()
    if typed.strip():
        note_shown(request, found=len(answer.found))
    if len(answer.found) == 1 and answer.found[0].matched != search.SIMILAR:
        return redirect("counter-customer", answer.found[0].customer_id)
    found = {"answer": answer, "typed": typed, "search_focus": not answer.found}
    return render(request, "cxportal/counter.html", frame(request) | found)


@require_GET
@role_required(*ROLES)
@never_cache
def customer_card(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Show the whole card of one customer."""
    customer = customer_or_404(pk=customer_id)
    if customer.pk != customer_id:
        return redirect("counter-customer", customer.pk)
    with company_kept():
        shown = frame(request)
        card = card_of(customer=customer, store=shown["store"], now=shown["now"])
        shown["case_url"] = _case_url(request, card.cases[0].id if card.cases else 0)
        shown["privacy_url"] = _privacy_url(request, customer.pk)
        shown["answered"] = _just_answered(request, customer.pk, request.GET.get("answered", ""))
        return render(request, "cxportal/counter_customer.html", shown | {"card": card})


@require_POST
@role_required(*ROLES)
def choose_store(request: StaffRequest) -> HttpResponse:
    """Keep the store of this counter for the session."""
    place = get_object_or_404(Place, pk=_number(request.POST.get("store", "")))
    request.session[STORE_KEY] = place.pk
    return redirect("counter")


@require_POST
@role_required(*ROLES)
def answer_suggestion(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Record what became of one suggestion."""
    customer = customer_or_404(pk=customer_id)
    kind = request.POST.get("answer", "")
    if kind not in ANSWERS:
        return HttpResponse("No such answer.", status=400, content_type="text/plain")
    try:
        outcome = answering.record_at_counter(
            customer=customer,
            choice=(request.POST.get("moment", ""), _number(request.POST.get("subject", ""))),
            kind=OutcomeKind(kind),
            actor=f"staff:{request.user.pk}",
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("counter-customer", customer.pk)
    return redirect(f"{reverse('counter-customer', args=[customer.pk])}?answered={outcome.pk}")


@require_POST
@role_required(*ROLES)
def undo_answer(request: StaffRequest, customer_id: int, outcome_id: int) -> HttpResponse:
    """Take back what was tapped by mistake; who tapped it may, on the same day."""
    customer = customer_or_404(pk=customer_id)
    outcome = _own_answers(request, customer.pk).filter(pk=outcome_id).first()
    if outcome is None:
        messages.error(request, "There is nothing of yours to undo here.")
    else:
        answering.take_back(outcome=outcome, door=Door.COUNTER, now=timezone.now())
        messages.success(request, "Undone. It is as if it had not been answered.")
    return redirect("counter-customer", customer.pk)


def _own_answers(request: StaffRequest, customer_id: int) -> QuerySet[Outcome]:
    """What this member of staff answered for this customer in the last day, and what stands of it."""
    return Outcome.objects.filter(
        customer_id=customer_id,
        door=Door.COUNTER,
        actor=f"staff:{request.user.pk}",
        occurred_at__gt=timezone.now() - timedelta(days=1),
        taken_back_at=None,
        kind__in=ANSWERS,
    )


def _just_answered(request: StaffRequest, customer_id: int, text: str) -> dict[str, str] | None:
    """Say what was kept a moment ago, with the way back."""
    outcome = _own_answers(request, customer_id).filter(pk=_number(text)).first() if text else None
    if outcome is None:
        return None
    return {
        "text": ANSWERS[OutcomeKind(outcome.kind)],
        "undo_url": reverse("counter-undo", args=[customer_id, outcome.pk]),
    }


def frame(request: StaffRequest) -> dict[str, Any]:
    """What every page of the counter carries."""
    open_stores, now = stores(), timezone.now()
    store = _chosen(request.session, open_stores)
    return {
        "stores": open_stores,
        "store": store,
        "orders_ahead": count_at(store.id, zone=store.zone, now=now) if store.id else 0,
        "now": now,
        "search_url": reverse("counter"),
        "search_query": request.POST.get("q", "")[:LONGEST],
    }


def _chosen(session: SessionBase, stores: Sequence[Store]) -> Store:
    """The store of this session; the only one where there is but one; else nowhere in particular."""
    if len(stores) == 1:
        return stores[0]
    kept = session.get(STORE_KEY)
    nowhere = Store(0, "No store chosen", company().time_zone)
    return next((store for store in stores if store.id == kept), nowhere)


def _number(text: str) -> int:
    """Read an id from a form; -1, which nothing has, for anything else."""
    return int(text) if text.isdecimal() and len(text) <= 18 else -1


def _privacy_url(request: StaffRequest, customer_id: int) -> str:
    """Where somebody takes their data along or is erased, for those who may act for them."""
    may_act = role_of(request.user) in roles_with("profiles.add_privacyrequest")
    return reverse("customer-privacy", args=[customer_id]) if may_act else ""


def _case_url(request: StaffRequest, case_id: int) -> str:
    """Where a case is worked on, for those who may."""
    may_see = role_of(request.user) in roles_with("feedback.view_case")
    return reverse("feedback:case-detail", args=[case_id]) if case_id and may_see else ""
