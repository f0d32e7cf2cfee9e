"""What customers have coming: for a store's list, the customer's page, the card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from profiles.models import Customer, Pickup, PickupLine, Profile
from profiles.queries.usual import LOOK_BACK
from profiles.rules.names import PickupKind, PickupState
from profiles.rules.pickups import COMING, GIVEN_UP_AFTER, state_in_words, to_five_minutes

MOST_LISTED = 200
MOST_STAYS = 5


@dataclass(frozen=True)
class Coming:
    """An order, stay or booking in words; times are those of its place."""

    id: int
    kind: str
    state: str
    customer_id: int
    name: str
    place: str
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime | None
    resource: str
    wish: str
    lines: Sequence[str]

    @property
    def state_words(self) -> str:
        return state_in_words(self.kind, self.state)

    @property
    def is_ready(self) -> bool:
        return self.state == PickupState.READY

    @property
    def what(self) -> str:
        """What it is about: its articles, or who or what is booked."""
        return ", ".join(self.lines) or self.resource


@dataclass(frozen=True)
class Before:
    """What a guest had of us before: the last resource that was booked, and stays, the newest first."""

    stays: Sequence[Coming]
    last_booking: Coming | None


@dataclass(frozen=True)
class UsualOrder:
    """Where and when a customer usually takes an article, and what it cost last (minor units)."""

    product_id: int
    place_id: int
    at: time
    price_minor: int


def coming_at(place_id: int, *, company_zone: ZoneInfo, now: datetime) -> Sequence[Coming]:
    """List what a store has coming until the end of its day, soonest first; in two queries.

    What was not fetched stays on the list until it is given up.
    """
    rows = _coming().filter(place_id=place_id, starts_at__gt=now - GIVEN_UP_AFTER)
    rows = rows.filter(starts_at__lt=now + timedelta(days=2))
    found = _in_words(rows.order_by("starts_at", "pk")[:MOST_LISTED], company_zone)
    return [one for one in found if one.starts_at < _day_end(now, one.zone)]


def count_at(place_id: int, *, zone: ZoneInfo, now: datetime) -> int:
    """Count the orders that a store has ahead until the end of its day."""
    return Pickup.objects.filter(
        kind=PickupKind.ORDER,
        state__in=COMING,
        place_id=place_id,
        starts_at__gt=now - GIVEN_UP_AFTER,
        starts_at__lt=_day_end(now, zone),
    ).count()


def _day_end(now: datetime, zone: ZoneInfo) -> datetime:
    day = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(0), zone)


def coming_of(
    customer_ids: Sequence[int], *, company_zone: ZoneInfo, now: datetime
) -> Mapping[int, Sequence[Coming]]:
    """List what these customers have coming anywhere, soonest first; in two queries."""
    rows = _coming().filter(customer_id__in=customer_ids, starts_at__gt=now - GIVEN_UP_AFTER)
    found: dict[int, list[Coming]] = {}
    for one in _in_words(rows.order_by("starts_at", "pk")[:MOST_LISTED], company_zone):
        found.setdefault(one.customer_id, []).append(one)
    return found


def cancelled(customer_id: int, pickup_id: int) -> Pickup | None:
    """Return an order that its customer may want back."""
    rows = Pickup.objects.filter(pk=pickup_id, customer_id=customer_id, kind=PickupKind.ORDER)
    return rows.filter(state=PickupState.CANCELLED).first()


def before(customer_ids: Sequence[int], *, company_zone: ZoneInfo) -> Mapping[int, Before]:
    """Tell of these customers which stays they had and whom they booked last; in two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, {"customers": list(customer_ids), "stays": MOST_STAYS})
        ids = [row[0] for row in cursor.fetchall()]
    rows = _rows().filter(pk__in=ids).order_by("-starts_at", "-pk")
    found: dict[int, list[Coming]] = {}
    for one in _in_words(rows, company_zone) if ids else []:
        found.setdefault(one.customer_id, []).append(one)
    return {customer: _before(had) for customer, had in found.items()}


