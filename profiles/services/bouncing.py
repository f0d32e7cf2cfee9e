"""Which addresses do not work: told by whoever sends, from above."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from profiles.models import Identifier
from profiles.rules.names import IdentifierKind
from profiles.services import cleaning, correcting


def bounced(*, address: str, now: datetime) -> bool:
    """Write down that a mail server refused this e-mail address for good; tell whether somebody has it.

    Nothing is sent there any more until it is proven, or said by the customer, to work. Repeatable: the first
    time stands. ``address`` is as it was written to.
    """
    with transaction.atomic():
        held = Identifier.objects.select_for_update(no_key=True).filter(
            kind=IdentifierKind.EMAIL, scope="", value=address.lower()
        )
        identifier = held.first()
        if identifier is None:
            return False
        if identifier.bounced_at is None:
            identifier.bounced_at = now
            identifier.save(update_fields=["bounced_at"])
            cleaning.find(customer_ids=[identifier.customer_id], now=now)
    return True


def works(*, identifier: Identifier, now: datetime) -> None:
    """Write to an address again that had bounced. Repeatable.

    Raises:
        IdentifierUnknown: nobody is known by it any more.
    """
    with transaction.atomic():
        held = Identifier.objects.select_for_update(no_key=True).filter(pk=identifier.pk).first()
        if held is None:
            raise correcting.IdentifierUnknown("Nobody is known by this address any more.")
        if held.bounced_at is not None:
            held.bounced_at = None
            held.save(update_fields=["bounced_at"])
            cleaning.find(customer_ids=[held.customer_id], now=now)
