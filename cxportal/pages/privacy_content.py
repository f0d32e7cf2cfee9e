"""What customers read of their rights on their page: how often staff looked, what became of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from campaigns.services.letters import address_of
from cxportal.lib.links import LinkPurpose, link
from profiles.models import Customer, PrivacyRequest
from profiles.queries.looks import times_looked
from profiles.queries.people import component
from profiles.rules.names import PrivacyRequestKind, masked


@dataclass(frozen=True)
class MyPrivacy:
    """``url`` is empty where the link goes by mail: whoever has the page's link sees the page."""

    looked: int
    is_writing: bool
    ready_until: datetime | None
    request_id: UUID | None
    mailed_to: str
    is_mailed: bool
    url: str
    is_erasing: bool


def my_privacy(*, customer: Customer, now: datetime) -> MyPrivacy:
    """Read how a customer's requests stand."""
    ids = component(customer.pk)
    requests = PrivacyRequest.objects.filter(customer_id__in=ids).order_by("-pk")
    of_use = list(requests.filter(Q(done_at=None) | Q(expires_at__gt=now)))
    waiting = {one.kind for one in of_use if one.done_at is None}
    ready = next((one for one in of_use if one.path), None)
    address = address_of(customer)
    is_open = ready is not None and address is None
    return MyPrivacy(
        looked=times_looked(ids, now),
        is_writing=PrivacyRequestKind.EXPORT in waiting,
        ready_until=ready.expires_at if ready else None,
        request_id=ready.public_id if ready else None,
        mailed_to=masked(address.value) if address else "",
        is_mailed=bool(ready and ready.mailed_at),
        url=link(LinkPurpose.EXPORT, "export", str(ready.public_id)) if ready and is_open else "",
        is_erasing=PrivacyRequestKind.ERASURE in waiting,
    )
