from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from loyalty.models import AwardCursor, PointsEntry, Programme, Tier
from tests.factories.loyalty import PointsEntryFactory
from tests.factories.profiles import CustomerFactory, PurchaseFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"points": 0}, "loyalty_entry_kind_and_sign"),
        ({"points": -1}, "loyalty_entry_kind_and_sign"),
        ({"kind": "gift"}, "loyalty_entry_kind_and_sign"),
        ({"kind": "adjustment", "points": 0}, "loyalty_entry_kind_and_sign"),
        ({"kind": "purchase"}, "loyalty_entry_purchase_ref"),
        ({"source_ref": "purchase:9"}, "loyalty_entry_purchase_ref"),
        ({"rate": 1}, "loyalty_entry_purchase_ref"),
        ({"source_ref": ""}, "loyalty_entry_has_source"),
        ({"actor": ""}, "loyalty_entry_has_source"),
    ],
)
def test_an_entry_that_must_not_be_is_refused(wrong, constraint):
    entry = PointsEntryFactory.build(customer=CustomerFactory(), **wrong)
    with pytest.raises(IntegrityError, match=constraint):
        PointsEntry.objects.bulk_create([entry])


def test_a_return_only_takes_points():
    purchase = PurchaseFactory()
    entry = PointsEntryFactory.build(
        customer=purchase.customer,
        purchase=purchase,
        rate=1,
        kind="return",
        source_ref=f"purchase:{purchase.pk}",
        points=5,
    )
    with pytest.raises(IntegrityError, match="loyalty_entry_kind_and_sign"):
        PointsEntry.objects.bulk_create([entry])


def test_a_source_is_booked_once():
    first = PointsEntryFactory()
    again = PointsEntryFactory.build(customer=first.customer, source_ref=first.source_ref)
    with pytest.raises(IntegrityError, match="loyalty_entry_source_once"):
        PointsEntry.objects.bulk_create([again])


def test_an_entry_is_never_changed():
    entry = PointsEntryFactory(points=100)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        PointsEntry.objects.update(points=200)
    assert PointsEntry.objects.get().points == entry.points


def test_an_entry_is_never_deleted():
    PointsEntryFactory()
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        PointsEntry.objects.all().delete()
    assert PointsEntry.objects.count() == 1


def test_a_merge_may_hand_entries_over():
    entry, other = PointsEntryFactory(), CustomerFactory()
    PointsEntry.objects.update(customer=other)
    entry.refresh_from_db()
    assert entry.customer_id == other.pk


def test_tiers_do_not_share_a_threshold(programme):
    with pytest.raises(IntegrityError, match="loyalty_tier_one_per_threshold"):
        Tier.objects.bulk_create([Tier(code="bronze", name="Bronze", from_points=500)])


@pytest.mark.parametrize("rate", [0, -1])
def test_a_purchase_never_costs_points(programme, rate):
    with pytest.raises(IntegrityError, match="loyalty_programme_rate_positive"):
        Programme.objects.update(points_per_unit=rate)


def test_there_is_one_programme(programme):
    with pytest.raises(IntegrityError, match="loyalty_programme_only_row"):
        Programme.objects.bulk_create([Programme(id=2)])


def test_what_was_not_seen_is_not_settled(programme):
    with pytest.raises(IntegrityError, match="loyalty_cursor_settled_was_seen"):
        AwardCursor.objects.update(settled_line=5, seen_line=4)


def test_no_name_stands_in_what_is_logged():
    entry = PointsEntryFactory(customer__name="Dolores Reyes")
    assert str(entry) == f"points entry {entry.pk}"
