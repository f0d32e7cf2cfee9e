"""One timeline of all apps: merged by time, in pages that neither lose nor repeat a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cxportal.lib.timeline import Item, Slice
from profiles.models import ConsentEntry, ConsentWording, Pickup, PickupEvent, Touchpoint
from profiles.queries import timeline as queries
from profiles.queries import timeline_rows
from profiles.queries.company import company
from profiles.queries.timeline import Filters, Page, timeline
from profiles.rules.happenings import position_of
from tests.factories.profiles import (
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def profile():
    return ProfileFactory()


def touch(profile, at: datetime, **more) -> Touchpoint:
    fields = {"kind": "track", "name": "Product Viewed", "source": SourceFactory()} | more
    return Touchpoint.objects.create(
        customer=profile.customer, origin_profile=profile, occurred_at=at, **fields
    )


def buy(profile, at: datetime, name: str = "Latte", **more):
    bought = PurchaseFactory(origin_profile=profile, occurred_at=at, **more)
    PurchaseLineFactory(purchase=bought, product=ProductFactory(name=name))
    return bought


def walked(profile, limit: int, **filters) -> list[Page]:
    """All pages, one after the other."""
    pages, after = [], None
    while not pages or after:
        page = timeline(profile.customer_id, filters=Filters(**filters), after=after, limit=limit)
        pages.append(page)
        after = position_of(str(page.after)) if page.after else None
    return pages


def titles(page: Page) -> list[str]:
    return [one.item.title for one in page.happenings]


# --- order and pages ------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_any_size_show_every_row_once_in_order(profile, limit):
    # Four rows of one instant in two tables, among others: where a page may end in their middle.
    for minutes in (0, 1, 1, 1, 5):
        touch(profile, NOON - timedelta(minutes=minutes))
    for minutes in (1, 1, 2, 9):
        buy(profile, NOON - timedelta(minutes=minutes))
    shown = [one for page in walked(profile, limit) for one in page.happenings]
    assert len(shown) == 9
    assert len({(one.kind, one.item.id) for one in shown}) == 9
    assert shown == sorted(shown, key=lambda one: one.position, reverse=True)
    assert all(len(page.happenings) <= limit for page in walked(profile, limit))


def test_a_row_that_arrives_while_one_reads_moves_no_page(profile):
    for minutes in range(6):
        touch(profile, NOON - timedelta(minutes=minutes), name=str(minutes))
    first = timeline(profile.customer_id, filters=Filters(), limit=3)
    touch(profile, NOON + timedelta(minutes=1), name="new")
    second = timeline(profile.customer_id, filters=Filters(), after=first.after, limit=3)
    assert (titles(first), titles(second)) == (["0", "1", "2"], ["3", "4", "5"])


def test_each_kind_is_asked_for_one_row_more_than_a_page(profile, monkeypatch):
    asked: list[Slice] = []

    def load(part: Slice) -> list[Item]:
        asked.append(part)
        return []

    one = queries.Timeline("only", "Only", load)
    monkeypatch.setattr(queries.registry, "timelines", {"only": one})
    timeline(profile.customer_id, filters=Filters(), limit=30)
    assert [part.limit for part in asked] == [31]


def test_the_first_and_the_last_year_have_their_place(profile):
    touch(profile, datetime(1, 1, 1, tzinfo=UTC), name="first")
    touch(profile, datetime(9999, 12, 31, 23, 59, tzinfo=UTC), name="last")
    touch(profile, NOON, name="today")
    assert [titles(page) for page in walked(profile, 1)] == [["last"], ["today"], ["first"]]


def test_somebody_else_stays_out(profile):
    buy(ProfileFactory(), NOON)
    assert walked(profile, 5) == [Page([], None)]


def test_the_number_of_queries_does_not_grow(profile, django_assert_num_queries):
    for minutes in range(40):
        buy(profile, NOON - timedelta(minutes=minutes))
        touch(profile, NOON - timedelta(minutes=minutes))
    company()
    with django_assert_num_queries(11):  # ten kinds, and the company for its currency
        timeline(profile.customer_id, filters=Filters())


# --- filters --------------------------------------------------------------------------------------


def test_one_kind_one_source_or_some_days(profile):
    shop = SourceFactory(code="shop", name="Shop")
    touch(profile, NOON, name="till")
    touch(profile, NOON - timedelta(days=1), name="shop", source=shop)
    buy(profile, NOON - timedelta(days=2), source=shop)
    assert [titles(page) for page in walked(profile, 9, kind="purchase")] == [
        ["Bought Latte, Main Street"]
    ]
    assert [titles(page) for page in walked(profile, 9, source_id=shop.pk)] == [
        ["shop", "Bought Latte, Main Street"]
    ]
    days = {"since": NOON - timedelta(days=1), "until": NOON}
    assert [titles(page) for page in walked(profile, 9, **days)] == [["shop"]]


# --- what stands there ----------------------------------------------------------------------------


def one(profile) -> Item:
    return timeline(profile.customer_id, filters=Filters()).happenings[0].item


def test_a_purchase_says_what_where_and_for_how_much(profile):
    bought = buy(profile, NOON)
    item = one(profile)
    assert (item.title, item.text, item.source) == ("Bought Latte, Main Street", "4.50 EUR", "Till")
    assert item.href == f"/data/profiles/purchase/{bought.pk}/change/"


def test_an_origin_is_linked_only_when_it_is_an_address_of_the_web(profile):
    touch(profile, NOON - timedelta(days=1), origin_url="javascript:alert(1)")
    assert one(profile).href == ""
    touch(
        profile, NOON, kind="call", name="Asked for hours", origin_url="https://calls.example.com/7"
    )
    assert (one(profile).title, one(profile).href) == (
        "Called: Asked for hours",
        "https://calls.example.com/7",
    )


def test_properties_that_are_no_object_do_no_harm(profile):
    touch(profile, NOON, data=[1, 2])
    assert one(profile).text == ""
    touch(profile, NOON + timedelta(days=1), data={"sku": "CO-1", "price": 4.2, "x": {"y": 1}})
    assert one(profile).text == "sku: CO-1, price: 4.2"


def test_consent_and_orders_ahead_are_in_words(profile):
    wording = ConsentWording.objects.create(purpose="offers", language="en", version=1, text="x")
    ConsentEntry.objects.create(
        customer=profile.customer,
        origin_profile=profile,
        purpose="offers",
        channel="email",
        state="granted",
        occurred_at=NOON,
        door="page",
        actor="customer",
        wording=wording,
    )
    item = one(profile)
    assert (item.title, item.source) == ("Agreed to offers and news by e-mail", "Customer's page")
    stay = Pickup.objects.create(
        kind="stay",
        state="handed_over",
        customer=profile.customer,
        origin_profile=profile,
        place=PlaceFactory(),
        source=SourceFactory(),
        external_id="s",
        starts_at=NOON,
        ends_at=NOON + timedelta(days=1),
        resource="Room 214",
    )
    PickupEvent.objects.create(
        pickup=stay, state="handed_over", actor="staff:1", occurred_at=NOON + timedelta(hours=1)
    )
    assert (one(profile).title, one(profile).text) == ("Stay arrived, Main Street", "Room 214")


def test_a_loader_reads_no_more_than_it_is_asked_for(profile):
    for minutes in range(5):
        touch(profile, NOON - timedelta(minutes=minutes))
    part = Slice(profile.customer_id, NOON + timedelta(days=1), 0, NOON - timedelta(days=1), 3)
    assert len(timeline_rows.touchpoints(part)) == 3
