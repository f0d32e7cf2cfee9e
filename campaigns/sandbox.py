"""The sandbox mailbox: an e-mail backend whose messages are pages in the back-office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models.functions import Now

from campaigns.models import SandboxMessage


class SandboxBackend(BaseEmailBackend):
    """Receive messages as a mail server would: what arrives twice stands there twice."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store each message for each recipient; return how many messages were taken."""
        SandboxMessage.objects.bulk_create(
            _received(message, recipient)
            for message in email_messages
            for recipient in message.recipients()
        )
        return len(email_messages)


def _received(message: EmailMessage, recipient: str) -> SandboxMessage:
    html = next(
        (
            part.content
            for part in getattr(message, "alternatives", [])
            if part.mimetype == "text/html"
        ),
        "",
    )
    return SandboxMessage(
        message_id=message.extra_headers.get("Message-ID", ""),
        recipient=recipient,
        sender=message.from_email,
        subject=str(message.subject),
        headers={name: str(value) for name, value in message.extra_headers.items()},
        text=str(message.body),
        html=str(html),
        received_at=_dated(message),
    )


def _dated(message: EmailMessage) -> datetime | Now:
    """Tell when a message was written: in a rehearsal, a day of the past."""
    written = message.extra_headers.get("Date")
    return parsedate_to_datetime(written) if written else Now()
