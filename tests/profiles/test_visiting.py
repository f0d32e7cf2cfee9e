"""Rhythms of visits: shrunk to the house's, who stays away, and when newcomers come again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from profiles.models import Customer, LearnedModel, Product, VisitRhythm
from profiles.queries import visiting as found
from profiles.rules import visiting
from profiles.rules.visiting import House
from profiles.services import learning, visit_rows
from tests.factories.profiles import (
    PlaceFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
    SourceFactory,
)


def visits(*days_of_each: list[int]) -> visiting.Visits:
    customer = [n for n, days in enumerate(days_of_each) for _ in days]
    days = [day for each in days_of_each for day in each]
    return visiting.visits_of(np.array(customer, np.int64), np.array(days, np.int64))


# --- the rule -------------------------------------------------------------------------------------


def test_a_rhythm_of_few_gaps_leans_towards_the_house():
    house = House(mean=float(np.log(30)), within=0.25, between=0.4)
    rows = visiting.rhythms(visits([0, 5, 10, 15], list(range(0, 205, 5))), house)
    # Three gaps of 5: log mean (3*1.609/.25 + 3.401/.4) / (3/.25 + 1/.4) = 1.918.
    assert rows.days[0] == pytest.approx(6.81, abs=0.01)
    # Forty gaps of 5: hardly any lean is left.
    assert rows.days[1] == pytest.approx(5.14, abs=0.01)


def test_who_comes_weekly_stays_away_sooner_than_who_comes_quarterly():
    rows = visiting.rhythms(visits(list(range(0, 140, 7)), list(range(0, 900, 90))), House())
    away = rows.opens - rows.last
    assert away[0] < 30
    assert away[1] > 200


def test_three_visits_are_too_few_for_a_rhythm():
    rows = visiting.rhythms(visits([0, 7, 14], [0, 7, 14, 21]), House())
    assert rows.opens[0] == -1
    # log mean (3*1.9459/.25 + 3.4012/.4) / 14.5 = 2.1969: 8.997 days, three of them 26.99.
    assert rows.opens[1] == 21 + 27
    assert rows.closes[1] == 21 + 27 + 9


def test_two_purchases_of_one_day_are_one_visit():
    assert visits([3, 3, 3]).day.tolist() == [3]


def test_a_first_visit_counts_as_new_only_where_older_ones_are_known():
    house = House(since=0, second_days=20.0, second_share=0.5)
    rows = visiting.rhythms(visits([89], [90], [90, 95]), house)
    assert rows.opens.tolist() == [-1, 100, -1]
    assert rows.closes.tolist() == [-1, 130, -1]
    assert rows.likelihood.tolist() == [0.0, 0.5, 0.0]
    assert visiting.rhythms(visits([90]), House()).opens.tolist() == [-1]


def test_the_house_learns_when_newcomers_come_again():
    # Forty newcomers: thirty came again after 14 days, ten never did; and one old customer.
    came = [[100, 114] for _ in range(30)]
    gone = [[100] for _ in range(10)]
    house = visiting.fit(visits([0, 50, 100, 400], *came, *gone), today=400)
    # Median 14 of 30 and the prior's 30 with the weight of 10: (30*14 + 10*30) / 40 = 18.
    assert house.second_days == pytest.approx(18.0)
    assert house.second_window == (9, 36)
    # 30 of 40 came within it, and the prior's 4.5 of 10.
    assert house.second_share == pytest.approx(34.5 / 50)
    assert house.since == 0


def test_the_house_learns_how_many_come_back_after_staying_away():
    # Weekly for ten weeks, then away: twenty came back once after 25 days, thirty never did.
    weekly = list(range(0, 70, 7))
    back = [[*weekly, 63 + 25] for _ in range(20)]
    gone = [weekly for _ in range(30)]
    house = visiting.fit(visits(*back, *gone), today=400)
    # Seventy absences (those twenty stayed away for good after that), and the prior's 2 of 10.
    assert house.back_share == pytest.approx(22 / 80)


def test_without_visits_the_defaults_hold():
    assert visiting.fit(visits([]), today=10) == House()
    assert len(visiting.rhythms(visits([]), House()).customer) == 0


def test_a_house_survives_being_kept():
    house = House(since=12, second_days=20.0)
    assert House(**house.to_dict()) == House(
        mean=3.401197, within=0.25, between=0.4, since=12, second_days=20.0
    )


# --- what is stored and found ---------------------------------------------------------------------


def buy(customer: Customer, *days: date) -> None:
    for day in days:
        purchase = PurchaseFactory(
            origin_profile=customer.profiles.get(),
            occurred_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        )
        product, _ = Product.objects.get_or_create(code="beans")
        PurchaseLineFactory(purchase=purchase, product=product)


@pytest.fixture
def ann(db):
    """Every week for twenty weeks, last on 20 January 2026."""
    customer = ProfileFactory().customer
    last = date(2026, 1, 20)
    buy(customer, *(last - timedelta(days=7 * back) for back in range(20)))
    return customer


def learned(customer: Customer, now: datetime) -> VisitRhythm:
    learning.learn_customers(customer_ids=[customer.pk], now=now)
    return VisitRhythm.objects.get(customer=customer)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def test_who_stays_away_is_found_from_the_third_missed_rhythm_on(ann):
    row = learned(ann, at(date(2026, 1, 21)))
    # 19 gaps of 7 and the default's 30: log mean 1.9923, 7.33 days, three of them 21.996.
    assert (row.visits, row.last_on, row.rhythm_days) == (20, date(2026, 1, 20), 7.3321)
    assert (row.opens_on, row.closes_on) == (date(2026, 2, 11), date(2026, 2, 19))
    assert len(found.away([ann.pk], at(date(2026, 2, 10)))) == 0
    seen = found.away([ann.pk], at(date(2026, 2, 11)))
    assert seen.cycle.tolist() == [date(2026, 1, 20)]
    assert seen.until.tolist() == [date(2026, 2, 19)]
    assert seen.likelihood.tolist() == [0.2]
    assert seen.facts["visits"].tolist() == [20]
    assert list(found.awaiting_away(at(date(2026, 2, 12)))) == [ann.pk]
    assert list(found.awaiting_newcomers(at(date(2026, 2, 12)))) == []
    assert len(found.away([ann.pk], at(date(2026, 2, 20)))) == 0


def test_a_visit_since_ends_it_although_nothing_was_learned_yet(ann):
    learned(ann, at(date(2026, 1, 21)))
    day = at(date(2026, 2, 13))
    seen = found.away([ann.pk], day)
    asked = (seen.customer_id, seen.subject_id, seen.cycle)
    assert found.came_since(*asked, day).tolist() == [""]
    buy(ann, date(2026, 2, 12))
    assert len(found.away([ann.pk], day)) == 0
    assert found.came_since(*asked, day).tolist() == ["came_since"]


def test_a_visit_without_a_purchase_ends_it_too(ann):
    learned(ann, at(date(2026, 1, 21)))
    ann.touchpoints.create(
        origin_profile=ann.profiles.get(), source=SourceFactory(), place=PlaceFactory(),
        kind="visit", occurred_at=at(date(2026, 2, 12)),
    )  # fmt: skip
    assert len(found.away([ann.pk], at(date(2026, 2, 13)))) == 0


def test_a_newcomer_is_found_in_the_window_of_a_second_visit(ann):
    day = at(date(2026, 1, 21))
    learning.refit(now=day)
    house = visit_rows.house()
    assert house.since == (date(2025, 9, 9) - date(1970, 1, 1)).days
    assert house.second_window == (15, 60)  # nobody shows otherwise: half and twice of 30 days
    new = ProfileFactory().customer
    buy(new, date(2026, 1, 10))
    row = learned(new, day)
    assert (row.visits, row.opens_on, row.closes_on) == (1, date(2026, 1, 25), date(2026, 3, 11))
    assert len(found.newcomers([new.pk], day)) == 0
    seen = found.newcomers([new.pk], at(date(2026, 1, 25)))
    assert seen.likelihood.tolist() == [0.45]
    assert list(found.awaiting_newcomers(at(date(2026, 1, 25)))) == [new.pk]
    buy(new, date(2026, 1, 26))
    assert len(found.newcomers([new.pk], at(date(2026, 1, 27)))) == 0
    learning.learn_customers(customer_ids=[new.pk], now=at(date(2026, 1, 27)))
    assert not VisitRhythm.objects.filter(customer=new).exists()


def test_without_a_fit_nobody_is_new(ann):
    assert not LearnedModel.objects.exists()
    new = ProfileFactory().customer
    buy(new, date(2026, 1, 10))
    learning.learn_customers(customer_ids=[new.pk], now=at(date(2026, 1, 21)))
    assert not VisitRhythm.objects.filter(customer=new).exists()


def test_detection_takes_the_same_queries_for_any_number(ann, django_assert_num_queries):
    learned(ann, at(date(2026, 1, 21)))
    day = at(date(2026, 2, 12))
    found.away([ann.pk], day)
    with django_assert_num_queries(3):
        found.away([ann.pk], day)
    with django_assert_num_queries(3):
        found.away([ann.pk, *range(1000, 1200)], day)
