"""A fresh link to the customer's page, by mail to the address on file.

Whoever holds an expired link may ask; only the address on file gets the answer, and what the
asker sees tells nothing of whether there is one.
"""

from __future__ import annotations

import logging
import smtplib

from django.core.cache import cache
from django.core.mail import send_mail
from django.template.loader import render_to_string

from campaigns.queries.policy import sending_policy
from campaigns.services import fencing
from cxportal.lib.errors import DomainError
from cxportal.lib.links import LinkPurpose, link
from profiles.models import Customer, Identifier
from profiles.queries.company import company
from profiles.rules.names import IdentifierKind

logger = logging.getLogger(__name__)

# One link in ten minutes is enough; more would make a nuisance out of somebody's old link.
PAUSE_SECONDS = 600


class SendingIsStopped(DomainError):
    """Nothing leaves this house at the moment."""

    code = "sending_stopped"


def send_fresh_link(*, customer_public_id: str) -> None:
    """Mail a new link to the customer, if there is such a customer with an address.

    Raises:
        SendingIsStopped: whoever asks, the house sends nothing now.
    """
    if fencing.is_fenced() or sending_policy().stopped_at is not None:
        raise SendingIsStopped(
            "No messages leave at the moment. Try again later, or ask in a store."
        )
    customer = Customer.objects.filter(public_id=customer_public_id).first()
    if customer is None or not cache.add(f"fresh-link:{customer.pk}", True, PAUSE_SECONDS):
        return
    address = (
        Identifier.objects.filter(customer=customer, kind=IdentifierKind.EMAIL)
        .order_by("-verified_at", "-pk")
        .values_list("value", flat=True)
        .first()
    )
    if address:
        _send(customer, address)


def _send(customer: Customer, address: str) -> None:
    policy, house = sending_policy(), company()
    words = render_to_string(
        "cxportal/fresh_link_mail.txt",
        {
            "company_name": house.name,
            "url": link(LinkPurpose.MY_PAGE, "my-page", str(customer.public_id)),
        },
    )
    try:
        send_mail(
            f"Your page at {house.name}",
            words,
            f'"{policy.sender_name}" <{policy.sender_email}>',
            [address],
        )
    except (OSError, smtplib.SMTPException):
        # The asker learns nothing from a failure either; ids only, for whoever reads the log.
        logger.exception("fresh link for customer %s was not sent", customer.pk)
