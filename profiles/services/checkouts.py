"""The checkouts of shops that may ask their customers for consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from cxportal.lib.errors import DomainError, violated_constraint
from cxportal.lib.history import apply_changes, record_change
from profiles.models import Source
from profiles.rules.names import SourceKind
from profiles.rules.origins import normal_origin


class OriginMalformed(DomainError):
    """That is no origin of a page; ``data["origin"]`` is what was given."""

    code = "origin_malformed"


class ShopCodeTaken(DomainError):
    """Two sources cannot share a code."""

    code = "shop_code_taken"


def settle_checkout(
    *,
    source: Source | None,
    code: str,
    name: str,
    origins: Sequence[str],
    by: User,
    now: datetime,
) -> Source:
    """Open a shop's checkout, or change from which pages it may ask; without origins it asks no more.

    The code of a source that is there stays, for the shop's pages name it.

    Raises:
        OriginMalformed, ShopCodeTaken: nothing was changed.
    """
    allowed = sorted({_origin(text) for text in origins if text.strip()})
    if source is None:
        return _opened(code, name, allowed, by=by, now=now)
    with transaction.atomic():
        row = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
        apply_changes(target=row, values={"name": name, "origins": allowed}, by=by, now=now)
    return row


def _origin(text: str) -> str:
    origin = normal_origin(text)
    if not origin:
        message = f"“{text.strip()}” is no origin. Write it as https://shop.example.com."
        raise OriginMalformed(message, data={"origin": text})
    return origin


def _opened(code: str, name: str, allowed: list[str], *, by: User, now: datetime) -> Source:
    try:
        with transaction.atomic():
            row = Source.objects.create(code=code, name=name, kind=SourceKind.PAGE, origins=allowed)
            record_change(target=row, words="checkout opened", by=by, now=now)
    except IntegrityError as error:
        if violated_constraint(error) != "profiles_source_code_key":
            raise
        raise ShopCodeTaken(f"A source with the code “{code}” is there already.") from error
    return row
