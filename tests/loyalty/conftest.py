"""Purchases with lines, in one call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.models import Programme
from loyalty.services import setting_up
from profiles.models import Product, Purchase
from tests.factories.profiles import PurchaseFactory, PurchaseLineFactory

Buy = Callable[..., Purchase]


@pytest.fixture
def programme(db) -> Programme:
    return setting_up.ensure_programme()


@pytest.fixture
def buy(db) -> Buy:
    """Return a function that records a purchase with lines of (quantity, unit price in cents)."""

    def record(*lines: tuple[str, int], profile=None, on=datetime(2026, 3, 1, 7, 0, tzinfo=UTC)):
        given = {"origin_profile": profile} if profile else {}
        purchase = PurchaseFactory(occurred_at=on, **given)
        for number, (quantity, price) in enumerate(lines, start=1):
            add_line(purchase, quantity, price, number)
        return purchase

    return record


def add_line(
    purchase: Purchase,
    quantity: str,
    price: int,
    number: int = 9,
    product: Product | None = None,
) -> None:
    PurchaseLineFactory(
        purchase=purchase,
        quantity=Decimal(quantity),
        unit_price_minor=price,
        source_line=number,
        **({"product": product} if product else {"product__code": f"P-{purchase.pk}-{number}"}),
    )
