"""What products are like, written by staff or by other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import Characteristic, Product, ProductValue
from profiles.rules.characteristics import columns_of, trait
from profiles.rules.facts import Malformed


class CharacteristicUnknown(DomainError):
    """There is no such characteristic; ``data["characteristic"]`` is its code."""

    code = "characteristic_unknown"


class ValueMalformed(DomainError):
    """A value is none of its characteristic; ``data["characteristic"]`` says which, ``data["reason"]`` why."""

    code = "value_malformed"


def describe(*, product: Product, values: Mapping[str, Any]) -> None:
    """Write what a product is like, by the codes of characteristics; None or "" takes a value away. Repeatable.

    What is not named stays as it is.

    Raises:
        CharacteristicUnknown, ValueMalformed: nothing was written.
    """
    known = {one.code: one for one in Characteristic.objects.filter(code__in=values)}
    kept: list[ProductValue] = []
    gone: list[Characteristic] = []
    for code, raw in values.items():
        if code not in known:
            raise CharacteristicUnknown(
                f"There is no characteristic “{code}”.", data={"characteristic": code}
            )
        if raw in (None, "", []):
            gone.append(known[code])
        else:
            columns = _columns(known[code], raw)
            kept.append(ProductValue(product=product, characteristic=known[code], **columns))
    with transaction.atomic():
        ProductValue.objects.filter(product=product, characteristic__in=gone).delete()
        ProductValue.objects.bulk_create(
            kept,
            update_conflicts=True,
            unique_fields=["product", "characteristic"],
            update_fields=["number", "chosen", "is_so"],
        )


def _columns(one: Characteristic, raw: Any) -> dict[str, Any]:
    try:
        return columns_of(raw, trait(one.code, one.name, one.type, one.unit, one.choices))
    except Malformed as error:
        data = {"characteristic": one.code, "reason": error.reason}
        raise ValueMalformed(f"{one.name}: {error}", data=data) from error
