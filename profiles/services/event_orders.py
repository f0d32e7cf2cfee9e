"""Makes purchases of a shop's orders and refunds, many at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Q

from profiles.models import Category, Place, Product, Purchase, PurchaseLine
from profiles.rules.events import Reason, Refused
from profiles.rules.shop_events import Article, Order, OrderLine
from profiles.services.recording import Content, Reported, record_reported

_REFUND = "~refund~"


@dataclass(frozen=True)
class ArrivedOrder:
    """An order or refund with whose it is; ``key`` is its event's."""

    key: int
    source_id: int
    profile_id: int
    message_id: str
    order: Order
    occurred_at: datetime


def record_orders(*, arrived: Sequence[ArrivedOrder], now: datetime) -> dict[int, Refused]:
    """Record orders, then what is refunded of them; return those that cannot be, by their key.

    Refunds that waited for an order of these are queued again. Runs in the transaction of its caller, in a
    fixed number of statements.
    """
    if not arrived:
        return {}
    orders = [one for one in arrived if not one.order.is_refund]
    refunds = sorted(
        (one for one in arrived if one.order.is_refund), key=lambda one: one.occurred_at
    )
    products = ensure_products(
        [line.article for one in arrived for line in one.order.lines], now=now
    )
    places = places_named({one.order.place for one in arrived if one.order.place})
    refused = _record(
        [(one, one.order.number, _content(one.order.lines, products)) for one in orders],
        places,
        now,
    )
    _wake_refunds(orders)
    return refused | _refund(refunds, products, places, now)


def ensure_products(articles: Iterable[Article], *, now: datetime) -> dict[Article, int]:
    """Return the product of each article; what the catalogue does not know is added to it."""
    asked = set(articles)
    known = known_products(asked)
    missing = {each.codes[0]: each for each in asked if each not in known}
    if not missing:
        return known
    categories = _categories({each.category for each in missing.values() if each.category})
    Product.objects.bulk_create(
        (
            Product(
                code=code,
                name=each.name,
                category_id=categories.get(each.category),
                url=each.url,
                created_at=now,
            )
            for code, each in missing.items()
        ),
        ignore_conflicts=True,
    )
    return known_products(asked)


def known_products(articles: Iterable[Article]) -> dict[Article, int]:
    """Return the products of those articles that the catalogue knows by one of their codes."""
    asked = set(articles)
    codes = {code for each in asked for code in each.codes}
    ids = dict(Product.objects.filter(code__in=codes).values_list("code", "pk")) if codes else {}
    found = ((each, next((ids[c] for c in each.codes if c in ids), None)) for each in asked)
    return {each: product for each, product in found if product is not None}


def _categories(names: set[str]) -> dict[str, int]:
    Category.objects.bulk_create((Category(name=name) for name in names), ignore_conflicts=True)
    return dict(Category.objects.filter(name__in=names).values_list("name", "pk"))


def places_named(named: set[str]) -> dict[str, int]:
    """Find places by code or name, whatever the case."""
    if not named:
        return {}
    folded = {name.casefold() for name in named}
    by_word: dict[str, int] = {}
    for pk, code, name in Place.objects.order_by("-pk").values_list("pk", "code", "name"):
        by_word |= {word.casefold(): pk for word in (name, code) if word.casefold() in folded}
    return {name: by_word[name.casefold()] for name in named if name.casefold() in by_word}


def _content(lines: Sequence[OrderLine], products: Mapping[Article, int]) -> Content:
    return [(products[line.article], line.quantity, line.unit_price_minor or 0) for line in lines]


def _record(
    rows: Sequence[tuple[ArrivedOrder, str, Content]],
    places: Mapping[str, int],
    now: datetime,
) -> dict[int, Refused]:
    stands = record_reported(
        purchases=[
            Reported(
                source_id=one.source_id,
                external_id=number,
                profile_id=one.profile_id,
                place_id=places.get(one.order.place),
                occurred_at=one.occurred_at,
                content=content,
            )
            for one, number, content in rows
        ],
        now=now,
    )
    return {
        one.key: Refused(Reason.ORDER_CONFLICT, "order_id")
        for (one, _, _), as_reported in zip(rows, stands, strict=True)
        if not as_reported
    }


