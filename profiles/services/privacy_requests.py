"""What people ask of us about their data: an export or an erasure. The row is the queue.

A worker holds a request by a lease of the database's clock; one that fails for a while is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from cxportal.lib.errors import DomainError
from profiles.models import Customer, PrivacyRequest
from profiles.queries.people import component
from profiles.rules.names import PrivacyRequestKind

PARTED = "parted"
# An export of a hundred thousand rows takes some seconds.
LEASE = timedelta(minutes=10)
AGAIN_AFTER = timedelta(minutes=1)
# Two hours of trying: an import or a message that leaves is over by then.
MOST_ATTEMPTS = 120


class NobodyLeft(DomainError):
    """This person was erased before."""

    code = "nobody_left"


def ask(*, customer: Customer, kind: PrivacyRequestKind, by: str, now: datetime) -> PrivacyRequest:
    """Ask for an export or an erasure of a person, by any of their profiles. Repeatable while it waits.

    Raises:
        NobodyLeft: there is nothing to show or to erase.
    """
    with transaction.atomic():
        standing = component(customer.pk)[0]
        if Customer.objects.filter(pk=standing, erased_at__isnull=False).exists():
            raise NobodyLeft("This person was erased before. There is nothing left of them here.")
        request, _ = PrivacyRequest.objects.get_or_create(
            customer_id=standing,
            kind=kind,
            done_at=None,
            defaults={"public_id": uuid4(), "actor": by, "asked_at": now},
        )
    return request


def parted(*, customer_ids: Sequence[int], now: datetime) -> list[str]:
    """Take back what two who were one customer asked for together; return the files of their exports.

    An export of both belongs to neither, and nobody can say which of them asked to be erased: both may ask
    again. An export that is being written is written anew, of whom it is then.
    """
    theirs = PrivacyRequest.objects.filter(customer_id__in=list(customer_ids))
    waiting = theirs.filter(done_at=None)
    waiting.filter(kind=PrivacyRequestKind.ERASURE).update(
        done_at=now, lease_until=None, error=PARTED
    )
    waiting.update(lease_until=None, attempts=F("attempts") + 1)
    written = theirs.exclude(path="")
    paths = list(written.values_list("path", flat=True))
    written.update(path="", expires_at=now)
    return paths


def has_parted_erasure(*, at: datetime) -> bool:
    """Tell whether a parting at this very instant ended somebody's request to be erased."""
    return PrivacyRequest.objects.filter(
        kind=PrivacyRequestKind.ERASURE, error=PARTED, done_at=at
    ).exists()


def claim_next(*, kind: PrivacyRequestKind) -> PrivacyRequest | None:
    """Take the request that waits longest; None where there is none."""
    with transaction.atomic():
        free = Q(lease_until=None) | Q(lease_until__lt=Now())
        waiting = PrivacyRequest.objects.filter(free, kind=kind, done_at=None)
        request = (
            waiting.filter(attempts__lt=MOST_ATTEMPTS)
            .order_by("asked_at", "pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .first()
        )
        if request is not None:
            PrivacyRequest.objects.filter(pk=request.pk).update(
                lease_until=Now() + LEASE, attempts=F("attempts") + 1
            )
            request.refresh_from_db()
    return request


def put_off(*, request: PrivacyRequest, code: str) -> None:
    """Give a request back, to be asked again in a minute; ``code`` says why."""
    _held(request).update(lease_until=Now() + AGAIN_AFTER, error=code)


def finish(
    *, request: PrivacyRequest, now: datetime, path: str = "", expires_at: datetime | None = None
) -> bool:
    """Write down that it is done; False where another worker has taken it over meanwhile."""
    done = _held(request).update(
        done_at=now, lease_until=None, error="", path=path, expires_at=expires_at
    )
    return bool(done)


def _held(request: PrivacyRequest) -> Any:
    """The row as long as this worker holds it: the attempt is the fence."""
    return PrivacyRequest.objects.filter(pk=request.pk, attempts=request.attempts, done_at=None)
