"""What an event of another system says: who, what, when; and why it cannot be taken.

Source of the form: the public specification of Segment's HTTP API, as its clients and RudderStack's send it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from profiles.rules.names import IdentifierKind, TouchpointKind
from profiles.rules.storable import UNREADABLE

LONGEST_MESSAGE_ID = 300
LONGEST_ID = 200
LONGEST_NAME = 200
LARGEST_EVENT_BYTES = 32 * 1024
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
# Clocks of other systems run ahead a little; what they say of the future is not a time.
CLOCKS_DIFFER = timedelta(days=1)


class EventType(StrEnum):
    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


SHORT = {each.value[0]: each for each in EventType}
KIND = {each: TouchpointKind(each) for each in EventType if each != EventType.ALIAS} | {
    EventType.ALIAS: TouchpointKind.IDENTIFY
}


class Reason(StrEnum):
    """Why an event is parked."""

    NOT_AN_OBJECT = "not_an_object"
    TOO_LARGE = "too_large"
    ID_REUSED = "id_reused"
    ID_TOO_LONG = "id_too_long"
    ID_UNREADABLE = "id_unreadable"
    TYPE_UNKNOWN = "type_unknown"
    NAME_MISSING = "name_missing"
    NOBODY = "nobody"
    TIME_UNREADABLE = "time_unreadable"
    TIME_IMPOSSIBLE = "time_impossible"
    PREVIOUS_MISSING = "previous_missing"
    KEPT_APART = "kept_apart"
    ORDER_INCOMPLETE = "order_incomplete"
    ORDER_CONFLICT = "order_conflict"
    ORDER_UNKNOWN = "order_unknown"
    OTHER_CURRENCY = "other_currency"
    FAILED = "failed"


REASON_IN_WORDS = {
    Reason.NOT_AN_OBJECT: "It is no event: a list, a text or a number stood in its place.",
    Reason.TOO_LARGE: "It is larger than 32 kB.",
    Reason.ID_REUSED: "Another event came under this message id before, and was taken.",
    Reason.ID_TOO_LONG: "An id is too long: 200 letters for people, 300 for messages.",
    Reason.ID_UNREADABLE: "An id is no readable text.",
    Reason.TYPE_UNKNOWN: "Its type is none of identify, track, page, screen, group and alias.",
    Reason.NAME_MISSING: "It does not say what happened.",
    Reason.NOBODY: "It says of nobody whose it is, or names a value that identifies nobody.",
    Reason.TIME_UNREADABLE: "Its time cannot be read.",
    Reason.TIME_IMPOSSIBLE: "Its time is before 1900 or in the future.",
    Reason.PREVIOUS_MISSING: "It joins two ids, and names only one.",
    Reason.KEPT_APART: "It joins two whom somebody said are not the same person.",
    Reason.ORDER_INCOMPLETE: "The order lacks its number, its products or a price.",
    Reason.ORDER_CONFLICT: "This order is stored already, with another content.",
    Reason.ORDER_UNKNOWN: "It refunds an order that is not here yet. It is tried again when it comes.",
    Reason.OTHER_CURRENCY: "Its currency is not the company's.",
    Reason.FAILED: "Something went wrong with it; the log says what.",
}


class Refused(ValueError):
    """An event that cannot be taken: ``reason``, and in ``detail`` which part of it, without its value."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Event:
    """One event, read. ``said`` are identifiers as they were written, not normalised yet."""

    type: EventType
    user_id: str
    anonymous_id: str
    previous_id: str
    name: str
    occurred_at: datetime
    said: tuple[tuple[IdentifierKind, str], ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


def read_event(payload: Mapping[str, Any], received_at: datetime) -> Event:
    """Read an event.

    Raises:
        Refused: it cannot be taken.
    """
    kind = event_type(payload)
    user_id, anonymous_id = text_id(payload, "userId"), text_id(payload, "anonymousId")
    previous_id = text_id(payload, "previousId")
    if not user_id and not anonymous_id:
        raise Refused(Reason.NOBODY, "userId, anonymousId")
    if kind == EventType.ALIAS and not previous_id:
        raise Refused(Reason.PREVIOUS_MISSING, "previousId")
    context = mapping(payload, "context")
    traits = _traits(kind, payload, context)
    return Event(
        type=kind,
        user_id=user_id,
        anonymous_id=anonymous_id,
        previous_id=previous_id,
        name=_name(kind, payload, context),
        occurred_at=_occurred_at(payload, received_at),
        said=tuple(_said(payload, traits, context)),
        properties=mapping(payload, "properties"),
        traits=traits,
        context=context,
    )


# --- parts of an event ----------------------------------------------------------------------------


def event_type(payload: Mapping[str, Any]) -> EventType:
    kind = payload.get("type")
    if not isinstance(kind, str) or kind.lower() not in set(EventType):
        raise Refused(Reason.TYPE_UNKNOWN, "type")
    return EventType(kind.lower())


def mapping(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a part of an event; clients send null for an empty one."""
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def text_id(payload: Mapping[str, Any], key: str, longest: int = LONGEST_ID) -> str:
    """Return an id as text; "" for none. Some clients send numbers.

    Raises:
        Refused: it is too long, or no text.
    """
    value = payload.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused(Reason.ID_UNREADABLE, key)
    text = str(value).strip()
    if len(text) > longest:
        raise Refused(Reason.ID_TOO_LONG, key)
    if UNREADABLE in text:
        raise Refused(Reason.ID_UNREADABLE, key)
    return text


def text(value: Any, longest: int = LONGEST_NAME) -> str:
    """Return a text in one line, cut to its length; "" for anything else.

    >>> text("  Main\\n Street "), text(7)
    ('Main Street', '')
    """
    return " ".join(value.split())[:longest].strip() if isinstance(value, str) else ""


def _name(kind: EventType, payload: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    if kind == EventType.TRACK:
        name = text(payload.get("event"))
        if not name:
            raise Refused(Reason.NAME_MISSING, "event")
        return name
    if kind in {EventType.PAGE, EventType.SCREEN}:
        properties, page = mapping(payload, "properties"), mapping(context, "page")
        said = [payload.get("name"), payload.get("category"), properties.get("title"),
                properties.get("path"), page.get("title"), page.get("path")]  # fmt: skip
        return next(filter(None, map(text, said)), "")
    return "alias" if kind == EventType.ALIAS else ""


def _traits(
    kind: EventType, payload: Mapping[str, Any], context: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What an event says of the person; the traits of a group say something of the group."""
    own = mapping(payload, "traits") if kind == EventType.IDENTIFY else {}
    return {**mapping(context, "traits"), **own}


def _said(
    payload: Mapping[str, Any], traits: Mapping[str, Any], context: Mapping[str, Any]
) -> Iterable[tuple[IdentifierKind, str]]:
    for key in ("email", "phone"):
        if isinstance(value := traits.get(key), str | int) and not isinstance(value, bool):
            yield IdentifierKind(key), str(value)
    device = mapping(context, "device").get("id")
    if isinstance(device, str) and device:
        yield IdentifierKind.DEVICE, device
    for held in (payload.get("externalIds"), context.get("externalIds"), context.get("externalId")):
        yield from _external_ids(held)


_EXTERNAL = {
    "email": IdentifierKind.EMAIL,
    "phone": IdentifierKind.PHONE,
    "card": IdentifierKind.CARD,
    "loyalty_card": IdentifierKind.CARD,
    "anonymous_id": IdentifierKind.ANONYMOUS,
    "device_id": IdentifierKind.DEVICE,
    "ios.id": IdentifierKind.DEVICE,
    "ios.idfa": IdentifierKind.DEVICE,
    "android.id": IdentifierKind.DEVICE,
    "android.idfa": IdentifierKind.DEVICE,
}


def _external_ids(held: Any) -> Iterable[tuple[IdentifierKind, str]]:
    for each in held if isinstance(held, list) else []:
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            kind = _EXTERNAL.get(str(each.get("type")).lower())
            if kind is not None:
                yield kind, each["id"]


def person_name(traits: Mapping[str, Any]) -> str:
    """Return the person's name as traits say it.

    >>> person_name({"firstName": "Dolores", "lastName": "Reyes"}), person_name({"name": "Mira"})
    ('Dolores Reyes', 'Mira')
    """
    whole = text(traits.get("name"))
    first = text(traits.get("firstName") or traits.get("first_name"))
    last = text(traits.get("lastName") or traits.get("last_name"))
    return whole or text(f"{first} {last}")


# --- time -----------------------------------------------------------------------------------------


def read_time(value: Any) -> datetime | None:
    """Read a time as clients write it: ISO 8601 (UTC where it states no zone), or seconds or milliseconds.

    >>> read_time("2026-03-10T06:05:00.123Z"), read_time(1773122700000) == read_time(1773122700)
    (datetime.datetime(2026, 3, 10, 6, 5, 0, 123000, tzinfo=datetime.timezone.utc), True)
    """
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _occurred_at(payload: Mapping[str, Any], received_at: datetime) -> datetime:
    """When it happened, by our clock: a client's clock is as wrong at sending as it was at the event."""
    said = next((payload[k] for k in ("originalTimestamp", "timestamp") if payload.get(k)), None)
    if said is None:
        return received_at
    moment = read_time(said)
    if moment is None:
        raise Refused(Reason.TIME_UNREADABLE, "timestamp")
    sent = read_time(payload.get("sentAt"))
    try:
        corrected = moment + (received_at - sent) if sent else moment
    except OverflowError as error:
        raise Refused(Reason.TIME_IMPOSSIBLE, "timestamp") from error
    if not EARLIEST <= corrected <= received_at + CLOCKS_DIFFER:
        raise Refused(Reason.TIME_IMPOSSIBLE, "timestamp")
    return min(corrected, received_at)
