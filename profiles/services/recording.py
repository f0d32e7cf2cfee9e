"""Records purchases, one by one as a till reports them, or many at once as events bring them."""

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
    content = [(line.product.pk, quantity_of(line), line.unit_price_minor) for line in lines]
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


@dataclass(frozen=True)
class Reported:
    """A purchase as another system reports it: ``content`` are product, quantity and price of each line."""

    source_id: int
    external_id: str
    profile_id: int
    place_id: int | None
    occurred_at: datetime
    content: Content


def record_reported(*, purchases: Sequence[Reported], now: datetime) -> list[bool]:
    """Store purchases of many customers at once; tell of each whether it stands as reported.

    ``False``: its number is stored with other lines, and that stays. The same lines again are the same
    purchase, also where a second report names another time or device. Locks the customers. Runs in a fixed
    number of statements.
    """
    if not purchases:
        return []
    with transaction.atomic():
        owners = _owners({one.profile_id for one in purchases})
        stored = _stored_content(purchases)
        fresh: dict[tuple[int, str], Reported] = {}
        stands = []
        for one in purchases:
            number = (one.source_id, one.external_id)
            if number not in stored:
                stored[number] = Counter(one.content)
                fresh[number] = one
            stands.append(stored[number] == Counter(one.content))
        _insert(list(fresh.values()), owners, now)
    return stands


def _owners(profiles: set[int]) -> dict[int, int]:
    """Lock the customers of these profiles, in one order; see ``_record`` for what the lock waits for."""
    wanted = Profile.objects.filter(pk__in=profiles).values("customer_id")
    locked = Customer.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    list(locked.values_list("pk", flat=True))
    return dict(Profile.objects.filter(pk__in=profiles).values_list("pk", "customer_id"))


def _stored_content(
    purchases: Sequence[Reported],
) -> dict[tuple[int, str], Counter[tuple[int, Decimal, int]]]:
    lines = PurchaseLine.objects.filter(
        purchase__source_id__in={one.source_id for one in purchases},
        purchase__external_id__in={one.external_id for one in purchases},
    ).values_list(
        "purchase__source_id",
        "purchase__external_id",
        "product_id",
        "quantity",
        "unit_price_minor",
    )
    stored: dict[tuple[int, str], Counter[tuple[int, Decimal, int]]] = {}
    for source, number, product, quantity, price in lines:
        stored.setdefault((source, number), Counter())[product, quantity, price] += 1
    return stored


def _insert(reported: Sequence[Reported], owners: dict[int, int], now: datetime) -> None:
    rows = Purchase.objects.bulk_create(
        Purchase(
            source_id=one.source_id,
            external_id=one.external_id,
            customer_id=owners[one.profile_id],
            origin_profile_id=one.profile_id,
            place_id=one.place_id,
            occurred_at=one.occurred_at,
            recorded_at=now,
        )
        for one in reported
    )
    PurchaseLine.objects.bulk_create(
        line for row, one in zip(rows, reported, strict=True) for line in _lines(row, one.content)
    )
    Customer.objects.filter(pk__in={row.customer_id for row in rows}).update(habits_due=True)


def _lines(purchase: Purchase, content: Content) -> Iterable[PurchaseLine]:
    for (product, quantity, price), number in _numbered(content):
        yield PurchaseLine(
            purchase=purchase,
            customer_id=purchase.customer_id,
            product_id=product,
            occurred_at=purchase.occurred_at,
            quantity=quantity,
            unit_price_minor=price,
            source_line=number,
        )


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
    PurchaseLine.objects.bulk_create(_lines(purchase, content))
    Customer.objects.filter(pk=owner.pk).update(habits_due=True)
    return purchase


def _numbered(content: Content) -> Iterable[tuple[tuple[int, Decimal, int], int]]:
    """Number equal lines 1, 2, …, as an import does, so that both know them again."""
    seen: Counter[tuple[int, Decimal, int]] = Counter()
    for line in content:
        seen[line] += 1
        yield line, seen[line]


def quantity_of(line: Line) -> Decimal:
    """Return a line's quantity as it is stored, to a thousandth.

    Raises:
        QuantityWrong: zero, or more than there can be.
    """
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
