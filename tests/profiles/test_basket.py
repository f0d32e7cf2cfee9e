"""What lies in the next basket: better than by frequency where it can be, and never by hindsight."""

from __future__ import annotations

import numpy as np
import pytest

from profiles.rules import basket
from profiles.rules.diary import Purchases, open_diary
from profiles.rules.rhythms import NO_RHYTHMS, fit_rhythms

TODAY = 150


def shop(customers: int, seed: int) -> Purchases:
    """Each comes every week and takes milk always, of six other things one after the other."""
    chance = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        turn = int(chance.integers(0, 6))
        for week, day in enumerate(range(int(chance.integers(0, 7)), TODAY + 7, 7)):
            rows += [(customer, 0, day, 0), (customer, 1 + (turn + week) % 6, day, 1)]
    customer, item, day, group = np.array(rows, dtype=np.int64).T
    return Purchases(customer, item, day, np.ones(len(day)), group)


def known_to(purchases: Purchases, day: int) -> Purchases:
    return purchases.where(purchases.day < day)


def test_what_is_due_comes_before_what_was_bought_last_week():
    model = basket.fit_basket(shop(120, seed=1), TODAY)
    assert model is not None
    purchases = shop(20, seed=2)
    visits = np.unique(purchases.customer * 1000 + purchases.day)
    customers, last = np.unique(visits // 1000, return_index=True)
    days = visits[np.append(last[1:], len(visits)) - 1] % 1000
    diary = open_diary(basket.aligned(purchases, customers, days), basket.DAY - 1)
    rhythms = fit_rhythms(open_diary(known_to(purchases, TODAY), TODAY - 1), TODAY)
    found = basket.ranked(diary, rhythms, model, basket.DAY)
    for customer, day in zip(customers, days, strict=True):
        taken = purchases.item[(purchases.customer == customer) & (purchases.day == day)]
        assert set(found.item[found.customer == customer][:2]) == set(taken)


def test_what_comes_later_changes_nothing():
    purchases = shop(120, seed=1)
    whole, known = (
        basket.fit_basket(one, TODAY) for one in (purchases, known_to(purchases, TODAY))
    )
    assert whole is not None
    assert known is not None
    assert whole.to_dict() == known.to_dict()


def test_without_a_model_frequency_decides_and_newer_visits_count_more():
    customer = np.ones(5, np.int64)
    item, day = np.array([8, 8, 9, 9, 7]), np.array([1, 2, 8, 9, 9])
    diary = open_diary(Purchases(customer, item, day, np.ones(5), item * 0), 9)
    found = basket.ranked(diary, NO_RHYTHMS, None, 10)
    assert found.item.tolist() == [9, 8, 7]
    assert found.score[0] == pytest.approx((1 + 0.95 + 0.05) / (1 + 0.95 + 0.9025 + 0.857375 + 0.5))


def test_no_customer_has_more_candidates_than_are_asked_about():
    items = np.arange(200)
    purchases = Purchases(items * 0, items, items * 0 + 3, np.ones(200), items * 0)
    rows, share = basket.candidates(open_diary(purchases, 9), 10)
    assert len(rows) == len(share) == basket.CANDIDATES


def test_a_shop_of_few_visits_has_no_model():
    assert basket.fit_basket(shop(3, seed=1), TODAY) is None
    none = np.zeros(0, np.int64)
    assert basket.fit_basket(Purchases(none, none, none, np.zeros(0), none), TODAY) is None
