"""Recording purchases one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from profiles.models import Customer, Purchase, PurchaseLine
from profiles.services import importing, recording
from profiles.services.recording import Line
from tests.factories.profiles import PlaceFactory, ProductFactory, ProfileFactory, SourceFactory
from tests.profiles.files import MAPPING, order_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(now):
    """Return what a till reports of a sale."""
    return {
        "source": SourceFactory(),
        "external_id": "T-1",
        "profile": ProfileFactory(),
        "place": PlaceFactory(),
        "occurred_at": now - timedelta(minutes=1),
        "lines": [
            Line(ProductFactory(code="latte"), Decimal(1), 450),
            Line(ProductFactory(code="bagel"), Decimal("0.5"), 300),
            Line(ProductFactory(code="bagel2"), Decimal(1), 300),
        ],
        "now": now,
    }


def test_a_sale_is_stored_and_its_customer_is_learned_anew(sold, now):
    purchase = recording.record_purchase(**sold)
    assert (purchase.customer, purchase.origin_profile) == (
        sold["profile"].customer,
        sold["profile"],
    )
    assert (purchase.occurred_at, purchase.recorded_at) == (sold["occurred_at"], now)
    lines = purchase.lines.order_by("pk").values_list(
        "product__code", "quantity", "unit_price_minor", "customer", "occurred_at", "source_line"
    )
    shared = (purchase.customer_id, sold["occurred_at"], 1)
    assert list(lines) == [
        ("latte", Decimal(1), 450, *shared),
        ("bagel", Decimal("0.5"), 300, *shared),
        ("bagel2", Decimal(1), 300, *shared),
    ]
    assert Customer.objects.get().habits_due


def test_the_same_again_returns_the_first(sold):
    first = recording.record_purchase(**sold)
    Customer.objects.update(habits_due=False)
    backwards = sold | {"lines": sold["lines"][::-1]}
    assert recording.record_purchase(**backwards) == first
    assert PurchaseLine.objects.count() == 3
    assert not Customer.objects.get().habits_due


@pytest.mark.parametrize("changed", ["lines", "place", "occurred_at", "profile"])
def test_something_else_under_the_same_number_is_refused(sold, changed):
    first = recording.record_purchase(**sold)
    other = {
        "lines": [replace(sold["lines"][0], unit_price_minor=460), *sold["lines"][1:]],
        "place": None,
        "occurred_at": sold["now"],
        "profile": ProfileFactory(),
    }
    with pytest.raises(recording.PurchaseConflict) as refusal:
        recording.record_purchase(**sold | {changed: other[changed]})
    assert refusal.value.data == {"purchase": first.pk}
    assert (Purchase.objects.count(), PurchaseLine.objects.count()) == (1, 3)
    assert not Customer.objects.exclude(pk=first.customer_id).filter(habits_due=True).exists()


@pytest.mark.parametrize("quantity", [Decimal(0), Decimal("0.0001"), Decimal(10) ** 9])
def test_a_quantity_that_cannot_be_stores_nothing(sold, quantity):
    sold["lines"].append(replace(sold["lines"][0], quantity=quantity))
    with pytest.raises(recording.QuantityWrong):
        recording.record_purchase(**sold)
    assert not Purchase.objects.exists()


def test_a_sale_without_lines_is_refused(sold):
    with pytest.raises(recording.LinesMissing):
        recording.record_purchase(**sold | {"lines": []})
    assert not Purchase.objects.exists()


def test_what_the_till_reported_is_known_again_in_its_file(sold, tmp_path, now):
    sold["profile"].external_id, sold["profile"].source = "C1", sold["source"]
    sold["profile"].save()
    latte = sold["lines"][0]
    recording.record_purchase(**sold | {"lines": [latte, latte]})
    row = f"C1,T-1,{sold['occurred_at'].isoformat()},latte,,,1,4.50,"
    counts = importing.import_file(
        path=order_file(tmp_path, row, row, row),
        source=sold["source"],
        mapping=MAPPING,
        time_zone="UTC",
        now=now,
    )
    assert (counts.lines_known, counts.lines_new) == (2, 1)
    assert sorted(PurchaseLine.objects.values_list("source_line", flat=True)) == [1, 2, 3]


def test_a_quantity_is_rounded_as_an_import_rounds_it(sold, tmp_path, now):
    weighed = sold | {"lines": [Line(ProductFactory(code="beans"), Decimal("0.0125"), 450)]}
    purchase = recording.record_purchase(**weighed)
    at, customer = sold["occurred_at"].isoformat(), sold["profile"].external_id
    path = order_file(tmp_path, f"{customer},T-1,{at},beans,,,0.0125,4.50,main-street")
    counts = importing.import_file(
        path=path, source=sold["source"], mapping=MAPPING, time_zone="UTC", now=now
    )
    assert (counts.lines_new, counts.lines_known) == (0, 1)
    assert purchase.lines.get().quantity == Decimal("0.013")


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "-Infinity"])
def test_a_quantity_that_is_no_number_is_refused(sold, quantity):
    strange = sold | {"lines": [Line(ProductFactory(), Decimal(quantity), 450)]}
    with pytest.raises(recording.QuantityWrong):
        recording.record_purchase(**strange)
    assert not Purchase.objects.exists()
