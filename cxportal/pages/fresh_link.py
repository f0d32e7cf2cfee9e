"""A fresh link for an expired one, by mail to the address on file.

Whoever holds an expired link may ask; only the address on file gets the answer, and what the
asker sees tells nothing of whether there is one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from campaigns.models import Delivery
from campaigns.services import letters
from cxportal.lib.errors import DomainError
from cxportal.lib.links import LinkExpired, LinkInvalid, LinkPurpose, link, subject_of
from cxportal.lib.rates import RateLimit
from cxportal.pages import erasure_mail
from feedback.models import Invitation
from profiles.models import Customer
from profiles.queries.company import company

logger = logging.getLogger(__name__)

# One link in ten minutes is enough; more would make a nuisance out of somebody's old link.
LINKS = RateLimit("fresh-link", per_second=1 / 600, burst=1)


@dataclass(frozen=True)
class Expired:
    """What an expired link was for, and where its fresh one leads."""

    customer: Customer
    url: str
    leads_to: str


@require_POST
@login_not_required
@never_cache
def fresh(request: HttpRequest, purpose: str, token: str) -> HttpResponse:
    """Mail a fresh link for an expired one; the answer is the same whether or not it can be."""
    if purpose not in FRESH:
        raise Http404
    try:
        subject = subject_of(LinkPurpose(purpose), token)
    except LinkExpired as error:
        subject = str(error.data["subject"])
    except LinkInvalid:
        return render(request, "cxportal/my_page_lost.html", status=404)
    try:
        send_fresh_link(purpose=LinkPurpose(purpose), subject=subject)
    except DomainError as error:
        return render(request, "cxportal/fresh_link.html", {"refused": error.message}, status=503)
    return render(request, "cxportal/fresh_link.html")


def send_fresh_link(*, purpose: LinkPurpose, subject: str) -> None:
    """Mail a new link to the customer, if there is such a customer with an address.

    Raises:
        SendingIsStopped: whoever asks, the house sends nothing now.
    """
    letters.check_sending()
    try:
        expired = FRESH[purpose](subject)
    except ValidationError:  # a public id that is none
        expired = None
    if expired is None or _must_wait(purpose, expired.customer):
        return
    address = letters.address_of(expired.customer)
    if address:
        _send(expired, address.value)


def _must_wait(purpose: LinkPurpose, customer: Customer) -> bool:
    now = timezone.now()
    if purpose == LinkPurpose.ERASE:  # a fresh one counts as the first did
        return erasure_mail.MAILS.wait_seconds(str(customer.pk), now=now) > 0
    return LINKS.wait_seconds(f"{purpose}:{customer.pk}", now=now) > 0


def _my_page(public_id: str) -> Expired | None:
    customer = Customer.objects.followed().filter(public_id=public_id).first()
    return _to_my_page(customer.present) if customer else None


def _to_my_page(customer: Customer) -> Expired:
    url = link(LinkPurpose.MY_PAGE, "my-page", str(customer.public_id))
    return Expired(customer, url, "It leads to your page, and works for 30 days:")


def _why(public_id: str) -> Expired | None:
    delivery = (
        Delivery.objects.select_related("customer__merged_into").filter(public_id=public_id).first()
    )
    if delivery is None:
        return None
    url = link(LinkPurpose.WHY, "campaigns:why", public_id)
    return Expired(delivery.customer.present, url, "It says why you got that message:")


def _erasure(public_id: str) -> Expired | None:
    customer = Customer.objects.followed().filter(public_id=public_id).first()
    if customer is None:
        return None
    url = erasure_mail.erasure_url(customer.present)
    return Expired(customer.present, url, "It completes your erasure, and works for a day:")


def _question(public_id: str) -> Expired | None:
    # A link to a question outlives the question, so the fresh one leads to where open ones stand.
    asked = (
        Invitation.objects.select_related("customer__merged_into")
        .filter(public_id=public_id)
        .first()
    )
    return _to_my_page(asked.customer.present) if asked else None


# A link for stopping never expires, and one to a product has nothing to hide.
FRESH: dict[str, Callable[[str], Expired | None]] = {
    LinkPurpose.MY_PAGE: _my_page,
    LinkPurpose.WHY: _why,
    LinkPurpose.SURVEY: _question,
    LinkPurpose.ERASE: _erasure,
}


def _send(expired: Expired, address: str) -> None:
    house = company()
    words = render_to_string(
        "cxportal/fresh_link_mail.txt", {"company_name": house.name, "expired": expired}
    )
    try:
        letters.send_letter(
            recipient=address,
            subject=f"Your fresh link from {house.name}",
            words=words,
            now=timezone.now(),
        )
    except letters.LetterNotSent:
        # The asker learns nothing from a failure either; ids only, for whoever reads the log.
        logger.exception("fresh link for customer %s was not sent", expired.customer.pk)
