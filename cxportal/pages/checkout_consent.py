"""The consent box that a shop's checkout embeds: by one script tag, or by one plain form.

The shop's own pages are known by their origin, which every browser sends with a form or a script's request;
a program without one is not the customer. No answer tells whether an address is known.
Source: Fetch standard, "Origin" header and CORS protocol.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cxportal.lib.errors import DomainError
from cxportal.lib.http import client_address
from cxportal.lib.rates import RateLimit
from cxportal.pages.joining_forms import box_language, evidence_of
from profiles.models import Source
from profiles.queries.card import offered_to_newcomers
from profiles.queries.company import company
from profiles.rules.origins import normal_origin
from profiles.rules.purposes import purpose_in_words
from profiles.services import joining

FROM_ONE_ADDRESS = RateLimit("checkout", per_second=60 / 3600, burst=60)
THANKS = "Thank you. Where a confirmation is needed, a mail asks for it."


class CheckoutForm(forms.Form):
    email = forms.EmailField(max_length=254, error_messages={"required": "An address is needed."})
    name = forms.CharField(required=False, max_length=200)
    website = forms.CharField(required=False, max_length=200)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD"])
def boxes(request: HttpRequest, shop: str) -> HttpResponse:
    """Tell the present wordings of a shop's language, each with the key that the answer names."""
    source = _shop(shop)
    language = box_language(request.GET.get("language", ""))
    shown = [
        {
            "wording": f"{one.purpose}.{one.language}.{one.version}",
            "purpose": one.purpose,
            "title": purpose_in_words(one.purpose).capitalize(),
            "text": one.text,
            "language": one.language,
        }
        for one in offered_to_newcomers(language)
    ]
    answer = JsonResponse({"company": company().name, "language": language, "boxes": shown})
    return _shared(request, source, answer)


@csrf_exempt  # posted from the shop's page, without cookies of ours; the origin is checked instead
@login_not_required
@never_cache
@require_http_methods(["POST", "OPTIONS"])
def agree(request: HttpRequest, shop: str) -> HttpResponse:
    """Take what a customer ticked in a shop's checkout, with the wording that was shown there."""
    source = _shop(shop)
    if _origin(request) not in _allowed(source):
        return _told(request, source, "This page may not ask for consent here.", status=403)
    if request.method == "OPTIONS":
        return _shared(request, source, HttpResponse(status=204))
    form = CheckoutForm(request.POST)
    wordings = joining.agreed_to(request.POST.getlist("agreed"))
    if not form.is_valid():
        return _told(request, source, _first_error(form), status=422)
    if form.cleaned_data["website"]:
        return _told(request, source, THANKS)
    if not wordings:
        return _told(request, source, "No box was ticked. Nothing was stored.", status=422)
    if FROM_ONE_ADDRESS.wait_seconds(client_address(request), now=timezone.now()):
        return _told(request, source, "Too many from here in an hour.", status=429)
    who = joining.Joining(
        source=source,
        name=form.cleaned_data["name"],
        contact=form.cleaned_data["email"],
        wordings=wordings,
        actor="customer",
        evidence=evidence_of(request),
    )
    try:
        joining.join(who=who, now=timezone.now())
    except DomainError as error:
        return _told(request, source, error.message, status=422)
    return _told(request, source, THANKS)


def _shop(code: str) -> Source:
    return get_object_or_404(Source.objects.exclude(origins=[]), code=code)


def _allowed(source: Source) -> set[str]:
    return {*source.origins, normal_origin(settings.SITE_URL)}


def _origin(request: HttpRequest) -> str:
    return request.headers.get("Origin", "")


def _first_error(form: forms.Form) -> str:
    return next(str(errors[0]) for errors in form.errors.values())


def _told(request: HttpRequest, source: Source, words: str, *, status: int = 200) -> HttpResponse:
    """Answer the script in JSON, and a plain form with a page."""
    if "application/json" in request.headers.get("Accept", ""):
        body: dict[str, Any] = {"ok": status == 200, "message": words}
        return _shared(request, source, JsonResponse(body, status=status))
    context = {"words": words, "is_refused": status != 200, "shop": source.name}
    return render(request, "cxportal/checkout_consent.html", context, status=status)


def _shared(request: HttpRequest, source: Source, answer: HttpResponse) -> HttpResponse:
    """Let the shop's script read the answer; no cookies are ever part of it."""
    patch_vary_headers(answer, ["Origin"])
    # Wordings and answers hold nothing of a person; the policy of our pages would keep them from the shop.
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    if _origin(request) in _allowed(source):
        answer["Access-Control-Allow-Origin"] = _origin(request)
        answer["Access-Control-Allow-Methods"] = "GET, POST"
        answer["Access-Control-Allow-Headers"] = "accept, content-type"
        answer["Access-Control-Max-Age"] = "600"
    return answer
