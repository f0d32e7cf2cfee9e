"""Two connections merge, part and record at once: every row ends with whom it belongs to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from cxportal.lib.errors import DomainError
from profiles.models import Customer, Profile, ProfileEdge, Purchase
from profiles.services import merging
from tests.factories.profiles import (
    PlaceFactory,
    ProfileFactory,
    PurchaseFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Call all at the same time, each on a connection of its own; a refusal is returned."""
    start = threading.Barrier(len(calls), timeout=10)

    def run(call: Callable[[], object]) -> object:
        try:
            start.wait()
            return call()
        except DomainError as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, call) for call in calls]]


def join(one: Profile, other: Profile) -> ProfileEdge:
    return merging.join(one=one, other=other, rule="person", actor="staff:1", now=NOW)


def buy(profile: Profile, customer_id: int, number: str) -> Purchase:
    return Purchase.objects.create(
        source=profile.source,
        external_id=number,
        origin_profile=profile,
        customer_id=customer_id,
        occurred_at=NOW,
    )


@pytest.fixture
def three():
    SourceFactory(), PlaceFactory()
    return [ProfileFactory(), ProfileFactory(), ProfileFactory()]


def homes() -> dict[int, int]:
    return dict(Profile.objects.values_list("pk", "customer_id"))


def test_the_same_two_are_joined_once(three):
    one, other, _ = three
    told = at_once(lambda: join(one, other), lambda: join(other, one))
    assert ProfileEdge.objects.count() == 1
    assert merging.SameAlready in told


def test_a_chain_that_is_joined_from_both_ends_becomes_one_customer(three):
    first, second, third = three
    for profile in three:
        PurchaseFactory(origin_profile=profile)
    at_once(lambda: join(first, second), lambda: join(second, third), lambda: join(third, first))
    oldest = min(first.customer_id, second.customer_id, third.customer_id)
    assert set(homes().values()) == {oldest}
    assert set(Purchase.objects.values_list("customer", flat=True)) == {oldest}
    assert set(Customer.objects.exclude(pk=oldest).values_list("merged_into", flat=True)) == {
        oldest
    }
    assert ProfileEdge.objects.count() == 2


def test_a_join_and_an_undo_at_once_leave_what_the_edges_say(three):
    first, second, third = three
    edge = join(first, second)
    for profile in three:
        PurchaseFactory(origin_profile=profile, customer_id=homes()[profile.pk])
    at_once(
        lambda: merging.part(edge=edge, by="staff:1", now=NOW),
        lambda: join(second, third),
    )
    kept = homes()
    assert kept[second.pk] == kept[third.pk] != kept[first.pk]
    for profile in three:
        assert Purchase.objects.get(origin_profile=profile).customer_id == kept[profile.pk]


def test_the_same_merge_is_undone_once(three):
    edge = join(*three[:2])
    told = at_once(*[lambda: merging.part(edge=edge, by="staff:1", now=NOW)] * 2)
    assert merging.EdgeGone in told
    assert ProfileEdge.objects.filter(kind="apart").count() == 1


def test_to_keep_apart_and_to_join_at_once_is_one_of_the_two(three):
    one, other, _ = three
    told = at_once(
        lambda: join(one, other),
        lambda: merging.keep_apart(one=one, other=other, by="staff:1", now=NOW),
    )
    (edge,) = ProfileEdge.objects.all()
    refusal = merging.StillJoined if edge.kind == "same" else merging.KeptApart
    assert refusal in told


def test_a_purchase_on_its_way_during_a_merge_ends_with_the_present_customer(three):
    one, other, _ = three
    has_read, is_joined = threading.Event(), threading.Event()
    before = other.customer_id

    def till() -> None:
        """Reads whose the profile is, and writes after the merge."""
        read = Profile.objects.get(pk=other.pk).customer_id
        has_read.set()
        assert is_joined.wait(10)
        buy(other, read, "late")

    def merger() -> None:
        assert has_read.wait(10)
        join(one, other)
        is_joined.set()

    at_once(till, merger)
    # The control: the race is real, the purchase stands with who is empty now.
    assert Purchase.objects.get().customer_id == before
    assert Customer.objects.get(pk=before).merged_into_id == one.customer_id
    assert merging.settle(now=NOW + timedelta(seconds=30)) == 1
    assert Purchase.objects.get().customer_id == one.customer_id


def test_a_purchase_that_is_not_committed_yet_is_brought_after(three):
    one, other, _ = three
    is_written, is_joined = threading.Event(), threading.Event()

    def till() -> None:
        with transaction.atomic():
            buy(other, other.customer_id, "open")
            is_written.set()
            assert is_joined.wait(10)

    def merger() -> None:
        assert is_written.wait(10)
        join(one, other)
        assert merging.settle(now=NOW) == 0
        is_joined.set()

    at_once(till, merger)
    assert Purchase.objects.get().customer_id == other.customer_id
    assert merging.settle(now=NOW + timedelta(seconds=30)) == 1
    assert Purchase.objects.get().customer_id == one.customer_id


def test_a_purchase_on_its_way_during_an_undo_ends_where_it_came_from(three):
    one, other, _ = three
    edge = join(one, other)
    has_read, is_parted = threading.Event(), threading.Event()

    def till() -> None:
        read = Profile.objects.get(pk=other.pk).customer_id
        has_read.set()
        assert is_parted.wait(10)
        buy(other, read, "late")

    def undoer() -> None:
        assert has_read.wait(10)
        merging.part(edge=edge, by="staff:1", now=NOW)
        is_parted.set()

    at_once(till, undoer)
    assert Purchase.objects.get().customer_id == one.customer_id
    merging.settle(now=NOW + timedelta(seconds=30))
    assert Purchase.objects.get().customer_id == other.customer_id
