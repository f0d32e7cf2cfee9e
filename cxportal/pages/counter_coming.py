"""What a store has coming, and a guest's stays: for the list and the card at the counter."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from profiles.models import Customer
from profiles.queries import pickups
from profiles.queries.company import company_zone
from profiles.queries.households import minded_allergens
from profiles.queries.pickups import Before, Coming
from profiles.queries.places import Store
from profiles.queries.wishes import wishes_of
from profiles.rules.households import ALLERGEN
from profiles.rules.names import Allergen, PickupKind
from profiles.rules.pickups import next_time

_NOTHING = Before([], None)


@dataclass(frozen=True)
class Arrival:
    """One thing that is coming, with what to mind and to know of who comes."""

    coming: Coming
    minded: Sequence[str]
    wishes: Sequence[str]
    before: Before

    @property
    def is_order(self) -> bool:
        return self.coming.kind == PickupKind.ORDER


@dataclass(frozen=True)
class StoreList:
    """The orders that a store has ahead until the end of its day, and who arrives; soonest first."""

    orders: Sequence[Arrival]
    arrivals: Sequence[Arrival]


@dataclass(frozen=True)
class Again:
    """Whom a guest had the last time, with a day and time that a new booking starts from."""

    resource: str
    had_at: datetime
    place: str
    zone: ZoneInfo
    day: date
    at: time
    once: str


@dataclass(frozen=True)
class Visits:
    """What a customer has coming anywhere, the stays before, and whom to book again."""

    coming: Sequence[Coming]
    stays: Sequence[Coming]
    again: Again | None


def store_list(*, store: Store, now: datetime) -> StoreList:
    """Bring a store's list together; the number of queries is fixed."""
    house_zone = company_zone()
    found = pickups.coming_at(store.id, company_zone=house_zone, now=now)
    customers = sorted({one.customer_id for one in found})
    minded = minded_allergens(customers, now)
    wishes = wishes_of(customers, now)
    had = pickups.before(customers, company_zone=house_zone)
    rows = [
        Arrival(
            one,
            [ALLERGEN[Allergen(code)] for code in sorted(minded.get(one.customer_id, ()))],
            wishes.get(one.customer_id, []),
            had.get(one.customer_id, _NOTHING),
        )
        for one in found
    ]
    return StoreList(
        [row for row in rows if row.is_order], [row for row in rows if not row.is_order]
    )


def visits(*, customer: Customer, store: Store, now: datetime) -> Visits:
    """Tell what a customer has coming, and what they had before."""
    house_zone = company_zone()
    coming = pickups.coming_of([customer.pk], company_zone=house_zone, now=now)
    had = pickups.before([customer.pk], company_zone=house_zone).get(customer.pk, _NOTHING)
    return Visits(
        coming=coming.get(customer.pk, []),
        stays=had.stays,
        again=_again(had.last_booking, store, now) if had.last_booking else None,
    )


# Nobody is free within the hour.
_TO_ASK = timedelta(hours=1)


def _again(last: Coming, store: Store, now: datetime) -> Again:
    """Offer the same hour as the last time, on the next day that has it still ahead."""
    at = last.starts_at.astimezone(last.zone).time().replace(second=0, microsecond=0)
    return Again(
        resource=last.resource,
        had_at=last.starts_at,
        place=last.place,
        zone=last.zone,
        day=next_time(at, now + _TO_ASK, store.zone),
        at=at,
        once=uuid.uuid4().hex,
    )
