"""What is a charge, and what a web shop, by its name."""

from __future__ import annotations

import pytest

from profiles.rules import kinds
from profiles.rules.names import PlaceKind, ProductKind


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("POST", "POSTAGE"), ("DOT", "DOTCOM POSTAGE"), ("C2", "CARRIAGE"), ("M", "Manual"),
        ("23444", "Next Day Carriage"), ("D", "Discount"), ("BANK CHARGES", "Bank Charges"),
        ("AMAZONFEE", "AMAZON FEE"), ("23574", "PACKING CHARGE"), ("CRUK", "CRUK Commission"),
        ("B", "Adjust bad debt"), ("POST", ""), ("1", "Versandkosten"), ("1", "Frais de port"),
        ("1", "Gastos de envío"),
    ],
)  # fmt: skip
def test_lines_that_only_move_money_are_charges(code, name):
    assert kinds.product_kind(code, name) == ProductKind.CHARGE


@pytest.mark.parametrize(
    "name",
    ["FRENCH CARRIAGE LANTERN", "BLACK BAROQUE CARRIAGE CLOCK", "COFFEE MUG APPLES DESIGN",
     "PADS TO MATCH ALL CUSHIONS", "Espresso", "Bank", "Express", "Postage stamp tin", ""],
)  # fmt: skip
def test_goods_stay_goods(name):
    assert kinds.product_kind("22971", name) == ProductKind.GOODS


def test_a_web_shop_is_told_from_a_store():
    assert kinds.place_kind("Online Shop") == PlaceKind.WEB
    assert kinds.place_kind("web") == PlaceKind.WEB
    assert kinds.place_kind("319") == PlaceKind.STORE
