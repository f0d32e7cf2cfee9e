"""A customer takes their data along, or is erased: on their own page, by its link."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

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

from cxportal.lib.links import LinkExpired, LinkInvalid, LinkPurpose, subject_of
from cxportal.pages.my_page import ACTOR, by_link
from profiles.models import Customer, PrivacyRequest
from profiles.rules.names import PrivacyRequestKind
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
    """Say what goes and what stays, and erase once that was confirmed."""
    if request.method != "POST":
        return render(request, "cxportal/my_erase.html", {"token": token})
    if request.POST.get("agreed") != "yes":
        context = {"token": token, "must_tick": True}
        return render(request, "cxportal/my_erase.html", context, status=422)
    privacy_requests.ask(
        customer=customer, kind=PrivacyRequestKind.ERASURE, by=ACTOR, now=timezone.now()
    )
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
