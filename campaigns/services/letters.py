"""Letters that a customer asked for: a link, a confirmation. They are no marketing, and need no consent.

They honour the switch and the fence like every message. Whoever writes one keeps ids in the log, no address.
"""

from __future__ import annotations

import smtplib
from datetime import datetime

from django.core.mail import send_mail
from django.db.models import F

from campaigns.queries.policy import sending_policy
from campaigns.rules import bounces
from campaigns.services import fencing
from cxportal.lib.errors import DomainError
from profiles.models import Customer, Identifier
from profiles.rules.names import IdentifierKind
from profiles.services import bouncing


class SendingIsStopped(DomainError):
    """Nothing leaves this house at the moment."""

    code = "sending_stopped"


class LetterNotSent(DomainError):
    """The mail server did not take it."""

    code = "letter_not_sent"


def check_sending() -> None:
    """Pass while letters may leave.

    Raises:
        SendingIsStopped: whoever asks, the house sends nothing now.
    """
    if fencing.is_fenced() or sending_policy().stopped_at is not None:
        raise SendingIsStopped(
            "No messages leave at the moment. Try again later, or ask in a store."
        )


def send_letter(*, recipient: str, subject: str, words: str, now: datetime) -> None:
    """Hand one letter to the mail server; never inside a transaction. A mailbox that is none is noted as such.

    Raises:
        SendingIsStopped, LetterNotSent: nothing left, as far as we know.
    """
    check_sending()
    policy = sending_policy()
    sender = f'"{policy.sender_name}" <{policy.sender_email}>'
    try:
        send_mail(subject, words, sender, [recipient])
    except (OSError, smtplib.SMTPException) as error:
        if any(bounces.is_no_mailbox(code, said) for code, said in bounces.refusals(error)):
            bouncing.bounced(address=recipient, now=now)
        raise LetterNotSent("The mail server did not take the message.") from error


def address_of(customer: Customer) -> Identifier | None:
    """The address a letter to a customer goes to: a verified one before others, and none that bounced."""
    addresses = Identifier.objects.filter(
        customer=customer, kind=IdentifierKind.EMAIL, bounced_at=None
    )
    return addresses.order_by(F("verified_at").desc(nulls_last=True), "-pk").first()
