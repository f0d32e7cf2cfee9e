"""Terms for products, answered in SQL; and what they can name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from profiles.models import Category, Characteristic, Product, ProductValue
from profiles.rules.characteristics import Trait, trait, value_of
from profiles.rules.facts import Value
from profiles.rules.names import AttributeType, ProductKind
from profiles.rules.product_terms import (
    AllTerms,
    AnyTerms,
    Compare,
    Has,
    IsProduct,
    OfCategory,
    Shelf,
    Terms,
    leaves,
    wrong_with,
)


def fitting(terms: Terms) -> QuerySet[Product]:
    """Return the goods that fit, in one query; nothing fits what cannot be asked any more."""
    goods = Product.objects.filter(kind=ProductKind.GOODS)
    shelf = shelf_of([terms])
    if any(wrong_with(term, shelf) for term in leaves(terms)):
        return goods.none()
    return goods.filter(where(terms, shelf))


def where(terms: Terms, shelf: Shelf) -> Q:
    """Write terms as a condition on products; every characteristic that they name has to be on the shelf."""
    match terms:
        case AllTerms(parts):
            return reduce(and_, (where(part, shelf) for part in parts))
        case AnyTerms(parts):
            return reduce(or_, (where(part, shelf) for part in parts))
        case IsProduct(key):
            found = Q(pk=key)
        case OfCategory(key):
            found = Q(category_id=key)
        case Has():
            return _having(terms, shelf.traits[terms.code])
    return ~found if terms.is_turned else found


def _having(term: Has, of: Trait) -> Q:
    """Turned round, the value still has to be there, and compare otherwise."""
    values = ProductValue.objects.filter(product=OuterRef("pk"), characteristic__code=term.code)
    if term.compare == Compare.KNOWN:
        return ~Q(Exists(values)) if term.is_turned else Q(Exists(values))
    compared = _compared(term, of)
    return Q(Exists(values.exclude(compared) if term.is_turned else values.filter(compared)))


def _compared(term: Has, of: Trait) -> Q:
    match term.compare:
        case Compare.AT_LEAST:
            return Q(number__gte=term.operand)
        case Compare.AT_MOST:
            return Q(number__lte=term.operand)
        case _ if of.type == AttributeType.YES_NO:
            return Q(is_so=term.operand)
    return Q(chosen__contains=[term.operand])


# --- what can be named ----------------------------------------------------------------------------


def shelf_of(terms: Iterable[Terms]) -> Shelf:
    """Load what these terms name, in three queries at most."""
    asked = [leaf for each in terms for leaf in leaves(each)]
    products = {leaf.id for leaf in asked if isinstance(leaf, IsProduct)}
    categories = {leaf.id for leaf in asked if isinstance(leaf, OfCategory)}
    codes = {leaf.code for leaf in asked if isinstance(leaf, Has)}
    return Shelf(
        traits=_traits(Characteristic.objects.filter(code__in=codes)) if codes else {},
        products=_names(products) if products else {},
        categories=_category_names(categories) if categories else {},
    )


def traits() -> Mapping[str, Trait]:
    """All characteristics by code, in the order of their names."""
    return _traits(Characteristic.objects.order_by("name", "pk"))


def _traits(rows: QuerySet[Characteristic]) -> Mapping[str, Trait]:
    return {one.code: trait(one.code, one.name, one.type, one.unit, one.choices) for one in rows}


def _names(ids: set[int]) -> Mapping[int, str]:
    rows = Product.objects.filter(pk__in=ids).values_list("pk", "name", "code")
    return {pk: name or code for pk, name, code in rows}


def _category_names(ids: set[int]) -> Mapping[int, str]:
    return dict(Category.objects.filter(pk__in=ids).values_list("pk", "name"))


def values_of(product_ids: Sequence[int]) -> Mapping[int, Mapping[str, Value]]:
    """The characteristics of these products by code, in one query."""
    rows = ProductValue.objects.filter(product__in=product_ids).order_by("characteristic__name")
    of = "characteristic__code", "characteristic__type"
    found: dict[int, dict[str, Value]] = {}
    for product, code, type_, number, chosen, is_so in rows.values_list(
        "product_id", *of, "number", "chosen", "is_so"
    ):
        found.setdefault(product, {})[code] = value_of(type_, number, chosen, is_so)
    return found
