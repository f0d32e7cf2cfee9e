"""Mails that ask for the confirmation of a yes (double opt-in); the requests are the queue."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.template.loader import render_to_string

from campaigns.services.letters import (
    LetterNotSent,
    SendingIsStopped,
    address_of,
    check_sending,
    send_letter,
)
from cxportal.lib.links import LinkPurpose, link
from profiles.models import ConsentRequest
from profiles.queries.company import company
from profiles.rules.purposes import CONFIRM_WITHIN, purpose_in_words

logger = logging.getLogger(__name__)

BATCH = 50
MOST_ATTEMPTS = 5
# Longer than the mail server's time-outs for a batch would be; a worker that died leaves its requests by it.
LEASE = timedelta(minutes=20)

# Two workers never mail the same request, and one without an address waits until there is one.
_CLAIM = """
    UPDATE profiles_consentrequest r
    SET attempts = attempts + 1, lease_until = clock_timestamp() + %(lease)s
    WHERE r.id IN (
        SELECT q.id FROM profiles_consentrequest q
        JOIN profiles_consententry e ON e.id = q.entry_id
        WHERE q.mailed_at IS NULL AND q.confirmed_at IS NULL AND q.attempts < %(most)s
          AND (q.lease_until IS NULL OR q.lease_until < clock_timestamp())
          AND e.occurred_at BETWEEN %(now)s - %(waits)s AND %(now)s
          AND EXISTS (SELECT 1 FROM profiles_identifier i
              WHERE i.customer_id = e.customer_id AND i.kind = 'email' AND i.bounced_at IS NULL)
        ORDER BY q.id LIMIT %(limit)s FOR UPDATE OF q SKIP LOCKED)
    RETURNING r.id
"""


def ask_due(*, now: datetime, limit: int = 1_000) -> dict[str, int]:
    """Mail what waits for its confirmation; return counts. Safe to run in many workers at once."""
    counts: Counter[str] = Counter()
    try:
        check_sending()
        while sum(counts.values()) < limit and (claimed := _claimed(now)):
            for request in claimed:
                counts[_ask(request, now)] += 1
    except SendingIsStopped:
        counts["stopped"] += 1
    return dict(counts)


def _claimed(now: datetime) -> Sequence[ConsentRequest]:
    params: dict[str, Any] = {
        "lease": LEASE, "most": MOST_ATTEMPTS, "now": now, "waits": CONFIRM_WITHIN, "limit": BATCH,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, params)
        ids = [row[0] for row in cursor.fetchall()]
    requests = ConsentRequest.objects.filter(pk__in=ids).order_by("pk")
    return list(requests.select_related("entry__customer", "entry__wording", "identifier"))


def _ask(request: ConsentRequest, now: datetime) -> str:
    """Mail one request; a failed one is due again when its lease has run out."""
    identifier = request.identifier or address_of(request.entry.customer)
    if identifier is None:
        return "no_address"
    try:
        send_letter(
            recipient=identifier.value,
            subject=f"Please confirm: {purpose_in_words(request.entry.purpose)}",
            words=_words(request),
            now=now,
        )
    except LetterNotSent:
        logger.exception("confirmation of request %s was not sent", request.pk)
        return "failed"
    ConsentRequest.objects.filter(pk=request.pk).update(mailed_at=now, lease_until=None)
    return "sent"


def _words(request: ConsentRequest) -> str:
    wording = request.entry.wording
    context = {
        "company_name": company().name,
        "purpose": purpose_in_words(request.entry.purpose),
        "wording": wording.text if wording else "",
        "days": CONFIRM_WITHIN.days,
        "url": link(LinkPurpose.CONFIRM, "confirm-consent", str(request.public_id)),
    }
    return render_to_string("campaigns/confirm_mail.txt", context)
