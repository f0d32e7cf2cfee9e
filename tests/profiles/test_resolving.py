"""Sightings become profiles, identifiers and joins, once and for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from profiles.models import Customer, Identifier, Profile, ProfileEdge
from profiles.rules.identity import Key, Left, Sighting
from profiles.services import merging, resolving
from tests.factories.profiles import PurchaseFactory, SourceFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def shop():
    return SourceFactory(code="shop")


@pytest.fixture
def till():
    return SourceFactory(code="till")


def email(name: str) -> Key:
    return Key("email", "", f"{name}@example1.com")


def resolve(*sightings: Sighting, at: datetime = NOW) -> resolving.Resolved:
    return resolving.resolve(sightings=sightings, actor="api:1", now=at)


def test_a_newcomer_gets_profile_identifier_and_customer(shop):
    (profile,) = resolve(Sighting(shop.pk, "abc123", [email("jane")], NOW)).profiles
    stored = Profile.objects.get()
    assert stored.pk == profile
    assert (stored.source, stored.external_id) == (shop, "abc123")
    assert stored.home_customer_id == stored.customer_id
    held = Identifier.objects.get()
    assert (held.value, held.origin_profile_id) == ("jane@example1.com", profile)
    assert (held.customer_id, held.source, held.first_seen_at) == (stored.customer_id, shop, NOW)


def test_the_same_again_stores_nothing_twice(shop):
    one = Sighting(shop.pk, "abc123", [email("jane")], NOW)
    first = resolve(one, one)
    again = resolve(one)
    assert first.profiles == [*again.profiles, *again.profiles]
    assert (Profile.objects.count(), Identifier.objects.count(), Customer.objects.count()) == (
        1,
        1,
        1,
    )


def test_a_second_user_id_with_the_same_email_is_somebody_else(shop):
    resolve(Sighting(shop.pk, "abc123", [email("jane")], NOW))
    second = resolve(Sighting(shop.pk, "abc456", [email("jane")], NOW))
    assert second.left == [Left(email("jane"), "limit")]
    assert Identifier.objects.get().origin_profile.external_id == "abc123"
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert not ProfileEdge.objects.exists()


def test_shop_and_till_become_one_customer_with_a_record_of_why(shop, till):
    (at_shop,) = resolve(Sighting(shop.pk, "w1", [email("jane")], NOW)).profiles
    bought = PurchaseFactory(origin_profile_id=at_shop, customer=Profile.objects.get().customer)
    (at_till,) = resolve(Sighting(till.pk, "t1", [email("jane")], NOW)).profiles
    edge = ProfileEdge.objects.get()
    assert {edge.low_id, edge.high_id} == {at_shop, at_till}
    assert (edge.rule, edge.actor, edge.evidence) == ("email", "api:1", {"kind": "email"})
    one = Profile.objects.get(pk=at_shop).customer_id
    assert Profile.objects.get(pk=at_till).customer_id == one
    bought.refresh_from_db()
    assert bought.customer_id == one


def test_an_undone_join_is_not_made_again(shop, till):
    resolve(Sighting(shop.pk, "w1", [email("jane")], NOW))
    resolve(Sighting(till.pk, "t1", [email("jane")], NOW))
    merging.part(edge=ProfileEdge.objects.get(), by="staff:1", now=NOW)
    again = resolve(Sighting(till.pk, "t1", [email("jane")], NOW))
    assert again.left == [Left(email("jane"), "apart")]
    assert Customer.objects.filter(merged_into=None).count() == 2


def test_when_it_was_last_seen_is_kept_by_the_hour(shop):
    one = Sighting(shop.pk, "w1", [email("jane")], NOW)
    resolve(one)
    resolve(Sighting(shop.pk, "w1", [email("jane")], NOW + timedelta(minutes=5)))
    assert Identifier.objects.get().last_seen_at == NOW
    resolve(Sighting(shop.pk, "w1", [email("jane")], NOW + timedelta(hours=3)))
    assert Identifier.objects.get().last_seen_at == NOW + timedelta(hours=3)


def test_a_batch_costs_as_many_statements_as_one(shop, django_assert_max_num_queries):
    sightings = [Sighting(shop.pk, f"w{n}", [email(f"p{n}")], NOW) for n in range(300)]
    with django_assert_max_num_queries(20):
        resolve(*sightings)
    with django_assert_max_num_queries(9):
        resolve(*sightings)
    assert Customer.objects.count() == 300


def test_an_address_that_poses_as_another_is_flagged(shop):
    resolve(Sighting(shop.pk, "w1", [email("p\u0430ypal"), email("jos\u00e9")], NOW))
    flagged = Identifier.objects.filter(is_confusable=True)
    assert [one.value for one in flagged] == ["p\u0430ypal@example1.com"]
