"""Staff keep what a customer tells them: who lives with them, what must be minded, what they wish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from cxportal.pages.access import role_required
from cxportal.pages.counter import ROLES, frame
from cxportal.pages.my_facts import SAYINGS as FACT_SAYINGS
from cxportal.pages.my_household import SAYINGS as HOUSEHOLD_SAYINGS
from cxportal.pages.my_household import FieldWrong
from cxportal.pages.my_known import my_known
from cxportal.pages.people import customer_or_404
from profiles.models import Attribute, Customer
from profiles.queries.company import company, company_kept
from profiles.queries.households import known_by
from profiles.rules.names import MemberRole
from profiles.services import households
from profiles.services.telling import Told

DOOR = "counter"


@require_GET
@role_required(*ROLES)
@never_cache
def household_page(request: StaffRequest, customer_id: int) -> HttpResponse:
    """Show household and wishes, with the forms that change them."""
    customer = customer_or_404(pk=customer_id)
    if customer.pk != customer_id:
        return redirect("counter-household", customer.pk)
    with company_kept():
        context: dict[str, Any] = frame(request)
        context |= {
            "customer": customer,
            "known": my_known(
                customer=customer,
                zone=ZoneInfo(context["store"].time_zone),
                now=context["now"],
                just=request.GET.dict(),
                actor=f"staff:{request.user.pk}",
            ),
        }
        return render(request, "cxportal/counter_household.html", context)


@require_POST
@role_required(*ROLES)
def household(request: StaffRequest, customer_id: int, said: str) -> HttpResponse:
    """Keep what the customer said of the household."""
    customer = customer_or_404(pk=customer_id)
    if said not in SAYINGS:
        raise Http404
    just = ""
    try:
        words, just = SAYINGS[said](_told(request, customer), request.POST)
        messages.success(request, words)
    except DomainError as error:
        messages.error(request, error.message)
    return _back(customer, just)


@require_POST
@role_required(*ROLES)
def fact(request: StaffRequest, customer_id: int, attribute_id: int, said: str) -> HttpResponse:
    """Keep, delete or take back a wish that the customer told."""
    customer = customer_or_404(pk=customer_id)
    attribute = get_object_or_404(Attribute, pk=attribute_id, is_for_staff=True)
    if said not in FACT_SAYINGS:
        raise Http404
    just = ""
    try:
        version, words = FACT_SAYINGS[said](_told(request, customer), attribute, request.POST)
        messages.success(request, words)
        just = f"?fact={version.pk}"
    except DomainError as error:
        messages.error(request, error.message)
    return _back(customer, just)


def _join(told: Told, form: QueryDict) -> tuple[str, str]:
    """Let another customer of ours move in: who is known by a whole contact."""
    other = known_by(form.get("contact", ""), company().phone_region)
    if other is None:
        raise FieldWrong("Nobody is known by that. Type a whole e-mail, phone or card number.")
    households.add_customer(
        customer=told.customer,
        other=other,
        role=MemberRole.ADULT,
        by=told.actor,
        now=told.now,
    )
    return "Kept. Both cards show what must be minded.", ""


SAYINGS: dict[str, Callable[[Told, QueryDict], tuple[str, str]]] = {
    **HOUSEHOLD_SAYINGS,
    "join": _join,
}


def _told(request: StaffRequest, customer: Customer) -> Told:
    """What the customer says to this member of staff, now."""
    return Told(customer, DOOR, f"staff:{request.user.pk}", timezone.now())


def _back(customer: Customer, just: str) -> HttpResponse:
    answer = redirect("counter-household", customer.pk)
    answer["Location"] += just
    return answer
