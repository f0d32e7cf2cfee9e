"""Who is about to lose a tier, and how likely a word about points helps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from loyalty import moments
from loyalty.models import PointsEntry, Programme
from loyalty.services import awarding
from profiles.models import Company
from tests.factories.loyalty import PointsEntryFactory
from tests.factories.profiles import ProfileFactory, PurchaseFactory, PurchaseLineFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(programme):
    return ProfileFactory().customer


def earn(customer, points: int, at: datetime) -> None:
    PointsEntryFactory(customer=customer, points=points, occurred_at=at)


def risk(customer, now):
    found = moments.tier_at_risk([customer.pk], now)
    return {name: column.tolist() for name, column in found.facts.items()}


def test_a_tier_is_at_risk_when_old_points_leave_the_year(ann, now):
    earn(ann, 300, datetime(2025, 3, 20, 12, tzinfo=UTC))
    earn(ann, 100, datetime(2025, 4, 2, 12, tzinfo=UTC))
    earn(ann, 250, datetime(2025, 9, 1, 12, tzinfo=UTC))
    # 650 points hold Silver (500); 350 are left from 20 March on, 250 from 2 April.
    assert risk(ann, now) == {
        "tier": ["Silver"],
        "falls_on": ["2026-03-20"],
        "points_needed": [250],
    }
    found = moments.tier_at_risk([ann.pk], now)
    assert found.cycle.tolist() == [date(2026, 3, 1)]
    assert found.until.tolist() == [date(2026, 3, 19)]
    assert moments.awaiting_risk(now) == [ann.pk]


def test_points_that_leave_later_are_no_risk_yet(ann, now):
    earn(ann, 600, datetime(2025, 4, 10, 12, tzinfo=UTC))
    assert risk(ann, now) == {}
    assert risk(ann, now + timedelta(days=2))["falls_on"] == ["2026-04-10"]


def test_who_keeps_enough_is_safe(ann, now):
    earn(ann, 100, datetime(2025, 3, 20, 12, tzinfo=UTC))
    earn(ann, 500, datetime(2025, 9, 1, 12, tzinfo=UTC))
    assert risk(ann, now) == {}


def test_the_lowest_tier_cannot_be_lost(ann, now):
    earn(ann, 300, datetime(2025, 3, 20, 12, tzinfo=UTC))
    assert risk(ann, now) == {}


def test_points_earned_meanwhile_end_it(ann, now):
    earn(ann, 600, datetime(2025, 3, 20, 12, tzinfo=UTC))
    found = moments.tier_at_risk([ann.pk], now)
    asked = (found.customer_id, found.subject_id, found.cycle)
    assert moments.risk_over(*asked, now).tolist() == [""]
    earn(ann, 500, now)
    assert moments.risk_over(*asked, now).tolist() == ["earned_since"]


def test_while_the_programme_is_off_nothing_is_at_risk(ann, now):
    earn(ann, 600, datetime(2025, 3, 20, 12, tzinfo=UTC))
    Programme.objects.update(enabled=False)
    assert risk(ann, now) == {}
    assert moments.awaiting_risk(now) == []


def buy(customer, points: int, at: datetime) -> None:
    """Let a purchase of so many units earn a point for each."""
    purchase = PurchaseFactory(origin_profile=customer.profiles.get(), occurred_at=at)
    PurchaseLineFactory(purchase=purchase, unit_price_minor=100 * points)
    awarding.award_for_purchases(now=at, limit=100)


def test_the_chance_to_rise_comes_from_the_customers_own_purchases(ann, now):
    Company.objects.create()
    for month in range(9):
        buy(ann, 50, now - timedelta(days=30 * month + 1))
    (close,) = moments.close_to_next_tier([ann.pk], now).facts["points_to_next"].tolist()
    assert close == 50
    # Nine purchases, each large enough; 22 days left: (1 - exp(-10/455*22)) * 10/11.
    assert moments.close_to_next_tier([ann.pk], now).likelihood.tolist() == pytest.approx(
        [0.3485], abs=0.0001
    )


def test_small_purchases_make_it_less_likely(ann, now):
    Company.objects.create()
    earn(ann, 400, now - timedelta(days=5))
    for month in range(9):
        buy(ann, 6, now - timedelta(days=30 * month + 1))
    # 454 points, 46 missing, none of nine purchases large enough: 0.3834 * 1/11.
    assert moments.close_to_next_tier([ann.pk], now).likelihood.tolist() == pytest.approx(
        [0.0349], abs=0.0001
    )
    assert PointsEntry.objects.filter(kind="purchase").count() == 9


def test_reaching_the_tier_ends_the_moment(ann, now):
    earn(ann, 460, now - timedelta(days=5))
    found = moments.close_to_next_tier([ann.pk], now)
    asked = (found.customer_id, found.subject_id, found.cycle)
    assert moments.risen(*asked, now).tolist() == [""]
    earn(ann, 100, now)
    assert moments.risen(*asked, now).tolist() == ["earned_since"]
