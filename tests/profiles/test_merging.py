"""Profiles joined and parted: every row goes where it belongs, and back to where it came from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.models import Decision, Moment
from cxportal.lib.registry import registry
from feedback.models import Case
from loyalty.models import PointsEntry
from profiles.models import (
    ContactPreference,
    Customer,
    Habit,
    Identifier,
    Profile,
    ProfileEdge,
    Purchase,
    PurchaseLine,
    ReorderSchedule,
)
from profiles.rules.names import EdgeKind
from profiles.services import merging
from tests.factories.campaigns import due_habit
from tests.factories.profiles import (
    IdentifierFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)
from tests.pages import rows

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def beans():
    return ProductFactory(name="Hazelnut beans")


def person(product, **changes):
    """Return a profile with rows in every app."""
    profile = ProfileFactory(**changes)
    customer = profile.customer
    IdentifierFactory(origin_profile=profile)
    purchase = PurchaseFactory(origin_profile=profile)
    PurchaseLineFactory(purchase=purchase, product=product)
    ReorderSchedule.objects.create(customer=customer, product=product, updated_at=NOW)
    ContactPreference.objects.create(customer=customer, max_per_week=1)
    rows.decision(NOW, customer=customer, product=product)
    PointsEntry.objects.create(
        customer=customer,
        origin_profile=profile,
        kind="purchase",
        points=10,
        source_ref=f"purchase:{purchase.pk}",
        purchase=purchase,
        rate=1,
        actor="programme",
        occurred_at=NOW,
    )
    return profile


def join(one, other, rule="person"):
    return merging.join(one=one, other=other, rule=rule, actor="staff:1", now=NOW)


def where() -> dict[str, list[tuple[int, int]]]:
    """Whose every row is."""
    models = [Profile, Identifier, Purchase, PurchaseLine, ReorderSchedule, ContactPreference]
    models += [Moment, Decision, PointsEntry, Case]
    return {
        model.__name__: list(model.objects.order_by("pk").values_list("pk", "customer_id"))
        for model in models
    }


def names() -> list[tuple[int, str, int | None]]:
    return list(Customer.objects.order_by("pk").values_list("pk", "name", "merged_into_id"))


def test_all_rows_of_both_stand_under_the_older_customer(beans):
    one, other = person(beans), person(beans)
    edge = join(other, one)
    assert (edge.low_id, edge.high_id, edge.rule, edge.actor) == (
        one.pk,
        other.pk,
        "person",
        "staff:1",
    )
    older = one.customer_id
    for model in (Profile, Identifier, Purchase, PurchaseLine, PointsEntry):
        assert set(model.objects.values_list("customer_id", flat=True)) == {older}, model
        assert model.objects.count() == 2
    other.customer.refresh_from_db()
    assert other.customer.merged_into_id == older
    assert Customer.objects.get(pk=older).habits_due


def test_what_may_stand_once_waits_with_who_was_merged_and_its_decisions_with_it(beans):
    one, other = person(beans), person(beans)
    join(one, other)
    for model in (ReorderSchedule, ContactPreference, Moment, Decision):
        assert list(model.objects.order_by("pk").values_list("customer_id", flat=True)) == [
            one.customer_id,
            other.customer_id,
        ], model


def test_a_single_row_of_who_was_merged_is_the_customers(beans):
    one, other = ProfileFactory(), person(beans)
    join(one, other)
    for model in (ReorderSchedule, ContactPreference, Moment, Decision):
        assert model.objects.get().customer_id == one.customer_id, model


def test_an_undo_gives_every_row_back_and_keeps_the_two_apart(beans):
    one, other = person(beans), person(beans)
    before, called = where(), names()
    edge = join(one, other)
    apart = merging.part(edge=edge, by="staff:2", now=NOW + timedelta(hours=1))
    assert where() == before
    assert names() == called
    edge.refresh_from_db()
    assert (edge.removed_at, edge.removed_by) == (NOW + timedelta(hours=1), "staff:2")
    assert (apart.kind, apart.low_id, apart.high_id) == ("apart", one.pk, other.pk)
    with pytest.raises(merging.KeptApart) as refused:
        join(one, other, rule="email")
    assert refused.value.data == {"edges": [apart.pk]}
    assert where() == before
    with pytest.raises(merging.EdgeGone):
        merging.part(edge=edge, by="staff:2", now=NOW)


def test_who_is_kept_apart_is_not_joined_by_a_detour(beans):
    one, other, third = person(beans), person(beans), person(beans)
    merging.keep_apart(one=one, other=other, by="staff:1", now=NOW)
    join(one, third)
    before = where()
    with pytest.raises(merging.KeptApart):
        join(third, other)
    assert where() == before


def test_kept_apart_can_be_taken_back(beans):
    one, other = person(beans), person(beans)
    apart = merging.keep_apart(one=one, other=other, by="staff:1", now=NOW)
    assert merging.keep_apart(one=other, other=one, by="staff:1", now=NOW) == apart
    merging.take_back(edge=apart, by="staff:1", now=NOW)
    join(one, other)
    assert Profile.objects.filter(customer=one.customer).count() == 2
    with pytest.raises(merging.EdgeGone):
        merging.take_back(edge=apart, by="staff:1", now=NOW)


def test_one_of_three_goes_and_takes_its_own_along(beans):
    one, other, third = person(beans), person(beans), person(beans)
    join(one, other)
    edge = join(other, third)
    merging.part(edge=edge, by="staff:1", now=NOW)
    assert Purchase.objects.get(origin_profile=other).customer_id == one.customer_id
    assert Purchase.objects.get(origin_profile=third).customer_id == third.customer_id
    assert ReorderSchedule.objects.get(origin_customer_id=third.customer_id).customer_id == (
        third.customer_id
    )


def test_the_oldest_goes_and_the_others_stay_together(beans):
    one, other, third = person(beans), person(beans), person(beans)
    edge = join(one, other)
    join(other, third)
    merging.part(edge=edge, by="staff:1", now=NOW)
    stayed = Purchase.objects.filter(origin_profile__in=[other, third])
    assert set(stayed.values_list("customer_id", flat=True)) == {other.customer_id}
    assert Purchase.objects.get(origin_profile=one).customer_id == one.customer_id
    assert not ReorderSchedule.objects.exclude(
        customer_id__in=[one.customer_id, other.customer_id, third.customer_id]
    ).exists()
    assert ReorderSchedule.objects.get(origin_customer_id=one.customer_id).customer_id == (
        one.customer_id
    )


def test_two_ways_between_two_have_to_be_undone_both(beans):
    one, other, third = person(beans), person(beans), person(beans)
    direct = join(one, other)
    around = join(other, third)
    closing = ProfileEdge.objects.create(
        kind=EdgeKind.SAME, low=one, high=third, rule="email", actor="rule:email", made_at=NOW
    )
    before = where()
    with pytest.raises(merging.StillJoined) as refused:
        merging.part(edge=direct, by="staff:1", now=NOW)
    assert set(refused.value.data["edges"]) == {around.pk, closing.pk}
    assert where() == before


def test_the_whole_way_is_undone_in_one_step(beans):
    one, other, third = person(beans), person(beans), person(beans)
    before = where()
    direct = join(one, other)
    around = join(other, third)
    closing = ProfileEdge.objects.create(
        kind=EdgeKind.SAME, low=one, high=third, rule="email", actor="rule:email", made_at=NOW
    )
    apart = merging.part(edge=direct, by="staff:2", now=NOW, whole_way=True)
    assert where() == before
    gone = ProfileEdge.objects.filter(removed_at=NOW, removed_by="staff:2")
    assert set(gone) == {direct, around, closing}
    assert (apart.low_id, apart.high_id) == (one.pk, other.pk)
    # Who stood in between may be joined again, with one of the two.
    join(other, third)
    with pytest.raises(merging.KeptApart):
        join(one, third)


def test_a_way_that_is_none_leaves_the_rest_joined(beans):
    one, other, third = person(beans), person(beans), person(beans)
    join(one, other)
    edge = join(other, third)
    merging.part(edge=edge, by="staff:1", now=NOW, whole_way=True)
    assert Purchase.objects.get(origin_profile=other).customer_id == one.customer_id
    assert Purchase.objects.get(origin_profile=third).customer_id == third.customer_id


def test_a_name_that_was_corrected_while_merged_stays_through_the_undo():
    nameless = ProfileFactory(customer__name="", customer__search_name="")
    named = ProfileFactory(customer__name="Dolores Reyes")
    edge = join(nameless, named)
    Customer.objects.filter(pk=nameless.customer_id).update(
        name="Dolores Reyes-Luk", search_name="dolores reyes luk"
    )
    merging.part(edge=edge, by="staff:1", now=NOW)
    kept = Customer.objects.get(pk=nameless.customer_id)
    assert (kept.name, kept.search_name) == ("Dolores Reyes-Luk", "dolores reyes luk")


def test_a_nameless_customer_borrows_a_name_and_gives_it_back(beans):
    nameless = ProfileFactory(customer__name="", customer__search_name="", customer__language="")
    named = ProfileFactory(customer__name="Dolores Reyes", customer__language="de")
    edge = join(nameless, named)
    shown = Customer.objects.get(pk=nameless.customer_id)
    assert (shown.name, shown.search_name, shown.language) == (
        "Dolores Reyes",
        "dolores reyes",
        "de",
    )
    merging.part(edge=edge, by="staff:1", now=NOW)
    shown.refresh_from_db()
    assert (shown.name, shown.search_name, shown.language, shown.borrowed) == ("", "", "", [])


def test_habits_are_learned_anew(beans):
    one, other = person(beans), person(beans)
    due_habit(other.customer, product=beans)
    join(one, other)
    assert not Habit.objects.exists()
    assert Customer.objects.filter(habits_due=True).count() == 2


def test_one_who_is_one_already_is_told(beans):
    one, other = person(beans), person(beans)
    join(one, other)
    with pytest.raises(merging.SameAlready):
        join(other, one)
    assert ProfileEdge.objects.count() == 1


def test_many_pairs_cost_as_many_statements_as_one(beans, django_assert_max_num_queries):
    pairs = [(ProfileFactory(), ProfileFactory()) for _ in range(12)]
    joinings = [merging.Joining(a.pk, b.pk, "email", "rule:email") for a, b in pairs]
    with django_assert_max_num_queries(45):
        joined = merging.join_all(joinings=joinings, now=NOW)
    assert len(joined.edges) == 12
    assert Customer.objects.filter(merged_into__isnull=False).count() == 12


def test_what_was_written_for_an_empty_customer_is_brought_after(beans):
    one, other = person(beans), person(beans)
    join(one, other)
    stray = PurchaseFactory(origin_profile=other, customer=other.customer)
    Customer.objects.update(habits_due=False)
    assert merging.settle(now=NOW + timedelta(minutes=1)) == 1
    stray.refresh_from_db()
    assert stray.customer_id == one.customer_id
    assert Customer.objects.get(pk=one.customer_id).habits_due
    assert merging.settle(now=NOW + timedelta(minutes=1)) == 0


def test_every_table_with_a_customer_says_how_it_follows():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'customer_id' AND table_schema = 'public'"
        )
        tables = {name for (name,) in cursor.fetchall()}
    declared = {apps.get_model(key)._meta.db_table for key in registry.holdings}
    assert tables <= declared


class Undone(TestCase):
    """Whatever was joined, and whatever came in between: without edges everything is where it was."""

    @given(
        joins=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6),
        bought=st.lists(st.integers(0, 4), max_size=4),
        chance=st.randoms(use_true_random=False),
    )
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def test_removing_all_edges_in_any_order_gives_the_original_profiles(
        self, joins, bought, chance
    ):
        beans = ProductFactory()
        people = [person(beans) for _ in range(5)]
        homes = {profile.pk: profile.customer_id for profile in people}
        before = where()
        steps = [("join", pair) for pair in joins] + [("buy", who) for who in bought]
        chance.shuffle(steps)
        later = []
        for kind, what in steps:
            if kind == "join":
                merging.join_all(
                    joinings=[
                        merging.Joining(people[what[0]].pk, people[what[1]].pk, "x", "rule:x")
                    ],
                    now=NOW,
                )
            else:
                profile = Profile.objects.get(pk=people[what].pk)
                later.append(PurchaseFactory(origin_profile=profile))
        edges = list(ProfileEdge.objects.all())
        chance.shuffle(edges)
        for edge in edges:
            merging.part(edge=edge, by="staff:1", now=NOW)
        for purchase in later:
            purchase.refresh_from_db()
            assert purchase.customer_id == homes[purchase.origin_profile_id]
            purchase.delete()
        assert where() == before
        assert not Customer.objects.filter(merged_into__isnull=False).exists()
