"""Orders ahead, stays and bookings: asked for, made ready, handed over, cancelled.

An order becomes a purchase when it is handed over; so does a stay or booking that has lines. Each change
of state leaves a row of history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from cxportal.lib.errors import DomainError, violated_constraint
from profiles.models import Customer, Pickup, PickupEvent, PickupLine, Place, Profile, Source
from profiles.rules import pickups as rules
from profiles.rules.names import PickupKind, PickupState
from profiles.services import recording
from profiles.services.recording import Line

HOUSE = "house"
_LAPSED_AT_ONCE = 500


class PickupConflict(DomainError):
    """The source asks for something else under a number that stands already."""

    code = "pickup_conflict"


class PickupUnknown(DomainError):
    """There is no such order, stay or booking."""

    code = "pickup_unknown"


class RequestRefused(DomainError):
    """It cannot be asked for like this; ``data["refusal"]`` is a code of ``WishRefusal``."""

    code = "pickup_refused"


class TooManyComing(DomainError):
    """The customer has as many orders coming as one may have."""

    code = "too_many_coming"


class MoveRefused(DomainError):
    """It cannot become that any more; ``data["refusal"]`` is a code of ``MoveRefusal``."""

    code = "pickup_not_moved"


@dataclass(frozen=True)
class Wish:
    """What is asked for: where, when, and what of.

    ``ends_at`` is needed for a stay, ``resource`` for a booking, ``lines`` for an order.
    """

    kind: PickupKind
    place: Place
    starts_at: datetime
    ends_at: datetime | None = None
    resource: str = ""
    wish: str = ""
    lines: Sequence[Line] = ()


def request(
    *, source: Source, external_id: str, profile: Profile, wish: Wish, by: str, now: datetime
) -> Pickup:
    """Keep what a customer asks for. Locks the customer; repeatable by source and number.

    Raises:
        RequestRefused, TooManyComing, recording.QuantityWrong: nothing was stored.
        PickupConflict: this number stands for something else; that stays as it is.
    """
    wish = replace(wish, lines=[replace(line, quantity=_pieces(line)) for line in wish.lines])
    stored = Pickup.objects.filter(source=source, external_id=external_id).first()
    if stored is None:
        _check(wish, now)
        try:
            with transaction.atomic():
                return _request(source, external_id, profile, wish, by, now)
        except IntegrityError as error:
            if violated_constraint(error) != "profiles_pickup_once_per_source":
                raise
        stored = Pickup.objects.get(source=source, external_id=external_id)
    _check_same(stored, profile, wish)
    return stored


def _check(wish: Wish, now: datetime) -> None:
    asked = rules.Asked(
        wish.kind, wish.starts_at, wish.ends_at, bool(wish.lines), wish.resource.strip()
    )
    if refusal := rules.refusal_of_request(asked, now):
        raise RequestRefused(rules.WISH_WORDS[refusal], data={"refusal": refusal.value})


def _pieces(line: Line) -> Decimal:
    quantity = recording.quantity_of(line)
    if quantity < 0:
        raise recording.QuantityWrong("An order has quantities above zero.")
    return quantity


def _request(
    source: Source, external_id: str, profile: Profile, wish: Wish, by: str, now: datetime
) -> Pickup:
    owner = _locked_owner(profile.pk)
    if wish.kind == PickupKind.ORDER and _coming(owner, now) >= rules.MOST_COMING:
        message = f"There are {rules.MOST_COMING} orders coming already. Fetch or cancel one first."
        raise TooManyComing(message, data={"most": rules.MOST_COMING})
    pickup = Pickup.objects.create(
        kind=wish.kind,
        state=PickupState.REQUESTED,
        customer=owner,
        origin_profile=profile,
        place=wish.place,
        source=source,
        external_id=external_id,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        resource=wish.resource.strip(),
        wish=wish.wish.strip(),
        created_at=now,
    )
    PickupLine.objects.bulk_create(
        PickupLine(
            pickup=pickup,
            product=line.product,
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
        )
        for line in wish.lines
    )
    _remember(pickup, by, now)
    return pickup


def _coming(owner: Customer, now: datetime) -> int:
    return Pickup.objects.filter(
        customer=owner,
        kind=PickupKind.ORDER,
        state__in=rules.COMING,
        starts_at__gt=now - rules.GIVEN_UP_AFTER,
    ).count()


def _check_same(stored: Pickup, profile: Profile, wish: Wish) -> None:
    asked = Counter((line.product.pk, line.quantity, line.unit_price_minor) for line in wish.lines)
    held = stored.lines.values_list("product_id", "quantity", "unit_price_minor")
    same = (
        stored.origin_profile_id == profile.pk
        and (stored.kind, stored.place_id) == (wish.kind, wish.place.pk)
        and (stored.starts_at, stored.ends_at) == (wish.starts_at, wish.ends_at)
        and (stored.resource, stored.wish) == (wish.resource.strip(), wish.wish.strip())
        and Counter(held) == asked
    )
    if not same:
        raise PickupConflict(
            "This number stands for something else already. Ask under a number of its own.",
            data={"pickup": stored.pk},
        )


# --- what becomes of it ---------------------------------------------------------------------------


def mark_ready(*, pickup_id: int, by: str, now: datetime) -> Pickup:
    """Say that it waits, the room is made, or the booking stands. Repeatable.

    Raises:
        PickupUnknown, MoveRefused: nothing was changed.
    """
    with transaction.atomic():
        return _moved(pickup_id, PickupState.READY, by=by, now=now)


def take_back(*, pickup_id: int, by: str, now: datetime) -> Pickup:
    """Undo "ready" or "cancelled": it is asked for again. Repeatable.

    Raises:
        PickupUnknown, MoveRefused: nothing was changed.
        TooManyComing: the customer ordered others meanwhile.
    """
    with transaction.atomic():
        return _moved(pickup_id, PickupState.REQUESTED, by=by, now=now)


def cancel(*, pickup_id: int, by: str, now: datetime) -> Pickup:
    """Say that it is not wanted, or cannot be had. Repeatable.

    Raises:
        PickupUnknown, MoveRefused: nothing was changed.
    """
    with transaction.atomic():
        return _moved(pickup_id, PickupState.CANCELLED, by=by, now=now)


def hand_over(*, pickup_id: int, by: str, now: datetime) -> Pickup:
    """Give it to the customer: what has lines becomes a purchase of now, at its place. Repeatable.

    Raises:
        PickupUnknown, MoveRefused: nothing was changed.
        recording.PurchaseConflict: the source reported a purchase of its own under the number.
    """
    with transaction.atomic():
        pickup = _moved(pickup_id, PickupState.HANDED_OVER, by=by, now=now)
        lines = list(pickup.lines.select_related("product").order_by("pk"))
        if pickup.purchase_id is None and lines:
            pickup.purchase = recording.record_purchase(
                source=pickup.source,
                external_id=f"pickup-{pickup.pk}",
                profile=pickup.origin_profile,
                place=pickup.place,
                occurred_at=now,
                lines=[Line(line.product, line.quantity, line.unit_price_minor) for line in lines],
                now=now,
            )
            pickup.save(update_fields=["purchase"])
        return pickup


def lapse(*, now: datetime, limit: int = _LAPSED_AT_ONCE) -> int:
    """Give up orders that nobody fetched for two days; returns how many. Safe to run twice."""
    overdue = Pickup.objects.filter(
        kind=PickupKind.ORDER,
        state__in=rules.COMING,
        starts_at__lt=now - rules.GIVEN_UP_AFTER,
    ).order_by("starts_at", "pk")
    ids = list(overdue.values_list("pk", flat=True)[:limit])
    for pickup_id in ids:
        with transaction.atomic():
            held = _locked(pickup_id)
            if held.state in rules.COMING:  # not fetched since the list was made
                _to(held, PickupState.CANCELLED, by=HOUSE, now=now)
    return len(ids)


def _moved(pickup_id: int, to: PickupState, *, by: str, now: datetime) -> Pickup:
    """Lock, decide, write, with a row of history; what stands so already stays untouched."""
    pickup = _locked(pickup_id)
    standing = rules.Standing(PickupKind(pickup.kind), PickupState(pickup.state), pickup.starts_at)
    if refusal := rules.refusal_of_move(standing, to, by=by, now=now):
        words = rules.MOVE_WORDS[refusal].format(
            state=rules.state_in_words(pickup.kind, pickup.state)
        )
        raise MoveRefused(words, data={"refusal": refusal.value, "pickup": pickup.pk})
    if pickup.state == to:
        return pickup
    comes_again = pickup.state == PickupState.CANCELLED and pickup.kind == PickupKind.ORDER
    if comes_again and _coming(pickup.customer, now) >= rules.MOST_COMING:
        message = f"There are {rules.MOST_COMING} orders coming already. Fetch or cancel one first."
        raise TooManyComing(message, data={"most": rules.MOST_COMING})
    _to(pickup, to, by=by, now=now)
    return pickup


def _to(pickup: Pickup, state: PickupState, *, by: str, now: datetime) -> None:
    pickup.state = state
    pickup.save(update_fields=["state"])
    _remember(pickup, by, now)


def _remember(pickup: Pickup, by: str, now: datetime) -> None:
    PickupEvent.objects.create(pickup=pickup, state=pickup.state, actor=by, occurred_at=now)


def _locked(pickup_id: int) -> Pickup:
    """Lock the customer, then the row: a merge goes the same way."""
    known = Pickup.objects.filter(pk=pickup_id).values_list("origin_profile_id", flat=True).first()
    if known is None:
        raise PickupUnknown("There is no such order, stay or booking.", data={"id": pickup_id})
    _locked_owner(known)
    return (
        Pickup.objects.select_for_update(no_key=True, of=("self",))
        .select_related("source", "place", "origin_profile", "customer")
        .get(pk=pickup_id)
    )


def _locked_owner(profile_id: int) -> Customer:
    return Customer.objects.select_for_update(no_key=True, of=("self",)).get(profiles=profile_id)
