"""The sign-up page behind the QR code of a store: whoever opens it becomes known by themselves.

Every answer is the same whether or not the address is known: a known one gets the same mail.
"""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.services import letters
from cxportal.lib.errors import DomainError
from cxportal.lib.http import client_address
from cxportal.lib.rates import RateLimit
from cxportal.pages.joining_forms import (
    JoiningForm,
    box_language,
    boxes,
    evidence_of,
    send_page_link,
)
from profiles.models import Place
from profiles.rules.names import IdentifierKind
from profiles.services import joining, suppressing

logger = logging.getLogger(__name__)

# A whole store may sit behind one address; a program that fills forms is stopped all the same.
FROM_ONE_ADDRESS = RateLimit("sign-up", per_second=60 / 3600, burst=60)
# One link in ten minutes is enough; more would make a nuisance out of somebody else's address.
LINKS = RateLimit("sign-up-link", per_second=1 / 600, burst=1)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest, code: str) -> HttpResponse:
    """Show the form of a store, or take what was filled in."""
    place = get_object_or_404(Place, code=code)
    if request.method != "POST":
        return _page(request, place, JoiningForm())
    form = JoiningForm(request.POST)
    if not form.is_valid():
        return _page(request, place, form, status=422)
    if form.cleaned_data["website"]:
        return redirect("sign-up-done", code)
    if FROM_ONE_ADDRESS.wait_seconds(client_address(request), now=timezone.now()):
        form.add_error(None, "Too many sign-ups from here in an hour. Ask at the counter.")
        return _page(request, place, form, status=429)
    try:
        _join(request, place, form)
    except DomainError as error:
        form.add_error("contact", error.message)
        return _page(request, place, form, status=422)
    return redirect("sign-up-done", code)


@login_not_required
@never_cache
@require_safe
def done(request: HttpRequest, code: str) -> HttpResponse:
    """Say what follows, the same to everybody."""
    place = get_object_or_404(Place, code=code)
    try:
        letters.check_sending()
        is_stopped = False
    except letters.SendingIsStopped:
        is_stopped = True
    context = {"place": place, "is_stopped": is_stopped}
    return render(request, "cxportal/sign_up_done.html", context)


def _join(request: HttpRequest, place: Place, form: JoiningForm) -> None:
    who = joining.Joining(
        source=joining.door(joining.SIGN_UP),
        name=form.cleaned_data["name"],
        contact=form.cleaned_data["contact"],
        wordings=joining.agreed_to(request.POST.getlist("agreed")),
        actor="customer",
        evidence=evidence_of(request),
        place=place,
    )
    try:
        joined = joining.join(who=who, now=timezone.now())
    except suppressing.ErasedPerson:
        return  # who asks is not told that somebody of this address went away
    is_mail = joined.identifier.kind == IdentifierKind.EMAIL
    if not is_mail:
        return
    try:
        letters.check_sending()
        if LINKS.wait_seconds(str(joined.customer.pk), now=timezone.now()):
            return
        send_page_link(
            customer=joined.customer, identifier=joined.identifier, place_name=place.name
        )
    except letters.SendingIsStopped:
        return  # a link that was not sent may be asked for again at once
    except letters.LetterNotSent:
        # Whoever asked learns nothing from a failure; ids only, for whoever reads the log.
        logger.exception("page link for customer %s was not sent", joined.customer.pk)


def _page(
    request: HttpRequest, place: Place, form: JoiningForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "place": place,
        "form": form,
        "boxes": boxes(box_language(""), request.POST.getlist("agreed")),
    }
    return render(request, "cxportal/sign_up.html", context, status=status)
