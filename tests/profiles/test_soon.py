"""The chance of a purchase within the week: that it means what it says, and knows nothing too soon."""

from __future__ import annotations

import numpy as np
import pytest

from profiles.rules import soon
from profiles.rules.diary import Diary, Purchases, open_diary
from profiles.rules.rhythms import NO_RHYTHMS, fit_rhythms

MORNING = 200


def shop(customers: int = 120, seed: int = 3) -> Purchases:
    """Each buys three things every 5 to 40 days; half of the customers stopped on day 150."""
    chance = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        ends = 150 if customer % 2 else MORNING + soon.DAYS
        for item in range(3):
            gap = chance.uniform(5, 40)
            day = chance.uniform(0, gap)
            while day < ends:
                rows.append((customer, item, int(day), item // 2))
                day += gap * chance.uniform(0.7, 1.3)
    customer, item, day, group = np.array(rows, dtype=np.int64).T
    return Purchases(customer, item, day, np.ones(len(day)), group)


@pytest.fixture(scope="module")
def fitted() -> soon.Soon:
    found = soon.fit_soon(shop(400), MORNING)
    assert found is not None
    return found


def asked(purchases: Purchases, fitted: soon.Soon | None) -> tuple[Diary, np.ndarray, np.ndarray]:
    diary = open_diary(purchases, MORNING - 1)
    rows = soon.asked_rows(diary, MORNING)
    chance = soon.chances(diary, fit_rhythms(diary, MORNING), fitted, rows, MORNING)
    return diary, rows, chance


def test_the_chances_mean_what_they_say(fitted):
    purchases = shop(400, seed=4)
    chance = asked(purchases, fitted)[2]
    after = open_diary(purchases, MORNING + soon.DAYS - 1)
    came = after.next_day[soon.asked_rows(after, MORNING)] >= 0
    assert abs(chance.mean() - came.mean()) < 0.02
    assert ((chance - came) ** 2).mean() < 0.75 * came.mean() * (1 - came.mean())


def test_who_has_stopped_is_not_expected(fitted):
    diary, rows, chance = asked(shop(400, seed=4), fitted)
    stopped = diary.customers[diary.customer[rows]] % 2 == 1
    assert chance[stopped].max() < 0.1
    assert chance[~stopped].mean() > 0.25


def test_nothing_that_comes_later_is_seen():
    purchases = shop(400)
    first = soon.fit_soon(purchases, MORNING)
    second = soon.fit_soon(purchases.where(purchases.day < MORNING), MORNING)
    assert first is not None
    assert second is not None
    assert first.to_dict() == second.to_dict()
    known = open_diary(purchases, MORNING - 1)
    later = open_diary(purchases, MORNING + soon.DAYS)
    rhythms = fit_rhythms(known, MORNING)
    ours, theirs = (
        soon.chances(diary, rhythms, first, soon.asked_rows(diary, MORNING), MORNING)
        for diary in (known, later)
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_customer_alone_gets_the_same_as_among_others(fitted):
    purchases = shop()
    diary, rows, chance = asked(purchases, fitted)
    rhythms = fit_rhythms(diary, MORNING)
    alone = open_diary(purchases.where(purchases.customer == 6), MORNING - 1)
    mine = soon.chances(alone, rhythms, fitted, soon.asked_rows(alone, MORNING), MORNING)
    assert len(mine) == 3
    np.testing.assert_allclose(mine, chance[diary.customers[diary.customer[rows]] == 6], atol=1e-5)


def test_a_stored_model_says_the_same(fitted):
    purchases = shop()
    again = soon.Soon.from_dict(fitted.to_dict())
    np.testing.assert_allclose(asked(purchases, again)[2], asked(purchases, fitted)[2], atol=1e-4)


def test_a_shop_that_showed_little_goes_by_the_rhythm():
    purchases = shop(10)
    assert soon.fit_soon(purchases, MORNING) is None
    _, rows, chance = asked(purchases, None)
    assert len(chance) == len(rows) > 0
    assert 0 < chance.min() <= chance.max() < 1


def test_without_purchases_there_is_nothing_to_learn_or_to_ask():
    none = np.zeros(0, np.int64)
    nothing = Purchases(none, none, none, np.zeros(0), none)
    assert soon.fit_soon(nothing, MORNING) is None
    diary = open_diary(nothing, MORNING - 1)
    assert len(soon.chances(diary, NO_RHYTHMS, None, none, MORNING)) == 0


def test_a_model_of_products_does_not_serve_groups(fitted):
    purchases = shop(10)
    bare = Purchases(purchases.customer, purchases.item, purchases.day, purchases.quantity)
    with pytest.raises(ValueError, match="fitted with groups"):
        asked(bare, fitted)


def test_what_is_known_of_the_week_is_carried_over_to_other_days():
    chance = soon.carried(np.array([0.5]), np.array([0.4]), np.array([0.5]))
    assert chance.tolist() == [pytest.approx(0.6)]  # odds 1 × (1 / (2 / 3)) = 1.5


def test_what_is_rare_does_not_throw_the_fit_off():
    chance = np.random.default_rng(5)
    traits = chance.exponential(1.0, (20_000, 40)).astype(np.float32) ** 3
    bought = chance.random(20_000) < 0.002 + 0.3 * (traits[:, 0] > 80)
    found = soon.regression(traits, bought, groups=False).chances(traits)
    assert abs(found.mean() - bought.mean()) < 0.002
    assert found[traits[:, 0] > 80].mean() > 20 * found[traits[:, 0] < 10].mean()
