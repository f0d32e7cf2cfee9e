"""What a web shop's events say of orders and products.

Source of the names: the public e-commerce specification of Segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from profiles.rules.cells import parsed_price, parsed_quantity
from profiles.rules.events import Event, EventType, Reason, Refused, text, text_id

ORDER_COMPLETED = "order completed"
ORDER_REFUNDED = "order refunded"
_LONGEST_CODE = 200
_LONGEST_NUMBER = 150


@dataclass(frozen=True)
class Article:
    """A product as an event names it: by the first of ``codes`` that the catalogue knows, else by the first."""

    codes: tuple[str, ...]
    name: str = ""
    category: str = ""
    url: str = ""


@dataclass(frozen=True)
class OrderLine:
    """An article of an order; the price is for one piece, in minor units, and may be left out of a refund."""

    article: Article
    quantity: Decimal
    unit_price_minor: int | None


@dataclass(frozen=True)
class Order:
    """An order, or with ``is_refund`` what goes back of it; a refund without lines returns all."""

    number: str
    is_refund: bool
    place: str
    lines: tuple[OrderLine, ...]


def is_order(payload: Mapping[str, Any]) -> bool:
    """Tell whether an event becomes a purchase or a return."""
    name = payload.get("event")
    return (
        str(payload.get("type")).lower() == EventType.TRACK
        and isinstance(name, str)
        and text(name).lower() in {ORDER_COMPLETED, ORDER_REFUNDED}
    )


def article_of(properties: Mapping[str, Any]) -> Article | None:
    """Read which product an event is about; ``None`` for none."""
    codes = []
    for key in ("product_id", "sku", "productId", "id"):
        value = properties.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            codes.append(str(value).strip()[:_LONGEST_CODE])
    if not codes:
        return None
    address = properties.get("url")
    is_address = isinstance(address, str) and address.startswith(("https://", "http://"))
    return Article(
        codes=tuple(dict.fromkeys(codes)),
        name=text(properties.get("name"), 300),
        category=text(properties.get("category")),
        url=address[:500] if is_address and isinstance(address, str) else "",
    )


def read_order(event: Event, *, currency: str, digits: int) -> Order:
    """Read an order or a refund; prices in the company's ``currency``, which has so many ``digits``.

    Raises:
        Refused: it cannot be recorded.
    """
    said = event.properties
    number = text_id(said, "order_id", _LONGEST_NUMBER) or text_id(said, "orderId", _LONGEST_NUMBER)
    if not number:
        raise Refused(Reason.ORDER_INCOMPLETE, "order_id")
    stated = said.get("currency")
    if stated and str(stated).upper() != currency.upper():
        raise Refused(Reason.OTHER_CURRENCY, "currency")
    is_refund = event.name.lower() == ORDER_REFUNDED
    products = said.get("products")
    rows = products if isinstance(products, list) else []
    if not rows and not is_refund:
        raise Refused(Reason.ORDER_INCOMPLETE, "products")
    places = (said.get(key) for key in ("store", "place", "store_id", "place_id", "affiliation"))
    return Order(
        number=number,
        is_refund=is_refund,
        place=next(filter(None, (text(place, 120) for place in places)), ""),
        lines=tuple(_line(row, digits, -1 if is_refund else 1) for row in rows),
    )


def _line(row: Any, digits: int, sign: int) -> OrderLine:
    article = article_of(row) if isinstance(row, dict) else None
    if article is None:
        raise Refused(Reason.ORDER_INCOMPLETE, "products.product_id")
    stated = row.get("quantity")
    quantity = parsed_quantity(_number(1 if stated is None else stated))
    price = parsed_price(_number(row.get("price")), digits=digits)
    if not quantity or quantity < 0:
        raise Refused(Reason.ORDER_INCOMPLETE, "products.quantity")
    if price is None and (sign > 0 or row.get("price") is not None):
        raise Refused(Reason.ORDER_INCOMPLETE, "products.price")
    return OrderLine(article, sign * quantity, price)


def _number(value: Any) -> str:
    """Write a number as text, without the noise of binary fractions and without an exponent."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, str):
        return value
    exact = Decimal(str(value))
    if abs(exact) >= Decimal(10) ** 15:
        return ""
    return format(exact.quantize(Decimal("0.000001"), ROUND_HALF_UP), "f")
