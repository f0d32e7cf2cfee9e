"""Characteristics for tests, and products that have them."""

from __future__ import annotations

from typing import Any

from profiles.models import Characteristic, Product
from profiles.services.describing import describe
from tests.factories.profiles import ProductFactory

FIRST = {
    "weight": ("Weight", "number", "g", []),
    "use": ("Use", "choices", "", ["hiking", "camping", "home"]),
    "size": ("Size", "choice", "", ["small", "large"]),
    "folds": ("Folds up", "yes_no", "", []),
}


def characteristics() -> None:
    """Weight, use, size, and whether it folds."""
    Characteristic.objects.bulk_create(
        Characteristic(code=code, name=name, type=kind, unit=unit, choices=choices)
        for code, (name, kind, unit, choices) in FIRST.items()
    )


def product_like(name: str, *, category: Any = None, **values: Any) -> Product:
    """A product by its name, that is like this."""
    product = ProductFactory(code=name.lower().replace(" ", "-"), name=name, category=category)
    describe(product=product, values=values)
    return product
