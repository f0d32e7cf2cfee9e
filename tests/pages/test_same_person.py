"""Who is one customer: read, undone in one click, joined by hand, and pair by pair."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from cxportal.pages.access import Role
from loyalty.services.setting_up import ensure_programme
from profiles.models import AccessRecord, Customer, ProfileEdge, Purchase, Suspicion
from profiles.rules.names import EdgeKind
from profiles.services import merging
from tests.factories.profiles import (
    IdentifierFactory,
    ProfileFactory,
    PurchaseFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
# What the page costs, and one query for each table that follows profiles.
QUERIES = 45


@pytest.fixture(autouse=True)
def house(db):
    ensure_programme()


@pytest.fixture
def two(staff):
    """Dolores at the till with one purchase, and in the shop with two; joined by her e-mail."""
    till, shop = (
        SourceFactory(code="till", name="Till"),
        SourceFactory(code="shop", name="Web shop"),
    )
    one = ProfileFactory(source=till, external_id="T1", customer__name="Dolores Reyes")
    other = ProfileFactory(source=shop, external_id="W1", customer__name="D. Reyes")
    IdentifierFactory(origin_profile=one, value="dolores@example.com")
    PurchaseFactory(origin_profile=one)
    PurchaseFactory.create_batch(2, origin_profile=other)
    merging.join(
        one=one,
        other=other,
        rule="email",
        actor=f"staff:{staff(Role.MANAGER).pk}",
        now=NOW,
        evidence={"kind": "email"},
    )
    for profile in (one, other):
        profile.refresh_from_db()  # the database fills in with whom it was made
    return one, other


@pytest.fixture
def alike():
    low, high = ProfileFactory().customer, ProfileFactory().customer
    return Suspicion.objects.create(
        low=low, high=high, score=0.97, reasons=["given:same", "birthday:alike"], found_at=NOW
    )


def url_of(profile) -> str:
    return reverse("same-person", args=[profile.home_customer_id])


def owners() -> dict[int, int]:
    return dict(Purchase.objects.values_list("pk", "customer_id"))


def test_each_join_says_who_when_why_and_what_an_undo_moves(two, manager):
    page = manager.get(url_of(two[0])).content.decode()
    assert "The same e-mail address. Both were seen with d…@example.com." in page
    assert "By one-manager, 10 March 2026, 12:00" in page
    assert "An undo moves Purchases: 2." in page
    assert "Till, T1" in page
    assert "Web shop, W1" in page
    assert "dolores@example.com" not in page


def test_the_address_of_the_merged_one_leads_to_the_present_one(two, manager):
    assert manager.get(url_of(two[1])).url == url_of(two[0])


def test_the_page_has_a_fixed_number_of_queries(two, manager, django_assert_max_num_queries):
    with django_assert_max_num_queries(QUERIES):
        manager.get(url_of(two[0]))
    for _ in range(3):
        merging.join(one=two[0], other=ProfileFactory(), rule="person", actor="x", now=NOW)
    with django_assert_max_num_queries(QUERIES):
        manager.get(url_of(two[0]))


def test_one_click_undoes_it_and_every_purchase_goes_back(two, manager):
    edge = ProfileEdge.objects.get()
    answer = manager.post(
        reverse("same-person-undo", args=[two[0].home_customer_id]), {"edge": edge.pk}, follow=True
    )
    assert "Undone. Everything is back where it came from." in answer.content.decode()
    for profile, number in zip(two, (1, 2), strict=True):
        held = Purchase.objects.filter(origin_profile=profile)
        assert list(held.values_list("customer", flat=True)) == [profile.home_customer_id] * number
    assert "D. Reyes" in manager.get(url_of(two[0])).content.decode()


def test_what_joins_the_two_as_well_is_said_and_undone_with_it(two, manager):
    third = ProfileFactory()
    merging.join(one=two[1], other=third, rule="phone", actor="rule:x", now=NOW)
    ProfileEdge.objects.create(
        kind=EdgeKind.SAME, low=two[0], high=third, rule="card", actor="rule:x", made_at=NOW
    )
    page = manager.get(url_of(two[0])).content.decode()
    assert "2 other merges join the two as well and are undone with it." in page
    edge = ProfileEdge.objects.get(rule="email")
    undo = reverse("same-person-undo", args=[two[0].home_customer_id])
    before = owners()
    refused = manager.post(undo, {"edge": edge.pk}, follow=True)
    assert "Other merges join the two as well." in refused.content.decode()
    assert owners() == before
    manager.post(undo, {"edge": edge.pk, "whole_way": "yes"})
    assert Customer.objects.present().count() == 3


def test_not_the_same_person_can_be_taken_back(two, manager):
    edge = ProfileEdge.objects.get()
    manager.post(reverse("same-person-undo", args=[two[0].home_customer_id]), {"edge": edge.pk})
    apart = ProfileEdge.objects.get(kind="apart")
    manager.post(
        reverse("same-person-take-back", args=[two[0].home_customer_id]), {"edge": apart.pk}
    )
    apart.refresh_from_db()
    assert apart.removed_at is not None


def test_two_are_compared_and_joined_by_hand(manager, staff):
    one = ProfileFactory(
        customer__name="Quentin Smithers", customer__search_name="quentin smithers"
    )
    other = ProfileFactory(customer__name="Quentin Smithers")
    pair = reverse("same-person-with", args=[one.customer_id, other.customer_id])
    page = manager.get(pair)
    assert page.status_code == 200
    assert page.context["pair"].lines[0].is_same
    assert not ProfileEdge.objects.exists()
    manager.post(pair, {"said": "same"})
    edge = ProfileEdge.objects.get()
    assert (edge.rule, edge.actor) == ("person", f"staff:{staff(Role.MANAGER).pk}")
    assert Customer.objects.get(pk=other.customer_id).present == one.customer


def test_others_are_found_to_join_with_but_not_oneself(manager):
    one = ProfileFactory(
        customer__name="Quentin Smithers", customer__search_name="quentin smithers"
    )
    other = ProfileFactory(customer__name="Quinn Smithers", customer__search_name="quinn smithers")
    page = manager.post(reverse("same-person", args=[one.customer_id]), {"q": "smithers"})
    assert [found.customer_id for found in page.context["found"]] == [other.customer_id]


def test_an_edge_of_others_is_not_undone_from_here(two, manager):
    stranger = ProfileFactory()
    edge = ProfileEdge.objects.get()
    undo = reverse("same-person-undo", args=[stranger.customer_id])
    for key in (str(edge.pk), "0", "x", "9" * 30):
        assert manager.post(undo, {"edge": key}).status_code == 404
    edge.refresh_from_db()
    assert edge.removed_at is None


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.MANAGER, 200), (Role.SUPERVISOR, 200), (Role.ANALYST, 403), (Role.COUNTER, 403)],
)
def test_who_may_see_it(role, status, two, alike, browser_of):
    browser = browser_of(role)
    assert browser.get(url_of(two[0])).status_code == status
    assert browser.get(reverse("duplicates")).status_code == status
    if status == 403:
        edge = ProfileEdge.objects.get()
        undo = reverse("same-person-undo", args=[two[0].home_customer_id])
        assert browser.post(undo, {"edge": edge.pk}).status_code == 403
        duplicate = reverse("duplicate", args=[alike.pk])
        assert browser.post(duplicate, {"said": "same"}).status_code == 403
        assert ProfileEdge.objects.get().removed_at is None
        assert Suspicion.objects.get().state == "open"


def test_pairs_wait_side_by_side_with_their_reasons(alike, manager):
    page = manager.get(reverse("duplicates")).content.decode()
    for words in (
        "Alike by 97 of 100",
        "Same first name",
        "Birthday but for one digit",
        "1 pair waits",
    ):
        assert words in page
    looked = AccessRecord.objects.filter(door="duplicates").values_list("customer_id", flat=True)
    assert set(looked) == {alike.low_id, alike.high_id}


@pytest.mark.parametrize(("said", "kind"), [("same", "same"), ("apart", "apart")])
def test_a_pair_is_decided_and_does_not_come_back(said, kind, alike, manager):
    answer = manager.post(reverse("duplicate", args=[alike.pk]), {"said": said})
    assert answer.url == reverse("duplicates")
    assert ProfileEdge.objects.get().kind == kind
    assert "No pair waits" in manager.get(reverse("duplicates")).content.decode()
    assert manager.get(reverse("duplicate", args=[alike.pk])).url == reverse("duplicates")


def test_later_leads_to_the_next_pair(alike, manager):
    other = Suspicion.objects.create(
        low=ProfileFactory().customer, high=ProfileFactory().customer, score=0.5, found_at=NOW
    )
    assert manager.get(reverse("duplicates")).context["look"].later_id == other.pk
    answer = manager.post(reverse("duplicate", args=[alike.pk]), {"said": "apart"})
    assert answer.url == reverse("duplicate", args=[other.pk])


def test_no_other_word_is_taken(alike, manager):
    assert manager.post(reverse("duplicate", args=[alike.pk]), {"said": "maybe"}).status_code == 400
    assert not ProfileEdge.objects.exists()
