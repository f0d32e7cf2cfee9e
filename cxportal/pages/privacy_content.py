"""What customers read of their rights on their page: how often staff looked, what became of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
    mailed_to: str
    is_mailed: bool
    url: str
    is_erasing: bool


def my_privacy(*, customer: Customer, now: datetime) -> MyPrivacy:
    """Read how a customer's requests stand."""
    ids = component(customer.pk)
    waiting = set(
        PrivacyRequest.objects.filter(customer_id__in=ids, done_at=None).values_list(
            "kind", flat=True
        )
    )
    ready = ready_export(ids, now)
    address = address_of(customer)
    return MyPrivacy(
        looked=times_looked(customer.pk, now),
        is_writing=PrivacyRequestKind.EXPORT in waiting,
        ready_until=ready.expires_at if ready else None,
        mailed_to=masked(address.value) if address else "",
        is_mailed=bool(ready and ready.mailed_at),
        url=link(LinkPurpose.EXPORT, "export", str(ready.public_id))
        if ready and not address
        else "",
        is_erasing=PrivacyRequestKind.ERASURE in waiting,
    )


def ready_export(customer_ids: list[int], now: datetime) -> PrivacyRequest | None:
    """The newest export of a person that can still be opened."""
    ready = PrivacyRequest.objects.filter(
        customer_id__in=customer_ids, kind=PrivacyRequestKind.EXPORT, expires_at__gt=now
    )
    return ready.exclude(path="").order_by("-pk").first()
