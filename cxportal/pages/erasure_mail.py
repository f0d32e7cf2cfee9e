"""The mail by which a customer confirms that they want to be erased; it is no marketing, and needs no consent."""

from __future__ import annotations

import math
from datetime import datetime

from django.template.loader import render_to_string

from campaigns.services import letters
from cxportal.lib.errors import DomainError
from cxportal.lib.links import LinkPurpose, link
from cxportal.lib.rates import RateLimit
from profiles.models import Customer, Identifier
from profiles.queries.company import company

# Two at once, and one more every twelve hours: never more than four in a day, whoever has the page's link.
MAILS = RateLimit("erasure-mail", per_second=2 / 86_400, burst=2)


class TooManyMails(DomainError):
    """This customer got enough of these mails for now."""

    code = "too_many_mails"


def erasure_url(customer: Customer) -> str:
    """Return the address that completes the erasure of a customer; it works for a day."""
    return link(LinkPurpose.ERASE, "erase", str(customer.public_id))


def send_link(*, customer: Customer, address: Identifier, now: datetime) -> None:
    """Mail the link that completes an erasure; never inside a transaction.

    Raises:
        TooManyMails, SendingIsStopped, LetterNotSent: nothing left.
    """
    letters.check_sending()
    seconds = MAILS.wait_seconds(str(customer.pk), now=now)
    if seconds:
        hours = math.ceil(seconds / 3600)
        raise TooManyMails(
            "We wrote to you already: look into your mailbox, and among unwanted mail. "
            f"Another mail can be sent in {hours} {'hours' if hours > 1 else 'hour'}."
        )
    house = company()
    context = {"company_name": house.name, "url": erasure_url(customer)}
    letters.send_letter(
        recipient=address.value,
        subject=f"Please confirm: erase me at {house.name}",
        words=render_to_string("cxportal/erasure_mail.txt", context),
        now=now,
    )
