"""Enrolment at the counter: a name, one contact, a box per purpose; whoever is known already is shown instead."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.services import letters
from cxportal.lib.errors import DomainError
from cxportal.lib.http import StaffRequest
from cxportal.pages.access import role_required
from cxportal.pages.counter import ROLES, frame
from cxportal.pages.joining_forms import (
    JoiningForm,
    box_language,
    boxes,
    evidence_of,
    send_page_link,
)
from profiles.models import Customer, Place
from profiles.queries.card import contacts
from profiles.rules.names import IdentifierKind, folded
from profiles.services import identifying, joining

logger = logging.getLogger(__name__)

MOST_NAMESAKES = 5


@require_http_methods(["GET", "POST"])
@role_required(*ROLES)
@never_cache
def enrol(request: StaffRequest) -> HttpResponse:
    """Show the form, or enrol and open the card."""
    if request.method != "POST":
        return _page(request, JoiningForm())
    form = JoiningForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    namesakes = _namesakes(form.cleaned_data["name"])
    if namesakes and request.POST.get("sure") != "yes":
        known = [_row(customer) for customer in namesakes]
        return _page(request, form, status=422, namesakes=known)
    try:
        joined = joining.enrol_at_counter(who=_who(request, form), now=timezone.now())
    except identifying.IdentifierTaken as error:
        known = [_row(Customer.objects.get(pk=error.data["customer"]))]
        return _page(request, form, status=422, known=known)
    except DomainError as error:
        form.add_error("contact", error.message)
        return _page(request, form, status=422)
    messages.success(request, _told(joined))
    return redirect("counter-customer", joined.customer.pk)


def _who(request: StaffRequest, form: JoiningForm) -> joining.Joining:
    return joining.Joining(
        source=joining.door(joining.COUNTER),
        name=form.cleaned_data["name"],
        contact=form.cleaned_data["contact"],
        wordings=joining.agreed_to(request.POST.getlist("agreed")),
        actor=f"staff:{request.user.pk}",
        evidence=evidence_of(request),
        place=Place.objects.filter(pk=frame(request)["store"].id).first(),
    )


def _told(joined: joining.Joined) -> str:
    """Mail the link to complete the profile, and say what became of it."""
    if joined.identifier.kind != IdentifierKind.EMAIL:
        return "Enrolled. Without an e-mail address there is no link to complete the profile."
    try:
        send_page_link(customer=joined.customer, identifier=joined.identifier, place_name="")
    except letters.SendingIsStopped:
        return "Enrolled. No messages leave at the moment, so the link to their page was not sent."
    except letters.LetterNotSent:
        logger.exception("page link for customer %s was not sent", joined.customer.pk)
        return "Enrolled. The mail with the link to their page could not be sent."
    waits = any(entry.state == "asked" for entry in joined.said)
    more = " What they agreed to counts once they confirm it by mail." if waits else ""
    return f"Enrolled. A link to complete the profile is on its way to them.{more}"


def _namesakes(name: str) -> Sequence[Customer]:
    """Customers of exactly this name, however it is written."""
    same = Customer.objects.filter(search_name=folded(name)[:200], merged_into=None, erased_at=None)
    return list(same.exclude(search_name="").order_by("-pk")[:MOST_NAMESAKES])


def _row(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.pk,
        "name": customer.name,
        "contacts": " · ".join(contacts(customer.pk)),
    }


def _page(
    request: StaffRequest, form: JoiningForm, *, status: int = 200, **found: Any
) -> HttpResponse:
    form.fields["name"].widget.attrs["autofocus"] = True
    context = frame(request) | {
        "form": form,
        "boxes": boxes(box_language(""), request.POST.getlist("agreed")),
        "search_focus": False,
    }
    return render(request, "cxportal/counter_enrol.html", context | found, status=status)