# --- what goes back -------------------------------------------------------------------------------

_Number = tuple[int, str]
# What is left of an order: pieces by product and price.
_Left = Counter[tuple[int, int]]


def _refund(
    refunds: Sequence[ArrivedOrder],
    products: Mapping[Article, int],
    places: Mapping[str, int],
    now: datetime,
) -> dict[int, Refused]:
    if not refunds:
        return {}
    left, recorded = _left_of({(one.source_id, one.order.number) for one in refunds})
    refused: dict[int, Refused] = {}
    rows = []
    for one in refunds:
        number = refund_number(one)
        if (one.source_id, number) in recorded:
            continue
        try:
            content = _taken_back(one, left, products)
        except Refused as error:
            refused[one.key] = error
        else:
            rows.append((one, number, content))
            recorded.add((one.source_id, number))
    return refused | _record(rows, places, now)


def refund_number(one: ArrivedOrder) -> str:
    """Number a refund by its message: an order can be refunded in parts."""
    part = hashlib.sha256(one.message_id.encode()).hexdigest()[:16]
    return f"{one.order.number}{_REFUND}{part}"


def _left_of(numbers: set[_Number]) -> tuple[dict[_Number, _Left], set[_Number]]:
    """What is left of these orders after the refunds that are recorded, and the numbers of those."""
    wanted = Q()
    for source, number in numbers:
        of_order = Q(external_id=number) | Q(external_id__startswith=number + _REFUND)
        wanted |= Q(source_id=source) & of_order
    purchases = Purchase.objects.filter(wanted).values_list("pk", "source_id", "external_id")
    orders = {pk: (source, number.split(_REFUND)[0]) for pk, source, number in purchases}
    recorded = {(source, number) for _, source, number in purchases}
    left: dict[_Number, _Left] = {order: Counter() for order in orders.values()}
    lines = PurchaseLine.objects.filter(purchase_id__in=list(orders))
    for purchase, product, price, quantity in lines.values_list(
        "purchase_id", "product_id", "unit_price_minor", "quantity"
    ):
        left[orders[purchase]][product, price] += quantity  # type: ignore[assignment]
    return left, recorded


def _taken_back(
    one: ArrivedOrder, left: dict[_Number, _Left], products: Mapping[Article, int]
) -> Content:
    """Take what a refund names, or all, from what is left of its order."""
    rest = left.get((one.source_id, one.order.number))
    if rest is None:
        raise Refused(Reason.ORDER_UNKNOWN, "order_id")
    asked = [(products[line.article], line) for line in one.order.lines]
    after = Counter(rest)
    content: Content = []
    for product, line in asked:
        price = line.unit_price_minor
        if price is None:
            price = next((p for (held, p), n in after.items() if held == product and n > 0), 0)
        content.append((product, line.quantity, price))
        after[product, price] += line.quantity  # type: ignore[assignment]
    if not asked:
        content = [(product, -Decimal(n), price) for (product, price), n in rest.items() if n > 0]
        after = Counter()
    if not content or any(n < 0 for n in after.values()):
        raise Refused(Reason.ORDER_CONFLICT, "products")
    left[one.source_id, one.order.number] = after
    return content


def _wake_refunds(orders: Sequence[ArrivedOrder]) -> None:
    """Queue the refunds again that came before their orders."""
    if not orders:
        return
    sources, numbers = [one.source_id for one in orders], [one.order.number for one in orders]
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, [sources, numbers, str(Reason.ORDER_UNKNOWN)])


_WAKE = """
    UPDATE profiles_inboundevent e SET reason = '', detail = ''
      FROM unnest(%s::bigint[], %s::text[]) o (source, number)
     WHERE e.reason <> '' AND e.reason = %s AND e.source_id = o.source
       AND coalesce(e.payload->'properties'->>'order_id', e.payload->'properties'->>'orderId') = o.number
"""
