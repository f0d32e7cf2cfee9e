"""Takes articles of a purchase back: lines with negative quantities, never more than were bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import Customer, Place, Profile, Purchase, PurchaseLine
from profiles.rules.shop_events import Order, OrderLine
from profiles.services import event_orders
from profiles.services.event_orders import ArrivedOrder


class ReturnRefused(DomainError):
    """More would go back than is left of the purchase."""

    code = "return_refused"


class ReturnConflict(DomainError):
    """The system reports something else under a number that is stored already."""

    code = "return_conflict"


def record_return(
    *,
    of: Purchase,
    external_id: str,
    profile: Profile,
    place: Place | None,
    occurred_at: datetime,
    lines: Sequence[OrderLine],
    now: datetime,
) -> Purchase:
    """Store what goes back of a purchase; without lines, all that is left of it.

    Quantities are positive; a price that is left out is the one paid. Locks the customer. Repeatable by
    number within the purchase: the same again returns the first.

    Raises:
        ReturnRefused: more than is left, or something else than was bought; nothing was stored.
        ReturnConflict: the number is stored with other lines; that stays.
    """
    arrived = ArrivedOrder(
        key=0,
        source_id=of.source_id,
        profile_id=profile.pk,
        message_id=external_id,
        order=Order(
            number=of.external_id,
            is_refund=True,
            place=place.code if place else "",
            lines=tuple(
                OrderLine(line.article, -line.quantity, line.unit_price_minor) for line in lines
            ),
        ),
        occurred_at=occurred_at,
    )
    stored = Purchase.objects.filter(
        source_id=of.source_id, external_id=event_orders.refund_number(arrived)
    )
    with transaction.atomic():
        # Two returns of one purchase: the second sees what the first left of it.
        Customer.objects.select_for_update(no_key=True).get(profiles=profile)
        if before := stored.first():
            _check_same(before, arrived)
            return before
        if event_orders.record_orders(arrived=[arrived], now=now):
            raise ReturnRefused("More would go back than is left of the purchase.")
        return stored.get()


def _check_same(before: Purchase, arrived: ArrivedOrder) -> None:
    """Compare articles and quantities; a return of all that is left names none."""
    if not arrived.order.lines:
        return
    known = event_orders.known_products([line.article for line in arrived.order.lines])
    asked = Counter((known.get(line.article), line.quantity) for line in arrived.order.lines)
    rows = PurchaseLine.objects.filter(purchase=before).values_list("product_id", "quantity")
    if asked != Counter(rows):
        raise ReturnConflict(
            "This return is stored already, with other lines. Report it under a number of its own.",
            data={"purchase": before.pk},
        )