def _before(had: Sequence[Coming]) -> Before:
    return Before(
        stays=[one for one in had if one.kind == PickupKind.STAY],
        last_booking=next((one for one in had if one.kind == PickupKind.BOOKING), None),
    )


# For each customer the newest stays, and the newest booking of somebody or something.
_BEFORE = """
    SELECT p.id FROM unnest(%(customers)s::bigint[]) AS c(id)
    CROSS JOIN LATERAL (
        (SELECT id FROM profiles_pickup
         WHERE customer_id = c.id AND kind = 'stay' AND state = 'handed_over'
         ORDER BY starts_at DESC, id DESC LIMIT %(stays)s)
        UNION ALL
        (SELECT id FROM profiles_pickup
         WHERE customer_id = c.id AND kind = 'booking' AND state = 'handed_over' AND resource <> ''
         ORDER BY starts_at DESC, id DESC LIMIT 1)) p
"""


def usual_orders(
    customer_id: int, product_ids: Sequence[int], *, company_zone: ZoneInfo, now: datetime
) -> Mapping[int, UsualOrder]:
    """Tell where, when and for how much a customer takes these articles; one query."""
    params: dict[str, Any] = {
        "customer": customer_id,
        "products": list(product_ids),
        "zone": company_zone.key,
        "from": now - LOOK_BACK,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_USUAL_ORDERS, params)
        return {
            product: UsualOrder(product, place or 0, to_five_minutes(second), price)
            for product, place, second, price in cursor.fetchall()
        }


# A store only: nothing is fetched from a web shop. The time is the middle one of those taken in stores.
_USUAL_ORDERS = """
    SELECT l.product_id, mode() WITHIN GROUP (ORDER BY s.id),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM
               (b.occurred_at AT TIME ZONE COALESCE(NULLIF(s.time_zone, ''), %(zone)s))::time)::float)
               FILTER (WHERE s.id IS NOT NULL),
           (array_agg(l.unit_price_minor ORDER BY b.occurred_at DESC, l.id DESC))[1]
    FROM profiles_purchaseline l
    JOIN profiles_purchase b ON b.id = l.purchase_id
    LEFT JOIN profiles_place s ON s.id = b.place_id AND s.kind = 'store'
    WHERE l.customer_id = %(customer)s AND l.product_id = ANY(%(products)s) AND l.quantity > 0
      AND l.occurred_at > %(from)s AND l.occurred_at <= %(now)s
    GROUP BY l.product_id HAVING count(s.id) > 0
"""


def profile_for(customer: Customer) -> Profile | None:
    """Return the profile that a customer's own orders are kept with: the first; None: there is none."""
    return Profile.objects.filter(customer=customer).order_by("pk").first()


def _rows() -> QuerySet[Pickup]:
    return Pickup.objects.select_related("customer", "place")


def _coming() -> QuerySet[Pickup]:
    return _rows().filter(state__in=[str(state) for state in COMING])


def _in_words(rows: Iterable[Pickup], company_zone: ZoneInfo) -> Sequence[Coming]:
    found = list(rows)
    lines: dict[int, list[str]] = {}
    held = PickupLine.objects.filter(pickup__in=[one.pk for one in found])
    for line in held.select_related("product").order_by("pk"):
        name = line.product.name or line.product.code
        lines.setdefault(line.pickup_id, []).append(_counted(line.quantity, name))
    return [_one(row, lines.get(row.pk, []), company_zone) for row in found]


def _one(row: Pickup, lines: Sequence[str], company_zone: ZoneInfo) -> Coming:
    return Coming(
        id=row.pk,
        kind=row.kind,
        state=row.state,
        customer_id=row.customer_id,
        name=row.customer.name,
        place=row.place.name,
        zone=ZoneInfo(row.place.time_zone) if row.place.time_zone else company_zone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        resource=row.resource,
        wish=row.wish,
        lines=lines,
    )


def _counted(quantity: Decimal, name: str) -> str:
    """Say how many of what.

    >>> _counted(Decimal("1.000"), "Latte"), _counted(Decimal("2.500"), "Bread")
    ('Latte', '2.5 × Bread')
    """
    return name if quantity == 1 else f"{quantity.normalize():f} × {name}"
