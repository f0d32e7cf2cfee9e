"""What happened with a customer, in plain words for a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from profiles.rules.names import Channel, ConsentState, Manner, PickupKind, TouchpointKind
from profiles.rules.pickups import KIND, state_in_words
from profiles.rules.purposes import CHANNEL, purpose_in_words

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 120
_MOST_NAMED = 3
_MOST_PROPERTIES = 4

_TOUCHED = {
    TouchpointKind.IDENTIFY: "Said who they are",
    TouchpointKind.TRACK: "",
    TouchpointKind.PAGE: "Looked at",
    TouchpointKind.SCREEN: "Looked in the app at",
    TouchpointKind.GROUP: "Belongs to",
    TouchpointKind.CALL: "Called",
    TouchpointKind.MENTION: "Wrote in public",
    TouchpointKind.VISIT: "Visited",
    TouchpointKind.NOTE: "Note",
}
_DOORS = {
    "page": "Customer's page",
    "counter": "Counter",
    "mail": "E-mail",
    "email": "E-mail",
    "file": "File",
}
_MANNER = {Manner.TOLD: "Told", Manner.SEEN: "Seen", Manner.CONCLUDED: "Concluded"}
_CONSENT = {
    ConsentState.ASKED: "Said yes, not confirmed yet:",
    ConsentState.GRANTED: "Agreed to",
    ConsentState.WITHDRAWN: "No longer agrees to",
}


class Position(NamedTuple):
    """Where a page of a timeline ends: the last item that was shown."""

    occurred_at: datetime
    kind: str
    id: int

    def __str__(self) -> str:
        microseconds = (self.occurred_at - _EPOCH) // timedelta(microseconds=1)
        return f"{microseconds}.{self.kind}.{self.id}"


def position_of(text: str) -> Position | None:
    """Read a position back; None for anything that was not made here.

    >>> str(position_of("1000000.purchase.7"))
    '1000000.purchase.7'
    >>> position_of("now.purchase.7"), position_of("9" * 30 + ".purchase.7")
    (None, None)
    """
    parts = text.split(".")
    try:
        microseconds, kind, number = parts
        at = _EPOCH + timedelta(microseconds=int(microseconds))
        return Position(at, kind, int(number)) if 0 <= int(number) < 2**63 else None
    except (ValueError, OverflowError):
        return None


def bought_in_words(names: Sequence[str], *, is_return: bool, place: str) -> str:
    """Say what was bought or brought back.

    >>> bought_in_words(["Latte", "Bagel", "Milk", "Salt"], is_return=False, place="Main Street")
    'Bought Latte, Bagel, Milk and 1 more, Main Street'
    """
    named, more = ", ".join(names[:_MOST_NAMED]), len(names) - _MOST_NAMED
    what = f"{named} and {more} more" if more > 0 else named
    return f"{'Returned' if is_return else 'Bought'} {what}{f', {place}' if place else ''}"


def touched_in_words(kind: str, name: str, place: str) -> str:
    """Say what a touchpoint was.

    >>> touched_in_words("page", "Coffee machines", ""), touched_in_words("track", "Product Viewed", "")
    ('Looked at: Coffee machines', 'Product Viewed')
    """
    verb = _TOUCHED[TouchpointKind(kind)]
    said = f"{verb}: {name}" if verb and name else verb or name or "Did something"
    return f"{said}, {place}" if place else said


def properties_in_words(data: Mapping[str, Any]) -> str:
    """Name the first plain properties of an event.

    >>> properties_in_words({"sku": "CO-1", "price": 4.2, "products": [1], "isNew": True, "x": None})
    'sku: CO-1, price: 4.2'
    """
    plain = [
        f"{name}: {value}"
        for name, value in data.items()
        if isinstance(value, str | int | float | Decimal)
        and not isinstance(value, bool)
        and value != ""
    ]
    words = ", ".join(plain[:_MOST_PROPERTIES])
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def origin_of(url: str) -> str:
    """Return an address that is safe to open, "" for any other.

    >>> origin_of("javascript:alert(1)"), origin_of("https://crm.example.com/7")
    ('', 'https://crm.example.com/7')
    """
    try:
        return url if urlsplit(url).scheme in {"http", "https"} else ""
    except ValueError:
        return ""


def consented_in_words(state: str, purpose: str, channel: str) -> str:
    """Say what was agreed to or taken back.

    >>> consented_in_words("granted", "offers", "email")
    'Agreed to offers and news by e-mail'
    """
    by = "" if channel == Channel.NONE else f" by {CHANNEL[Channel(channel)]}"
    return f"{_CONSENT[ConsentState(state)]} {purpose_in_words(purpose)}{by}"


def door_in_words(door: str) -> str:
    """Name a door; one that is not known is called as it is.

    >>> door_in_words("page"), door_in_words("mobile app")
    ("Customer's page", 'Mobile app')
    """
    return _DOORS.get(door) or door[:1].upper() + door[1:]


def learned_in_words(manner: str, name: str, value: str | None, *, is_back: bool) -> str:
    """Say how a fact came to be known; ``value`` None: it was deleted.

    >>> learned_in_words("told", "Newspaper", "Le Monde", is_back=False)
    'Told: Newspaper: Le Monde'
    >>> learned_in_words("told", "Newspaper", None, is_back=True)
    'Deleted: Newspaper (taken back)'
    """
    said = f"Deleted: {name}" if value is None else f"{_MANNER[Manner(manner)]}: {name}"
    what = f"{said}: {value}" if value else said
    return f"{what} (taken back)" if is_back else what


def came_in_words(kind: str, state: str, place: str) -> str:
    """Say what became of an order ahead, stay or booking.

    >>> came_in_words("order", "ready", "Main Street")
    'Order ahead ready, Main Street'
    """
    return f"{KIND[PickupKind(kind)]} {state_in_words(kind, state)}, {place}"
