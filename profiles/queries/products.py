"""Products searched and compared by what they are like: for staff, and for the pages of a shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from profiles.models import Product
from profiles.queries.product_terms import shelf_of, traits, values_of, where
from profiles.rules.characteristics import Trait
from profiles.rules.facts import Value
from profiles.rules.names import AttributeType, ProductKind
from profiles.rules.product_terms import AllTerms, Compare, Has, checked

AT_LEAST, AT_MOST = "_at_least", "_at_most"


@dataclass(frozen=True)
class Described:
    """A product with what it is like, by the codes of characteristics."""

    id: int
    code: str
    name: str
    category: str
    url: str
    released_on: date | None
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Found:
    """Some of the products that were asked for, how many there are, and all characteristics."""

    products: Sequence[Described]
    total: int
    traits: Mapping[str, Trait]


def filters_of(known: Mapping[str, Trait]) -> Mapping[str, tuple[Trait, Compare]]:
    """Name every filter: ``weight_at_most``, ``use``, ``folds``."""
    found: dict[str, tuple[Trait, Compare]] = {}
    for code, trait in known.items():
        if trait.type == AttributeType.NUMBER:
            found[f"{code}{AT_LEAST}"] = trait, Compare.AT_LEAST
            found[f"{code}{AT_MOST}"] = trait, Compare.AT_MOST
        else:
            several = trait.type == AttributeType.CHOICES
            found[code] = trait, Compare.INCLUDES if several else Compare.IS
    return found


def search(
    *, text: str = "", category: str = "", asked: Mapping[str, str], start: int = 0, most: int = 50
) -> Found:
    """Find goods by name or code, category and characteristics; ``asked`` by the names of ``filters_of``.

    Raises:
        Wrong: a value does not fit its characteristic.
        KeyError: there is no such filter.
    """
    known = traits()
    filters = filters_of(known)
    terms = [Has(filters[name][0].code, filters[name][1], value) for name, value in asked.items()]
    rows = Product.objects.filter(kind=ProductKind.GOODS)
    if terms:
        both = AllTerms(tuple(terms))
        shelf = shelf_of([both])
        rows = rows.filter(where(checked(both, shelf), shelf))
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(code__icontains=text))
    if category:
        rows = rows.filter(category__name__iexact=category)
    page = list(rows.select_related("category").order_by("name", "pk")[start : start + most])
    return Found(described(page), rows.count(), known)


def described(products: Sequence[Product]) -> Sequence[Described]:
    """Put products together with what they are like, in one query."""
    values = values_of([product.pk for product in products])
    return [
        Described(
            id=product.pk,
            code=product.code,
            name=product.name or product.code,
            category=product.category.name if product.category else "",
            url=product.url,
            released_on=product.released_on,
            values=values.get(product.pk, {}),
        )
        for product in products
    ]
