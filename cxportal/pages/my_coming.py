"""What a customer's own page says of orders ahead: the usual on offer, and what is coming."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from profiles.models import Customer
from profiles.queries import pickups
from profiles.queries.company import company
from profiles.queries.places import Store, stores
from profiles.queries.usual import UsualNow
from profiles.rules.names import PickupKind, PickupState
from profiles.rules.pickups import ORDER_AHEAD, next_time
from profiles.rules.telling import amount_in_words


@dataclass(frozen=True)
class UsualOffer:
    """The usual, to be ready at the store and time where it is taken, unless the customer says otherwise.

    ``once`` makes the order repeatable: the same form sent twice is one order.
    """

    product_id: int
    name: str
    price: str
    store_id: int
    day: date
    at: time
    once: str


@dataclass(frozen=True)
class MyComing:
    """The part "Ready when you arrive"; ``cancelled_id``: what was just cancelled, to offer the way back."""

    offers: Sequence[UsualOffer]
    stores: Sequence[Store]
    first_day: date
    last_day: date
    coming: Sequence[MyPickup]
    cancelled_id: int

    @property
    def is_empty(self) -> bool:
        return not (self.offers or self.coming or self.cancelled_id)


@dataclass(frozen=True)
class MyPickup:
    """Something that is coming; customers cancel what nobody has made yet."""

    pickup: pickups.Coming

    @property
    def may_cancel(self) -> bool:
        return not (self.pickup.kind == PickupKind.ORDER and self.pickup.state == PickupState.READY)


def my_coming(
    *,
    customer: Customer,
    usuals: Sequence[UsualNow],
    zone: ZoneInfo,
    now: datetime,
    just: Mapping[str, str],
) -> MyComing:
    """Bring together what can be ordered and what is coming; ``just`` says what was cancelled a moment ago."""
    company_zone = ZoneInfo(company().time_zone)
    today = now.astimezone(zone).date()
    coming = pickups.coming_of([customer.pk], company_zone=company_zone, now=now)
    open_stores = stores()
    return MyComing(
        offers=_offers(customer.pk, usuals, open_stores, now) if usuals else [],
        stores=open_stores,
        first_day=today,
        last_day=today + ORDER_AHEAD,
        coming=[MyPickup(one) for one in coming.get(customer.pk, [])],
        cancelled_id=_cancelled(customer.pk, just.get("cancelled", ""), now),
    )


def _offers(
    customer_id: int, usuals: Sequence[UsualNow], open_stores: Sequence[Store], now: datetime
) -> Sequence[UsualOffer]:
    house = company()
    company_zone = ZoneInfo(house.time_zone)
    orders = pickups.usual_orders(
        customer_id, [one.product_id for one in usuals], company_zone=company_zone, now=now
    )
    zones = {store.id: store.zone for store in open_stores}
    return [
        UsualOffer(
            product_id=one.product_id,
            name=one.name,
            price=amount_in_words(order.price_minor, house.currency),
            store_id=order.place_id,
            day=next_time(order.at, now + _TO_MAKE, zones.get(order.place_id, company_zone)),
            at=order.at,
            once=uuid.uuid4().hex,
        )
        for one in usuals
        if (order := orders.get(one.product_id))
    ]


# Nothing is offered for the next minutes: it has to be made.
_TO_MAKE = timedelta(minutes=5)


def _cancelled(customer_id: int, text: str, now: datetime) -> int:
    """The order that was just cancelled, while its time lies ahead; 0 for none."""
    is_id = text.isascii() and text.isdecimal() and len(text) <= 18
    found = pickups.cancelled(customer_id, int(text)) if is_id else None
    return found.pk if found and found.starts_at > now else 0
