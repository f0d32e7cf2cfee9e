"""What goes with what: learned from baskets, kept in rows that cannot be wrong."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from cxportal.lib.errors import violated_constraint
from profiles.models import ProductCompanion
from profiles.queries.companions import companions_of
from profiles.rules import companions
from profiles.services import learning
from tests.factories.profiles import (
    ProductFactory,
    ProfileFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)


def test_the_closest_come_first_and_chance_meetings_are_left_out():
    baskets = [(1, 2, 9), (1, 2, 9), (1, 2, 9), (1, 9), (2, 9), (1, 3), (9,), (9,), (9,)]
    baskets += [(5,)] * 20
    lines = [(n, product) for n, basket in enumerate(baskets) for product in basket]
    basket, product = np.array(lines).T
    found = companions.learn(basket, product)
    rows = list(zip(found.product, found.companion, found.together, found.baskets, strict=True))
    assert rows == [
        (1, 9, 4, 5), (1, 2, 3, 5), (2, 9, 4, 4), (2, 1, 3, 4), (9, 2, 4, 8), (9, 1, 4, 8),
    ]  # fmt: skip
    # 4 / √(4 · 8) · 4 / (4 + 5)
    assert found.score[2] == pytest.approx(0.31427, abs=1e-5)


def test_a_delivery_to_a_shop_says_nothing_of_what_goes_together():
    products = np.tile(np.arange(companions.LARGEST + 1), 4)
    found = companions.learn(np.repeat(np.arange(4), companions.LARGEST + 1), products)
    assert len(found) == 0


def test_no_baskets_no_companions():
    none = np.zeros(0, np.int64)
    assert len(companions.learn(none, none)) == 0


def test_what_everybody_buys_with_everything_goes_with_nothing():
    # Forty baskets, a bag in each of them: twenty with soap, and fifteen of those with a brush.
    lines = [(n, 1) for n in range(40)] + [(n, 2) for n in range(20)] + [(n, 3) for n in range(15)]
    basket, product = np.array(lines).T
    found = companions.learn(basket, product)
    rows = zip(found.product, found.companion, found.together, found.baskets, strict=True)
    assert list(rows) == [(2, 3, 15, 20), (3, 2, 15, 15)]


def test_no_more_are_kept_than_asked_for_whatever_the_slices(monkeypatch):
    chance = np.random.default_rng(2)
    basket = np.repeat(np.arange(400), 6)
    product = basket % 8 * 4 + chance.integers(0, 8, len(basket))
    whole = companions.learn(basket, product, most=4)
    monkeypatch.setattr(companions, "SLICE", 7)
    parts = companions.learn(basket, product, most=4)
    assert np.bincount(whole.product).max() == 4
    for name in ("product", "companion", "together", "baskets", "score"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()


@pytest.mark.django_db
def test_a_fit_replaces_what_was_learned_before(now):
    lettuce, chicken, soap = (ProductFactory(name=name) for name in ("Lettuce", "Chicken", "Soap"))
    ProductCompanion.objects.create(
        product=lettuce, companion=soap, together=1, baskets=1, score=0.5
    )
    for number in range(4):
        purchase = PurchaseFactory(
            origin_profile=ProfileFactory(), occurred_at=now - timedelta(days=number + 1)
        )
        for product in (lettuce, chicken) if number else (lettuce, soap):
            PurchaseLineFactory(purchase=purchase, product=product)
    for number in range(8):
        purchase = PurchaseFactory(
            origin_profile=ProfileFactory(), occurred_at=now - timedelta(days=number + 1)
        )
        PurchaseLineFactory(purchase=purchase, product=soap)
    learning.refit(now=now)
    assert companions_of([lettuce.pk]) == {
        lettuce.pk: [(lettuce.pk, chicken.pk, 3, 4, pytest.approx(0.32476, abs=1e-5))]
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"together": 5}, "profiles_companion_counts"),
        ({"together": 0}, "profiles_companion_counts"),
        ({"itself": True}, "profiles_companion_of_another"),
        ({"twice": True}, "profiles_companion_once"),
    ],
)
def test_the_database_refuses(wrong, constraint):
    product, other = ProductFactory(), ProductFactory()
    row = ProductCompanion(
        product=product,
        companion=product if wrong.get("itself") else other,
        together=wrong.get("together", 3),
        baskets=4,
        score=0.5,
    )
    again = ProductCompanion(product=product, companion=other, together=3, baskets=4, score=0.5)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ProductCompanion.objects.bulk_create([row, *([again] if wrong.get("twice") else [])])
    assert violated_constraint(refused.value) == constraint
    assert not ProductCompanion.objects.exists()
