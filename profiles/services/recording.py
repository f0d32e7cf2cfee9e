"""Records purchases one by one, as a till or a shop reports them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import IntegrityError, transaction

from cxportal.lib.errors import DomainError, violated_constraint
from profiles.models import Customer, Place, Product, Profile, Purchase, PurchaseLine, Source

_THOUSANDTH = Decimal("0.001")
_MOST_PIECES = Decimal(10) ** 9


class PurchaseConflict(DomainError):
    """The source reports something else under a number that is stored already."""

    code = "purchase_conflict"


class LinesMissing(DomainError):
    """A purchase without lines says nothing."""

    code = "lines_missing"


class QuantityWrong(DomainError):
    """A line buys nothing, or more than there can be."""

    code = "quantity_wrong"


@dataclass(frozen=True)
class Line:
    """An article of a purchase; a return has a negative quantity. The price is for one piece."""

    product: Product
    quantity: Decimal
    unit_price_minor: int


def record_purchase(
    *,
    source: Source,
    external_id: str,
    profile: Profile,
    place: Place | None,
    occurred_at: datetime,
    lines: Sequence[Line],
    now: datetime,
) -> Purchase:
    """Store a purchase, and let its customer's habits be learned anew.

    Locks the customer. Repeatable by source and number: the same again returns the first.

    Raises:
        LinesMissing, QuantityWrong: nothing was stored.
        PurchaseConflict: this number is stored with another content; that stays as it is.
    """
    if not lines:
        raise LinesMissing("A purchase needs at least one line.")
    content = [(line.product.pk, _quantity(line), line.unit_price_minor) for line in lines]
    try:
        with transaction.atomic():
            return _record(source, external_id, profile, place, occurred_at, content, now)
    except IntegrityError as error:
        if violated_constraint(error) != "profiles_purchase_once_per_source":
            raise
    stored = Purchase.objects.get(source=source, external_id=external_id)
    _check_same(stored, profile, place, occurred_at, content)
    return stored


Content = list[tuple[int, Decimal, int]]


def _record(
    source: Source,
    external_id: str,
    profile: Profile,
    place: Place | None,
    occurred_at: datetime,
    content: Content,
    now: datetime,
) -> Purchase:
    # The lock waits for learning that is about to clear the flag without knowing this purchase.
    owner = Customer.objects.select_for_update(no_key=True, of=("self",)).get(profiles=profile)
    purchase = Purchase.objects.create(
        source=source,
        external_id=external_id,
        customer=owner,
        origin_profile=profile,
        place=place,
        occurred_at=occurred_at,
        recorded_at=now,
    )
    PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase=purchase,
            customer=owner,
            product_id=product,
            occurred_at=occurred_at,
            quantity=quantity,
            unit_price_minor=price,
            source_line=number,
        )
        for (product, quantity, price), number in _numbered(content)
    )
    Customer.objects.filter(pk=owner.pk).update(habits_due=True)
    return purchase


def _numbered(content: Content) -> Iterable[tuple[tuple[int, Decimal, int], int]]:
    """Number equal lines 1, 2, …, as an import does, so that both know them again."""
    seen: Counter[tuple[int, Decimal, int]] = Counter()
    for line in content:
        seen[line] += 1
        yield line, seen[line]


def _quantity(line: Line) -> Decimal:
    if not line.quantity.is_finite() or abs(line.quantity) >= _MOST_PIECES:
        raise QuantityWrong("Give each line a quantity below a thousand million.")
    # Rounded as an import rounds, so that both know the line again.
    quantity = line.quantity.quantize(_THOUSANDTH, ROUND_HALF_UP)
    if not quantity:
        raise QuantityWrong("Give each line a quantity other than zero.")
    return quantity


def _check_same(
    stored: Purchase,
    profile: Profile,
    place: Place | None,
    occurred_at: datetime,
    content: Content,
) -> None:
    held = stored.lines.values_list("product_id", "quantity", "unit_price_minor")
    same = (
        stored.origin_profile_id == profile.pk
        and stored.place_id == (place.pk if place else None)
        and stored.occurred_at == occurred_at
        and Counter(held) == Counter(content)
    )
    if not same:
        raise PurchaseConflict(
            "This purchase is stored already, with another content. Report the change under a "
            "number of its own.",
            data={"purchase": stored.pk},
        )
