"""The page that a mail for double opt-in leads to: one button, and nothing changes before it is pressed.

Mail scanners open links, so opening is no yes. Source: RFC 8058, section 1, on what scanners do to links.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cxportal.lib.errors import DomainError
from cxportal.lib.http import client_address
from cxportal.lib.links import LinkExpired, LinkInvalid, LinkPurpose, subject_of
from profiles.models import ConsentRequest
from profiles.rules.purposes import purpose_in_words
from profiles.services import consenting


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_consent(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a yes was said to; the button lets it count."""
    try:
        asked = _asked(token)
    except LinkExpired:
        return _page(request, {"refused": "This link has expired. You can say yes again."}, 410)
    except (LinkInvalid, ConsentRequest.DoesNotExist, ValidationError):
        return _page(request, {"refused": "This link is not complete. Open it again."}, 404)
    context: dict[str, Any] = {
        "purpose": purpose_in_words(asked.entry.purpose),
        "wording": asked.entry.wording,
        "token": token,
    }
    if request.method != "POST":
        return _page(request, context | {"is_done": asked.confirmed_at is not None})
    evidence = consenting.Evidence(client_address(request), request.headers.get("User-Agent", ""))
    try:
        consenting.confirm(request_id=str(asked.public_id), now=timezone.now(), evidence=evidence)
    except DomainError as error:
        return _page(request, {"refused": error.message}, 410)
    return _page(request, context | {"is_done": True})


def _asked(token: str) -> ConsentRequest:
    requests = ConsentRequest.objects.select_related("entry__wording")
    return requests.get(public_id=subject_of(LinkPurpose.CONFIRM, token))


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "cxportal/confirm_consent.html", context, status=status)
