from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cxportal.lib.registry import registry
from loyalty import moments, queries
from loyalty.models import PointsEntry, Programme, Tier
from loyalty.queries import HistoryLine, Standing
from loyalty.services import setting_up
from profiles.models import Company
from tests.factories.loyalty import PointsEntryFactory
from tests.factories.profiles import CustomerFactory

pytestmark = pytest.mark.django_db


def customer_with(*entries: tuple[int, datetime], **given) -> int:
    customer = CustomerFactory(**given)
    for points, at in entries:
        PointsEntryFactory(customer=customer, points=points, kind="adjustment", occurred_at=at)
    return customer.pk


def test_a_standing_counts_all_points_and_those_of_twelve_months(programme, now):
    customer = customer_with(
        (1000, now - timedelta(days=400)), (490, now - timedelta(days=30)), (-20, now)
    )
    assert queries.standing([customer], now) == {
        customer: Standing(
            balance=1470,
            points_12m=470,
            tier_code="member",
            tier_name="Member",
            next_tier_name="Silver",
            points_to_next=30,
        )
    }


def test_points_leave_the_year_at_the_same_hour_a_year_later(programme, now):
    earned_at = datetime(2025, 3, 10, 6, 5, tzinfo=UTC)
    customer = customer_with((500, earned_at))
    just_before = queries.standing([customer], now - timedelta(microseconds=1))
    assert just_before[customer].tier_code == "silver"
    assert queries.standing([customer], now)[customer].tier_code == "member"


def test_at_the_top_nothing_is_ahead(programme, now):
    customer = customer_with((1500, now))
    held = queries.standing([customer], now)[customer]
    assert (held.tier_name, held.next_tier_name, held.points_to_next) == ("Gold", "", 0)


def test_without_points_one_is_a_member(programme, now):
    customer = customer_with()
    assert queries.standing([customer], now)[customer] == Standing(
        0, 0, "member", "Member", "Silver", 500
    )


def test_more_returned_than_bought_this_year_is_still_a_member(programme, now):
    customer = customer_with((800, now - timedelta(days=400)), (-100, now))
    held = queries.standing([customer], now)[customer]
    assert (held.balance, held.points_12m, held.tier_code, held.points_to_next) == (
        700,
        -100,
        "member",
        600,
    )


def test_without_tiers_a_standing_has_none(programme, now):
    Tier.objects.all().delete()
    customer = customer_with((100, now))
    assert queries.standing([customer], now)[customer] == Standing(100, 100, "", "", "", 0)


def test_standings_take_two_queries_for_any_number(programme, now, django_assert_num_queries):
    customers = [customer_with((100, now), (200, now)) for _ in range(5)]
    with django_assert_num_queries(2):
        held = queries.standing(customers, now)
    assert {one.balance for one in held.values()} == {300}


def test_the_history_tells_the_balance_after_each_booking(programme, now):
    yesterday = now - timedelta(days=1)
    customer = customer_with((100, yesterday), (-30, now))
    customer_with((7, now))
    assert queries.history(customer) == [
        HistoryLine(now, "adjustment", -30, 70, None),
        HistoryLine(yesterday, "adjustment", 100, 100, None),
    ]
    assert queries.history(customer, limit=1) == [HistoryLine(now, "adjustment", -30, 70, None)]


