"""Supposes that something is so at this moment: where a customer is, what lies in the basket, what just happened.

It counts for whatever is asked meanwhile exactly as if it had come in as events, and afterwards it never was:
the rows are taken back with the transaction that they were written in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from profiles.models import ConsentEntry, Customer, Place, Product, Touchpoint
from profiles.rules.names import Channel, Purpose, TouchpointKind
from profiles.rules.whereabouts import is_about_a_place

# As shops and devices call it.
_PUT_IN, _CAME_BY = "Product Added", "Geofence Entered"


@dataclass(frozen=True)
class InBasket:
    """A line of a basket, by the shop's own code of the product."""

    product: str
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True)
class Situation:
    """What is so at this moment; ``is_served``: they stand at the counter of ``place``, and do not pass it."""

    place: Place | None = None
    is_served: bool = False
    basket: Sequence[InBasket] = ()
    event: str = ""


@dataclass(frozen=True)
class LeftOut:
    """What could not count, and why: "place", "event", or the code of a product."""

    what: str
    why: str


NOT_AGREED = "they did not agree that where they are is used"
NOT_KNOWN = "the catalogue does not know this product"


@contextmanager
def supposed(
    *, customer: Customer, situation: Situation, now: datetime
) -> Iterator[Sequence[LeftOut]]:
    """Let a situation count inside; yields what of it does not.

    Without consent to location nothing counts that says where the customer is.
    """
    touches, left_out = _touches(customer, situation, now)
    if not touches:
        yield left_out
        return
    with transaction.atomic():
        Touchpoint.objects.bulk_create(touches)
        try:
            yield left_out
        finally:
            transaction.set_rollback(True)


def _touches(
    customer: Customer, situation: Situation, now: datetime
) -> tuple[list[Touchpoint], list[LeftOut]]:
    happened: list[tuple[TouchpointKind, str, Place | None, dict[str, str]]] = []
    left_out: list[LeftOut] = []
    may_locate = _may_locate(customer, situation, now)
    if situation.place and may_locate:
        kind = TouchpointKind.VISIT if situation.is_served else TouchpointKind.TRACK
        name = "" if situation.is_served else _CAME_BY
        happened.append((kind, name, situation.place, {}))
    elif situation.place:
        left_out.append(LeftOut("place", NOT_AGREED))
    if is_about_a_place(situation.event) and not may_locate:
        left_out.append(LeftOut("event", NOT_AGREED))
    elif situation.event:
        place = situation.place if may_locate else None
        happened.append((TouchpointKind.TRACK, situation.event, place, {}))
    known = _known(situation.basket)
    for line in situation.basket:
        if line.product in known:
            data = {"product": line.product, "quantity": str(line.quantity)}
            happened.append((TouchpointKind.TRACK, _PUT_IN, None, data))
        else:
            left_out.append(LeftOut(line.product, NOT_KNOWN))
    return _rows(customer, happened, now), left_out


def _may_locate(customer: Customer, situation: Situation, now: datetime) -> bool:
    if not (situation.place or is_about_a_place(situation.event)):
        return False
    return bool(ConsentEntry.objects.granting([customer.pk], Purpose.LOCATION, Channel.NONE, now))


def _known(basket: Sequence[InBasket]) -> set[str]:
    codes = {line.product for line in basket}
    return set(Product.objects.filter(code__in=codes).values_list("code", flat=True))


def _rows(
    customer: Customer,
    happened: Sequence[tuple[TouchpointKind, str, Place | None, dict[str, str]]],
    now: datetime,
) -> list[Touchpoint]:
    profile = customer.profiles.order_by("pk").first() if happened else None
    if profile is None:
        return []
    return [
        Touchpoint(
            customer=customer,
            origin_profile=profile,
            source_id=profile.source_id,
            place=place,
            kind=kind,
            name=name,
            data=data,
            occurred_at=now,
            recorded_at=now,
        )
        for kind, name, place, data in happened
    ]
