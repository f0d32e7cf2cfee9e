"""A customer takes their data along, or is erased: by the link to their own page, and one that comes by mail."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import Task
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerAway

from campaigns.services import letters
from cxportal.lib.errors import DomainError
from cxportal.lib.links import LinkExpired, LinkInvalid, LinkPurpose, subject_of
from cxportal.pages import erasure_mail
from cxportal.pages.my_page import ACTOR, by_link, by_link_for
from cxportal.pages.privacy_content import my_privacy
from profiles.models import Customer, Identifier, PrivacyRequest
from profiles.rules.names import PrivacyRequestKind, masked
from profiles.services import privacy_requests
from profiles.tasks import erase_people, write_exports


@require_POST
@by_link
def export(request: HttpRequest, token: str, customer: Customer) -> HttpResponse:
    """Ask for everything we have, as one file."""
    privacy_requests.ask(
        customer=customer, kind=PrivacyRequestKind.EXPORT, by=ACTOR, now=timezone.now()
    )
    ring(write_exports)
    messages.success(request, "We are putting it together. It takes a minute at most.")
    return redirect(f"{reverse('my-page', args=[token])}#privacy")


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def erase(request: HttpRequest, token: str, customer: Customer) -> HttpResponse:
    """Say what goes and what stays, and have it confirmed by mail: the link to a page may be in other hands.

    Whom no mail reaches confirms on the page itself.
    """
    address = letters.address_of(customer)
    context = {"token": token, "address": masked(address.value) if address else ""}
    if request.method != "POST":
        return render(request, "cxportal/my_erase.html", context)
    if address:
        return _mail_link(request, context, customer, address)
    if request.POST.get("agreed") != "yes":
        return render(request, "cxportal/my_erase.html", context | {"must_tick": True}, status=422)
    return _erase(request, customer)


def _mail_link(
    request: HttpRequest, context: dict[str, Any], customer: Customer, address: Identifier
) -> HttpResponse:
    try:
        erasure_mail.send_link(customer=customer, address=address, now=timezone.now())
    except DomainError as error:
        status = 429 if isinstance(error, erasure_mail.TooManyMails) else 503
        return render(
            request, "cxportal/my_erase.html", context | {"refused": error.message}, status=status
        )
    messages.success(
        request,
        f"We sent a mail to {context['address']}; the link in it completes this, within a day.",
    )
    return redirect(f"{reverse('my-page', args=[context['token']])}#privacy")


@require_http_methods(["GET", "HEAD", "POST"])
@by_link_for(
    LinkPurpose.ERASE, expired="cxportal/erase_expired.html", gone="cxportal/erase_done.html"
)
def complete_erasure(request: HttpRequest, token: str, customer: Customer) -> HttpResponse:
    """Show once more what goes; the button erases. Opening changes nothing, for mail scanners open links."""
    if request.method == "POST":
        return _erase(request, customer)
    if my_privacy(customer=customer, now=timezone.now()).is_erasing:
        return render(request, "cxportal/my_erasing.html")
    return render(request, "cxportal/erase.html", {"token": token})


def _erase(request: HttpRequest, customer: Customer) -> HttpResponse:
    try:
        privacy_requests.ask(
            customer=customer, kind=PrivacyRequestKind.ERASURE, by=ACTOR, now=timezone.now()
        )
    except privacy_requests.NobodyLeft:
        return render(request, "cxportal/erase_done.html", status=410)
    ring(erase_people)
    return render(request, "cxportal/my_erasing.html")


def ring(task: Task) -> None:
    """Wake a worker at once; with the broker away, the next tick finds the request."""
    with suppress(BrokerAway, OSError):
        task.apply_async(retry=False, expires=60)


@require_safe
@login_not_required
@never_cache
def export_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Hand out the file of an export, as long as it is there."""
    try:
        found = PrivacyRequest.objects.filter(public_id=subject_of(LinkPurpose.EXPORT, token))
        asked = found.first()
    except LinkInvalid:
        return render(request, "cxportal/my_page_lost.html", status=404)
    except (LinkExpired, ValidationError):
        asked = None
    return handed_out(asked) or render(request, "cxportal/export_gone.html", status=410)


def handed_out(asked: PrivacyRequest | None) -> FileResponse | None:
    """The file of an export as an answer; None where it is gone, or its time is over."""
    is_ready = asked and asked.path and asked.expires_at and asked.expires_at > timezone.now()
    if not (asked and is_ready and Path(asked.path).is_file()):
        return None
    file = Path(asked.path).open("rb")  # noqa: SIM115 (the answer closes it)
    return FileResponse(file, as_attachment=True, filename="my-data.zip")
