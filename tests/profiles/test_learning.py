"""Learning: that a fit reaches everybody, and a purchase no more than what it changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from profiles.models import Customer, Habit, LearnedModel, Product, PurchaseLine
from profiles.queries import due
from profiles.queries import soon as soon_queries
from profiles.rules import soon, timing
from profiles.services import learning
from tests.factories.profiles import (
    CustomerFactory,
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

pytestmark = pytest.mark.django_db


def test_a_fit_lets_every_buyer_be_learned_anew(now):
    line = PurchaseLineFactory()
    CustomerFactory()
    assert learning.refit_if_old(now=now) == {"product": 0, "category": 0}
    assert list(Customer.objects.filter(habits_due=True)) == [line.customer]
    assert learning.refit_if_old(now=now) == {}


def test_a_fit_that_reached_nobody_is_made_again(now, monkeypatch):
    PurchaseLineFactory()

    def broken() -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(learning, "_mark_buyers", broken)
        with pytest.raises(RuntimeError):
            learning.refit_if_old(now=now)
    assert not LearnedModel.objects.exists()
    assert learning.refit_if_old(now=now) != {}
    assert Customer.objects.filter(habits_due=True).exists()


def test_what_is_known_of_the_week_moves_the_chance_of_a_reminder(ann, now, monkeypatch):
    customer, bread, _ = ann
    monkeypatch.setattr(soon, "FEWEST_CASES", 40)
    monkeypatch.setattr(soon, "FEWEST_OF_EACH", 10)
    soap = ProductFactory(name="Soap")
    for _ in range(6):
        other = CustomerFactory()
        ProfileFactory(customer=other)
        buy(other, bread, *range(3, 120, 7), now=now)
        buy(other, soap, *range(10, 120, 35), now=now)
    before = due.detect([customer.pk], now).likelihood.tolist()
    assert soon_queries.chances([customer.pk], now).chance.tolist() == []
    learning.refit(now=now)
    week = soon_queries.chances([customer.pk], now)
    assert (week.customer.tolist(), week.product.tolist()) == ([customer.pk], [bread.pk])
    after = due.detect([customer.pk], now).likelihood.tolist()
    assert len(before) == len(after) == 1
    assert week.chance[0] > before[0]
    assert after[0] > before[0]


# --- what changed, and no more --------------------------------------------------------------------


def buy(customer: Customer, product: Product, *days_back: int, now: datetime) -> None:
    for back in days_back:
        PurchaseLineFactory(
            purchase=PurchaseFactory(
                origin_profile=customer.profiles.get(), occurred_at=now - timedelta(days=back)
            ),
            product=product,
        )


def ids(customer: Customer) -> dict[int, int]:
    return dict(
        Habit.objects.filter(customer=customer, product__isnull=False).values_list(
            "product_id", "id"
        )
    )


@pytest.fixture
def ann(now):
    """A customer who bought bread every week, and salt twice."""
    customer = CustomerFactory()
    ProfileFactory(customer=customer)
    bread, salt = ProductFactory(name="Bread"), ProductFactory(name="Salt")
    buy(customer, bread, 35, 28, 21, 14, 7, now=now)
    buy(customer, salt, 120, 30, now=now)
    learning.learn_everything(now=now)
    return customer, bread, salt


def test_a_habit_says_when_it_was_bought(ann, now):
    customer, bread, salt = ann
    habit = Habit.objects.get(customer=customer, product=bread)
    assert (habit.purchase_days, habit.first_on, habit.last_on) == (
        5,
        date(2026, 2, 3),
        date(2026, 3, 3),
    )
    assert habit.learned_on == date(2026, 3, 9)
    assert habit.learned_at == now
    assert (habit.category_id, len(habit.curve)) == (None, 2 * len(timing.EDGES))
    assert habit.earliest_on <= habit.expected_on <= habit.latest_on
    assert 0 < habit.window_probability <= 1
    other = Habit.objects.get(customer=customer, product=salt)
    assert (other.purchase_days, other.doubt) == (2, "too_few")


def test_a_purchase_leaves_alone_what_it_does_not_change(ann, now):
    customer, bread, salt = ann
    before = ids(customer)
    buy(customer, bread, 0, now=now - timedelta(hours=1))
    learning.learn_customers(customer_ids=[customer.pk], now=now)
    after = ids(customer)
    assert after[salt.pk] == before[salt.pk]
    assert after[bread.pk] != before[bread.pk]
    assert Habit.objects.get(customer=customer, product=bread).purchase_days == 6


def test_a_third_purchase_changes_what_two_had_settled(ann, now):
    customer, _, salt = ann
    buy(customer, salt, 0, now=now - timedelta(hours=1))
    learning.learn_customers(customer_ids=[customer.pk], now=now)
    habit = Habit.objects.get(customer=customer, product=salt)
    assert (habit.purchase_days, habit.last_on) == (3, date(2026, 3, 10))


def test_a_new_fit_reaches_what_was_settled(ann, now):
    customer, _, salt = ann
    before = ids(customer)
    later = now + timedelta(days=8)
    learning.refit(now=later)
    learning.learn_customers(customer_ids=[customer.pk], now=later)
    assert ids(customer)[salt.pk] != before[salt.pk]
    assert Habit.objects.get(customer=customer, product=salt).learned_at == later


def test_what_was_never_bought_after_all_is_forgotten(ann, now):
    customer, bread, salt = ann
    PurchaseLine.objects.filter(product=salt).delete()
    learning.learn_customers(customer_ids=[customer.pk], now=now)
    assert list(ids(customer)) == [bread.pk]
    PurchaseLine.objects.all().delete()
    learning.learn_customers(customer_ids=[customer.pk], now=now)
    assert not Habit.objects.filter(customer=customer).exists()


def test_others_keep_what_they_have(ann, now):
    other = CustomerFactory()
    ProfileFactory(customer=other)
    buy(other, ann[1], 40, 20, now=now)
    learning.learn_customers(customer_ids=[other.pk], now=now)
    kept = ids(other)
    learning.learn_customers(customer_ids=[ann[0].pk], now=now)
    assert ids(other) == kept
