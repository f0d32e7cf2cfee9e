"""Pages by position: a cursor says where the last page ended, and means nothing to whoever holds it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from rest_framework import serializers

from cxportal.lib.api import Refusal
from profiles.rules.happenings import Position, position_of

MOST = 200
USUAL = 50


class PageInput(serializers.Serializer[Any]):
    """Which page."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=USUAL)
    cursor = serializers.CharField(
        max_length=200, required=False, help_text="“next” of the page before"
    )


Row = TypeVar("Row", bound=Model)


def cursor_of(position: Position) -> str:
    """Write a position as one word."""
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def position(asked: dict[str, Any]) -> Position | None:
    """Read the position that a request asks for, None for the first page.

    Raises:
        Refusal: 400, the cursor was not made here.
    """
    if "cursor" not in asked:
        return None
    word = asked["cursor"]
    try:
        text = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        found = position_of(text.decode())
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        raise Refusal(400, "cursor_malformed", "Send “next” of the page before as the cursor.")
    return found


def newest_first(rows: QuerySet[Row], asked: dict[str, Any]) -> tuple[Sequence[Row], str | None]:
    """Return one page of rows with ``occurred_at``, newest first, and the cursor of the next."""
    after = position(asked)
    if after is not None:
        # A range of the index on (customer, time); rows of one instant are told apart by their key.
        earlier = Q(occurred_at__lt=after.occurred_at)
        rows = rows.filter(occurred_at__lte=after.occurred_at).filter(
            earlier | Q(occurred_at=after.occurred_at, pk__lt=after.id)
        )
    found = list(rows.order_by("-occurred_at", "-pk")[: asked["limit"] + 1])
    page = found[: asked["limit"]]
    if len(found) == len(page):
        return page, None
    last: Any = page[-1]
    return page, cursor_of(Position(last.occurred_at, "row", last.pk))
