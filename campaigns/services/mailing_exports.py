"""Mails the link of an export to the person it is of; the requests are the queue."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Now
from django.template.loader import render_to_string

from campaigns.services.letters import (
    LetterNotSent,
    SendingIsStopped,
    address_of,
    check_sending,
    send_letter,
)
from cxportal.lib.links import LinkPurpose, link
from profiles.models import Identifier, PrivacyRequest
from profiles.queries.company import company
from profiles.rules.names import IdentifierKind, PrivacyRequestKind

logger = logging.getLogger(__name__)

# Longer than the mail server's time-out; a worker that died leaves its request by it.
LEASE = timedelta(minutes=5)


def mail_ready(*, now: datetime, limit: int = 100) -> dict[str, int]:
    """Mail each export that is ready and was not mailed; return counts. Safe to run in many workers at once."""
    counts: Counter[str] = Counter()
    try:
        check_sending()
        while sum(counts.values()) < limit and (request := _claimed(now)):
            counts[_mail(request, now)] += 1
    except SendingIsStopped:
        counts["stopped"] += 1
    return dict(counts)


def _claimed(now: datetime) -> PrivacyRequest | None:
    # Who asked may have been merged into somebody since; the addresses are there.
    present = Coalesce(OuterRef("customer__merged_into"), OuterRef("customer"))
    has_address = Identifier.objects.filter(
        customer=present, kind=IdentifierKind.EMAIL, bounced_at=None
    )
    with transaction.atomic():
        ready = PrivacyRequest.objects.filter(
            Q(lease_until=None) | Q(lease_until__lt=Now()),
            Exists(has_address),
            kind=PrivacyRequestKind.EXPORT,
            mailed_at=None,
            done_at__isnull=False,
            expires_at__gt=now,
        ).exclude(path="")
        request = (
            ready.order_by("pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("customer__merged_into")
            .first()
        )
        if request is not None:
            PrivacyRequest.objects.filter(pk=request.pk).update(lease_until=Now() + LEASE)
    return request


def _mail(request: PrivacyRequest, now: datetime) -> str:
    """Mail one link; a failed one is due again when its lease has run out."""
    address = address_of(request.customer.present)
    if address is None:
        return "no_address"
    context = {
        "company_name": company().name,
        "url": link(LinkPurpose.EXPORT, "export", str(request.public_id)),
    }
    try:
        send_letter(
            recipient=address.value,
            subject=f"Your data at {company().name}",
            words=render_to_string("campaigns/export_mail.txt", context),
            now=now,
        )
    except LetterNotSent:
        logger.exception("the link of privacy request %s was not sent", request.pk)
        return "failed"
    PrivacyRequest.objects.filter(pk=request.pk).update(mailed_at=now, lease_until=None)
    return "sent"
