"""The two pages that every message leads to: why me, and stop. No log-in; opening them changes nothing.
The way to the shop beside them keeps that it was gone, and nothing else.

Mail scanners open links, some press buttons: every answer may therefore come twice, and each
does the same the second time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import Delivery
from campaigns.queries.received import Why, delivery_of, product_of, why
from campaigns.rules.answers import CAN_TAKE_BACK, FOLLOWS
from campaigns.rules.attention import is_by_hand
from campaigns.rules.codes import Door, OutcomeKind
from campaigns.services import answering
from cxportal.lib.http import client_address
from cxportal.lib.links import LIFETIME, LinkExpired, LinkInvalid, LinkPurpose, link, subject_of
from feedback.queries import open_cases
from profiles.queries.card import Consent, consents, wording_shown
from profiles.queries.company import company
from profiles.rules.names import Channel, Purpose, masked
from profiles.services import consenting

# What one tap on the why page can say.
TAPS = set(FOLLOWS)


def _by_link(
    purpose: LinkPurpose,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Hand the view the message that a signed link names, or explain the link."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            try:
                delivery = delivery_of(subject_of(purpose, token))
            except LinkExpired:
                context = {"is_expired": True, "token": token}
                return render(request, "campaigns/link_lost.html", context, status=410)
            except LinkInvalid:
                return render(request, "campaigns/link_lost.html", status=404)
            if delivery is None:
                return render(request, "gone.html", status=410)
            return view(request, token, delivery)

        return opened

    return decorate


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_by_link(LinkPurpose.WHY)
def why_me(request: HttpRequest, token: str, delivery: Delivery) -> HttpResponse:
    """Say why this message was written, or take one tap."""
    if request.method != "POST":
        return _why_page(request, token, delivery)
    said, back = request.POST.get("answer", ""), request.POST.get("take_back", "")
    decision, now = delivery.decision, timezone.now()
    if said in TAPS and not back:
        answering.record_outcome(
            decision=decision, kind=OutcomeKind(said), door=Door.PAGE, actor="customer", now=now
        )
    elif back in CAN_TAKE_BACK and not said:
        answering.take_back_answers(
            decision=decision, kind=OutcomeKind(back), door=Door.PAGE, now=now
        )
    else:
        return _why_page(request, token, delivery, status=422)
    return redirect("campaigns:why", token)


def _why_page(
    request: HttpRequest, token: str, delivery: Delivery, *, status: int = 200
) -> HttpResponse:
    page = why(delivery)
    context: dict[str, Any] = {
        "page": page,
        "follows": _follows(page),
        "cases": open_cases([delivery.customer_id]).get(delivery.customer_id, []),
        "stop_url": link(LinkPurpose.STOP, "campaigns:stop", str(delivery.public_id)),
        "my_page_url": _my_page_url(delivery),
        "has_refused": status != 200,
    }
    return render(request, "campaigns/why.html", context, status=status)


def _follows(page: Why) -> list[dict[str, Any]]:
    """Say what each answer given so far leads to, and whether it can be taken back."""
    return [
        {
            "text": FOLLOWS[OutcomeKind(one.kind)].format(
                about=page.about, until=f"{one.until:%-d %B}" if one.until else ""
            ),
            "kind": one.kind,
            "can_take_back": one.kind in CAN_TAKE_BACK,
        }
        for one in page.answers
        if one.kind in FOLLOWS
    ]


def _my_page_url(delivery: Delivery) -> str:
    """Address of the customer's page, as long as the one in the message would still open it.

    A link for stopping lives for ever, and must not become a key to more than stopping.
    """
    lifetime = LIFETIME[LinkPurpose.MY_PAGE]
    if lifetime and delivery.created_at + lifetime < timezone.now():
        return ""
    return link(LinkPurpose.MY_PAGE, "my-page", str(delivery.customer.public_id))


# --- the way to the shop --------------------------------------------------------------------------


@login_not_required
@never_cache
@require_safe
@_by_link(LinkPurpose.BUY)
def buy(request: HttpRequest, token: str, delivery: Delivery) -> HttpResponse:
    """Lead on to the product of a message, and keep that somebody wanted to see it.

    The address comes from the catalogue and not from the link, so that it leads nowhere else.
    """
    product = product_of(delivery)
    if product is None or not product.url:
        return render(request, "gone.html", status=410)
    now = timezone.now()
    if delivery.finished_at and is_by_hand(
        method=request.method or "",
        purpose=request.headers.get("Sec-Purpose") or request.headers.get("Purpose", ""),
        since_sent=now - delivery.finished_at,
    ):
        answering.record_outcome(
            decision=delivery.decision,
            kind=OutcomeKind.BUY_AGAIN,
            door=Door.EMAIL,
            actor="customer",
            now=now,
        )
    return HttpResponseRedirect(product.url)


# --- stop -----------------------------------------------------------------------------------------


@csrf_exempt  # RFC 8058, section 3.2: the mail provider posts without cookies or anything of ours
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_by_link(LinkPurpose.STOP)
def stop(request: HttpRequest, token: str, delivery: Delivery) -> HttpResponse:
    """Ask with one button; any POST stops, whatever it carries, and answers without a redirect."""
    if request.method == "POST":
        answering.stop_delivery(delivery=delivery, door="page", now=timezone.now())
    return _stop_page(request, token, delivery)


@login_not_required
@never_cache
@require_POST
@_by_link(LinkPurpose.STOP)
def start_again(request: HttpRequest, token: str, delivery: Delivery) -> HttpResponse:
    """Take a stop back: a new consent, to the wording that was shown."""
    shown = _consent_of(delivery)
    agreed = request.POST.get("agreed") == "yes" and request.POST.get("wording") == str(
        shown.wording_id
    )
    if not agreed or shown.is_granted:
        return _stop_page(request, token, delivery, must_tick=not shown.is_granted, status=422)
    consenting.grant(
        customer=delivery.customer,
        purpose=Purpose(delivery.campaign.purpose),
        channel=Channel(delivery.channel),
        door="page",
        actor="customer",
        wording=wording_shown(shown),
        occurred_at=timezone.now(),
        evidence=consenting.Evidence(
            client_address(request), request.headers.get("User-Agent", "")
        ),
        is_proven=True,  # only the mailbox that got the message has this link
    )
    return redirect("campaigns:stop", token)


def _stop_page(
    request: HttpRequest,
    token: str,
    delivery: Delivery,
    *,
    must_tick: bool = False,
    status: int = 200,
) -> HttpResponse:
    message = getattr(delivery, "message", None)
    context = {
        "token": token,
        "consent": _consent_of(delivery),
        "recipient": masked(message.recipient) if message else "",
        "my_page_url": _my_page_url(delivery),
        "must_tick": must_tick,
    }
    return render(request, "campaigns/stop.html", context, status=status)


def _consent_of(delivery: Delivery) -> Consent:
    """Where the consent that the message stood on stands now."""
    customer = delivery.customer
    language = customer.language or company().language
    found = consents(customer.pk, language, timezone.now())
    return next(
        one
        for one in found
        if (one.purpose, one.channel) == (delivery.campaign.purpose, delivery.channel)
    )
