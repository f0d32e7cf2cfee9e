"""What is coming today: the usual ordered ahead, and a guest who stays for the third time."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from cxportal.demo import story_people
from cxportal.demo.catalogue import ARTICLES, MAIN_STREET
from cxportal.demo.enrolling import customer_of
from profiles.models import Place, Product, Profile, Source
from profiles.queries.pickups import profile_for
from profiles.rules.names import PickupKind, SourceKind
from profiles.services import pickups
from profiles.services.pickups import Wish
from profiles.services.recording import Line

# Who has what ready in how many minutes; the demo is looked at when it is fresh.
ORDERED = (
    (story_people.DOLORES, story_people.LARGE_COFFEE, 20),
    (story_people.LOW_SCORE, "LU-101", 55),
    (story_people.COMPLAINT, story_people.HAZELNUT_BEANS, 110),
)
# Days before today on which the guest came, and for how long.
STAYED = ((292, 3), (157, 4))
ROOM = "Room 4, above the shop"


def come(*, now: datetime) -> None:
    """Let the orders and the guest's stays be known, as the page and the house's own system report them."""
    place = Place.objects.get(code=MAIN_STREET.code)
    page = _source("my-page", "Customer's page", SourceKind.PAGE)
    for code, article, minutes in ORDERED:
        pickups.request(
            source=page,
            external_id=f"demo-{code}",
            profile=_profile(code),
            wish=_order(place, article, _five(now) + timedelta(minutes=minutes)),
            by="customer",
            now=now,
        )
    _stay_again(place, now)


def _order(place: Place, article: str, at: datetime) -> Wish:
    price = next(one.price_minor for one in ARTICLES if one.code == article)
    lines = [Line(Product.objects.get(code=article), Decimal(1), price)]
    return Wish(PickupKind.ORDER, place, at, lines=lines)


def _five(now: datetime) -> datetime:
    """The next time that one would say."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=5 - now.minute % 5)


def _stay_again(place: Place, now: datetime) -> None:
    """S04: earlier stays, the masseuse of the last one, and the arrival of today."""
    rooms = _source("rooms", "Room book", SourceKind.API)
    guest = _profile(story_people.EVERY_SIX_WEEKS)

    def note(number: str, wish: Wish, *, at: datetime, is_over: bool) -> None:
        asked = pickups.request(
            source=rooms, external_id=number, profile=guest, wish=wish, by="api:rooms", now=at
        )
        if is_over:
            pickups.hand_over(pickup_id=asked.pk, by="api:rooms", now=at)

    today = _five(now)
    for back, nights in STAYED:
        start = today - timedelta(days=back)
        stay = _stay(place, start, nights, "smoke-free, quiet side")
        note(f"stay-{back}", stay, at=start, is_over=True)
    start = today - timedelta(days=STAYED[-1][0] - 1)
    massage = Wish(PickupKind.BOOKING, place, start, resource="Ana, massage")
    note("massage", massage, at=start, is_over=True)
    arrival = today + timedelta(minutes=90)
    coming = _stay(place, arrival, 3, "smoke-free, quiet side; vegetarian dinner at eight")
    note("stay-0", coming, at=now, is_over=False)


def _stay(place: Place, start: datetime, nights: int, wish: str) -> Wish:
    end = start + timedelta(days=nights)
    return Wish(PickupKind.STAY, place, start, ends_at=end, resource=ROOM, wish=wish)


def _profile(code: str) -> Profile:
    profile = profile_for(customer_of(code))
    assert profile is not None  # each came with an order file
    return profile


def _source(code: str, name: str, kind: SourceKind) -> Source:
    source, _ = Source.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})
    return source
