"""Birthdays by the customer's own clock, leap days, and so many years with the same thing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from profiles.models import Category, Company
from profiles.queries import occasions
from tests.factories.facts import note, tell
from tests.factories.profiles import (
    CustomerFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

pytestmark = pytest.mark.django_db


def born(day: str, now: datetime, **fields):
    customer = CustomerFactory(**fields)
    ProfileFactory(customer=customer)
    tell(customer, "birthday", day, now - timedelta(days=400))
    return customer


def kept(customer, now: datetime) -> list[date]:
    return occasions.birthdays([customer.pk], now).cycle.tolist()


def test_a_birthday_is_seen_on_its_day_and_on_the_eve(now):
    ann = born("1990-03-10", now)
    assert kept(ann, now - timedelta(days=2)) == []
    assert kept(ann, now - timedelta(days=1)) == [date(2026, 3, 10)]
    found = occasions.birthdays([ann.pk], now)
    assert found.until.tolist() == [date(2026, 3, 10)]
    assert found.opens.tolist() == [date(2026, 3, 10)]
    assert found.likelihood.tolist() == [0.6]
    assert found.facts["kept_on"].tolist() == ["2026-03-10"]
    assert kept(ann, now + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("at", "zone", "seen"),
    [
        # 11:30 in Auckland on 9 March, 22:30 UTC on the 8th: the eve of the 10th.
        (datetime(2026, 3, 8, 22, 30, tzinfo=UTC), "Pacific/Auckland", True),
        (datetime(2026, 3, 8, 22, 30, tzinfo=UTC), "UTC", False),
        # Midnight in Auckland ends the day while it is noon of the 10th in UTC.
        (datetime(2026, 3, 10, 11, 30, tzinfo=UTC), "Pacific/Auckland", False),
        (datetime(2026, 3, 10, 10, 30, tzinfo=UTC), "Pacific/Auckland", True),
        # 05:00 UTC on the 11th is still the 10th in Los Angeles.
        (datetime(2026, 3, 11, 5, 0, tzinfo=UTC), "America/Los_Angeles", True),
        (datetime(2026, 3, 11, 5, 0, tzinfo=UTC), "UTC", False),
    ],
)
def test_the_day_is_that_of_the_customers_clock(now, at, zone, seen):
    ann = born("1990-03-10", now, time_zone=zone)
    assert (kept(ann, at) == [date(2026, 3, 10)]) is seen
    assert not seen or ann.pk in list(occasions.awaiting_birthday(at))


def test_the_29th_of_february_is_kept_on_the_28th_between_leap_years(now):
    ann = born("2004-02-29", now)
    noon = datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert kept(ann, noon) == [date(2027, 2, 28)]
    assert kept(ann, noon + timedelta(days=1)) == []
    leap = datetime(2028, 2, 28, 12, tzinfo=UTC)
    assert kept(ann, leap) == [date(2028, 2, 29)]
    assert kept(ann, leap + timedelta(days=1)) == [date(2028, 2, 29)]
    assert kept(ann, leap + timedelta(days=2)) == []


def test_who_may_have_a_birthday_is_awaited_in_order(now):
    ann, ben = born("1990-03-10", now), born("1991-03-11", now)
    born("1990-05-01", now)
    assert list(occasions.awaiting_birthday(now)) == sorted([ann.pk, ben.pk])


def test_a_day_of_birth_that_cannot_be_one_is_none(now):
    ann = born("1903-03-10", now)
    assert kept(ann, now) == []


def test_what_we_only_concluded_is_nothing_to_congratulate_on(now):
    customer = CustomerFactory()
    ProfileFactory(customer=customer)
    note(customer, "birthday", "1990-03-10", now - timedelta(days=9))
    assert kept(customer, now) == []


def test_a_birthday_that_was_corrected_is_over(now):
    ann = born("1990-03-10", now)
    found = occasions.birthdays([ann.pk], now)
    asked = (found.customer_id, found.subject_id, found.cycle)
    assert occasions.birthday_over(*asked, now).tolist() == [""]
    tell(ann, "birthday", "1990-06-10", now)
    assert occasions.birthday_over(*asked, now).tolist() == ["not_so_any_more"]


def test_birthdays_take_the_same_queries_for_any_number(now, django_assert_num_queries):
    Company.objects.create()
    people = [born("1990-03-10", now).pk for _ in range(5)]
    with django_assert_num_queries(3):
        assert len(occasions.birthdays(people, now)) == 5


# --- years with the same --------------------------------------------------------------------------


@pytest.fixture
def phone():
    phones = Category.objects.create(name="Phones", lasts_years=3)
    return ProductFactory(category=phones)


def bought(customer, product, day: date, quantity: int = 1):
    purchase = PurchaseFactory(
        origin_profile=customer.profiles.get(),
        occurred_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
    )
    PurchaseLineFactory(purchase=purchase, product=product, quantity=quantity)


@pytest.fixture
def owner():
    return ProfileFactory().customer


def anniversary(customer, now):
    found = occasions.anniversaries([customer.pk], now)
    return list(zip(found.cycle.tolist(), found.facts.get("years", []), strict=True))


def test_three_years_with_the_same_phone(owner, phone, now):
    bought(owner, phone, date(2023, 3, 10))
    assert anniversary(owner, now - timedelta(days=2)) == []
    assert anniversary(owner, now - timedelta(days=1)) == [(date(2026, 3, 10), 3)]
    found = occasions.anniversaries([owner.pk], now)
    assert found.subject_id.tolist() == [phone.pk]
    assert found.until.tolist() == [date(2026, 4, 9)]
    assert found.facts["since"].tolist() == ["2023-03-10"]
    assert anniversary(owner, now + timedelta(days=30)) == [(date(2026, 3, 10), 3)]
    assert anniversary(owner, now + timedelta(days=31)) == []
    assert list(occasions.awaiting_anniversary(now)) == [owner.pk]


def test_a_year_too_early_is_no_anniversary_and_a_fourth_year_is(owner, phone, now):
    bought(owner, phone, date(2022, 3, 10))
    assert anniversary(owner, datetime(2024, 3, 10, 12, tzinfo=UTC)) == []
    assert anniversary(owner, now) == [(date(2026, 3, 10), 4)]


def test_bought_on_a_leap_day_its_year_ends_on_the_28th(owner, phone):
    bought(owner, phone, date(2024, 2, 29))
    assert anniversary(owner, datetime(2027, 2, 28, 12, tzinfo=UTC)) == [(date(2027, 2, 28), 3)]
    assert anniversary(owner, datetime(2028, 2, 29, 12, tzinfo=UTC)) == [(date(2028, 2, 29), 4)]


def test_another_of_the_kind_bought_since_begins_anew(owner, phone, now):
    bought(owner, phone, date(2023, 3, 10))
    found = occasions.anniversaries([owner.pk], now)
    asked = (found.customer_id, found.subject_id, found.cycle)
    assert occasions.anniversary_over(*asked, now).tolist() == [""]
    bought(owner, ProductFactory(category=phone.category), date(2026, 3, 9))
    assert anniversary(owner, now) == []
    assert occasions.anniversary_over(*asked, now).tolist() == ["bought_since"]


def test_what_was_brought_back_is_not_had(owner, phone, now):
    bought(owner, phone, date(2023, 3, 10))
    bought(owner, phone, date(2023, 3, 20), quantity=-1)
    assert anniversary(owner, now) == []


def test_what_tells_of_health_or_faith_has_no_anniversary(owner, phone, now):
    Category.objects.update(is_delicate=True)
    bought(owner, phone, date(2023, 3, 10))
    assert anniversary(owner, now) == []


def test_what_is_used_up_has_no_anniversary(owner, now):
    bought(owner, ProductFactory(), date(2023, 3, 10))
    assert anniversary(owner, now) == []
    assert isinstance(occasions.anniversaries([owner.pk], now).customer_id, np.ndarray)