def test_close_to_the_next_tier_is_seen_once_a_month(programme, now):
    near_silver = customer_with((450, now))
    customer_with((449, now))
    customer_with((500, now))
    near_gold = customer_with((1000, now), (360, now))
    customer_with((460, now + timedelta(days=1)))
    everybody = sorted(PointsEntry.objects.values_list("customer_id", flat=True).distinct())
    found = moments.close_to_next_tier(everybody, now)
    assert found.customer_id.tolist() == [near_silver, near_gold]
    assert found.subject_id.tolist() == [0, 0]
    assert found.cycle.tolist() == [datetime(2026, 3, 1).date()] * 2  # noqa: DTZ001
    assert found.until.tolist() == [datetime(2026, 3, 31).date()] * 2  # noqa: DTZ001
    # No purchase yet, 22 days left: (1 - exp(-22/455)) * 1/2.
    assert found.likelihood.tolist() == pytest.approx([0.0236, 0.0236], abs=0.0001)
    assert found.value.tolist() == [1.0, 1.0]
    assert found.doubt.tolist() == ["", ""]
    assert found.facts["points_12m"].tolist() == [450, 1360]
    assert found.facts["points_to_next"].tolist() == [50, 140]
    assert found.facts["next_tier"].tolist() == ["Silver", "Gold"]


def test_only_the_customers_asked_about_are_found(programme, now):
    here, _elsewhere = customer_with((450, now)), customer_with((450, now))
    assert moments.close_to_next_tier([here], now).customer_id.tolist() == [here]


def test_the_month_is_that_of_the_company(programme):
    Company.objects.create(time_zone="Europe/Vienna")
    new_year_in_vienna = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    customer = customer_with((450, new_year_in_vienna))
    found = moments.close_to_next_tier([customer], new_year_in_vienna)
    assert found.cycle.tolist() == [datetime(2027, 1, 1).date()]  # noqa: DTZ001
    assert found.until.tolist() == [datetime(2027, 1, 31).date()]  # noqa: DTZ001


def test_who_is_awaited_is_found_and_in_order(programme, now):
    customers = [customer_with((450 + 10 * number, now)) for number in range(4)]
    customer_with((5, now))
    assert moments.awaiting_next_tier(now) == sorted(customers)


def test_nobody_is_close_while_the_programme_is_off(programme, now):
    customer = customer_with((450, now))
    Programme.objects.update(enabled=False)
    assert moments.awaiting_next_tier(now) == []
    found = moments.close_to_next_tier([customer], now)
    assert len(found) == 0
    assert found.facts["next_tier"].tolist() == []


def test_nobody_is_close_without_tiers(programme, now):
    customer = customer_with((450, now))
    Tier.objects.all().delete()
    assert len(moments.close_to_next_tier([customer], now)) == 0
    assert moments.awaiting_next_tier(now) == []


def test_detection_takes_the_same_queries_for_any_number(programme, now, django_assert_num_queries):
    Company.objects.create()
    customers = [customer_with((450, now)) for _ in range(6)]
    with django_assert_num_queries(5):
        assert len(moments.close_to_next_tier(customers, now)) == 6


def test_campaigns_are_offered_the_tier_as_a_fact(programme, now):
    member, gold = customer_with(), customer_with((1500, now))
    fact = registry.facts["tier"]
    assert fact.load([member, gold], now) == {member: "member", gold: "gold"}
    assert not fact.forbids_selling


def test_campaigns_are_offered_the_moment_and_the_action(programme, now):
    moment, action = registry.moments["close_to_next_tier"], registry.actions["bonus_points"]
    customer = customer_with((450, now))
    assert list(moment.awaited(now)) == [customer]
    assert isinstance(moment.detect([customer], now).customer_id, np.ndarray)
    assert action.describe({"points": 50}) == "50 bonus points"
    for _ in range(2):
        action.perform(customer, "decision:9", {"points": 50}, now)
    assert queries.standing([customer], now)[customer].balance == 500
    assert PointsEntry.objects.get(source_ref="decision:9").actor == "campaign"


def test_a_programme_is_set_up_once_and_keeps_what_managers_changed(db):
    programme = setting_up.ensure_programme()
    assert (programme.name, programme.points_per_unit, programme.enabled) == ("Points", 1, True)
    assert [(t.code, t.from_points) for t in Tier.objects.order_by("from_points")] == [
        ("member", 0),
        ("silver", 500),
        ("gold", 1500),
    ]
    Tier.objects.filter(code="gold").delete()
    setting_up.ensure_programme()
    assert Tier.objects.count() == 2
