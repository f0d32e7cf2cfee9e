"""Orders ahead, stays and bookings: what may be asked for, and what may become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from profiles.rules.names import PickupKind, PickupState

#: An order is prepared by people who plan a week or two, a room is booked long before.
ORDER_AHEAD = timedelta(days=14)
BOOKED_AHEAD = timedelta(days=730)
#: What nobody fetched is given up so long after its time.
GIVEN_UP_AFTER = timedelta(days=2)
#: As many orders one customer may have coming; a link is no log-in.
MOST_COMING = 5

CUSTOMER = "customer"

REQUESTED, READY = PickupState.REQUESTED, PickupState.READY
HANDED_OVER, CANCELLED = PickupState.HANDED_OVER, PickupState.CANCELLED

COMING = (REQUESTED, READY)

# From which states each can be reached. Ready and cancelled can be taken back; what was handed over is a
# purchase, which only a return undoes.
_FROM: Mapping[PickupState, frozenset[PickupState]] = {
    REQUESTED: frozenset({READY, CANCELLED}),
    READY: frozenset({REQUESTED}),
    HANDED_OVER: frozenset({REQUESTED, READY}),
    CANCELLED: frozenset({REQUESTED, READY}),
}


class MoveRefusal(StrEnum):
    """Why a change of state is refused."""

    NOT_FROM_HERE = "not_from_here"
    MADE_ALREADY = "made_already"
    TIME_IS_OVER = "time_is_over"


class WishRefusal(StrEnum):
    """Why something cannot be asked for."""

    PAST = "past"
    TOO_FAR = "too_far"
    NO_LINES = "no_lines"
    NO_END = "no_end"
    NO_RESOURCE = "no_resource"
    ENDS_BEFORE = "ends_before"


@dataclass(frozen=True)
class Asked:
    """The shape of a request: of which kind, for when, and what it holds."""

    kind: PickupKind
    starts_at: datetime
    ends_at: datetime | None
    has_lines: bool
    resource: str


def refusal_of_request(asked: Asked, now: datetime) -> WishRefusal | None:
    """Say why this cannot be asked for; None: it can.

    An order lies ahead; a stay or booking may be reported afterwards.

    >>> at = datetime(2026, 3, 10, 7, 10)
    >>> refusal_of_request(Asked(PickupKind.ORDER, at, None, True, ""), at + timedelta(minutes=1))
    <WishRefusal.PAST: 'past'>
    """
    ahead = ORDER_AHEAD if asked.kind == PickupKind.ORDER else BOOKED_AHEAD
    refusals = {
        WishRefusal.PAST: asked.kind == PickupKind.ORDER and asked.starts_at < now,
        WishRefusal.TOO_FAR: asked.starts_at > now + ahead,
        WishRefusal.NO_LINES: asked.kind == PickupKind.ORDER and not asked.has_lines,
        WishRefusal.NO_END: asked.kind == PickupKind.STAY and asked.ends_at is None,
        WishRefusal.NO_RESOURCE: asked.kind == PickupKind.BOOKING and not asked.resource,
        WishRefusal.ENDS_BEFORE: asked.ends_at is not None and asked.ends_at <= asked.starts_at,
    }
    return next((refusal for refusal, holds in refusals.items() if holds), None)


@dataclass(frozen=True)
class Standing:
    """Where something stands when a change of state is asked for."""

    kind: PickupKind
    state: PickupState
    starts_at: datetime


def refusal_of_move(
    standing: Standing, to: PickupState, *, by: str, now: datetime
) -> MoveRefusal | None:
    """Say why this change of state is refused; None: it goes, or stands already.

    Customers cancel what nobody has made yet; a cancelled order comes back while its time lies ahead.
    """
    if standing.state == to:
        return None
    if standing.state not in _FROM[to]:
        return MoveRefusal.NOT_FROM_HERE
    is_made = standing.kind == PickupKind.ORDER and standing.state == READY
    if is_made and to == CANCELLED and by == CUSTOMER:
        return MoveRefusal.MADE_ALREADY
    if standing.state == CANCELLED and standing.starts_at < now:
        return MoveRefusal.TIME_IS_OVER
    return None


# --- words ----------------------------------------------------------------------------------------

WISH_WORDS = {
    WishRefusal.PAST: "That time is over already. Choose a later one.",
    WishRefusal.TOO_FAR: "That is too far ahead: orders up to 14 days, bookings up to two years.",
    WishRefusal.NO_LINES: "An order names at least one article.",
    WishRefusal.NO_END: "A stay has a day on which it ends.",
    WishRefusal.NO_RESOURCE: "A booking says who or what is booked.",
    WishRefusal.ENDS_BEFORE: "The end must come after the beginning.",
}
MOVE_WORDS = {
    MoveRefusal.NOT_FROM_HERE: "That is no longer possible: it is {state}. Nothing was changed.",
    MoveRefusal.MADE_ALREADY: "It is made already, so it cannot be cancelled here. Tell us at the counter.",
    MoveRefusal.TIME_IS_OVER: "Its time is over. Order it anew.",
}
KIND = {
    PickupKind.ORDER: "Order ahead",
    PickupKind.STAY: "Stay",
    PickupKind.BOOKING: "Booking",
}
_STATE: Mapping[PickupKind, Mapping[PickupState, str]] = {
    PickupKind.ORDER: {
        REQUESTED: "asked for",
        READY: "ready",
        HANDED_OVER: "handed over",
        CANCELLED: "cancelled",
    },
    PickupKind.STAY: {
        REQUESTED: "expected",
        READY: "room ready",
        HANDED_OVER: "arrived",
        CANCELLED: "cancelled",
    },
    PickupKind.BOOKING: {
        REQUESTED: "asked for",
        READY: "confirmed",
        HANDED_OVER: "taken",
        CANCELLED: "cancelled",
    },
}


def state_in_words(kind: str, state: str) -> str:
    """Say where it stands.

    >>> state_in_words("order", "ready"), state_in_words("stay", "handed_over")
    ('ready', 'arrived')
    """
    return _STATE[PickupKind(kind)][PickupState(state)]


# --- times ----------------------------------------------------------------------------------------


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a day and time of a store; None where clocks leave that time out.

    Of a time that the clocks show twice it is the first. At either end of all time there is none.

    >>> vienna = ZoneInfo("Europe/Vienna")
    >>> moment_of(date(2026, 3, 29), time(2, 30), vienna) is None
    True
    >>> moment_of(date.min, time(0), vienna) is None
    True
    """
    local = datetime.combine(day, at, zone)
    try:
        there = local.astimezone(ZoneInfo("UTC")).astimezone(zone)
    except OverflowError:
        return None
    return local if there.replace(tzinfo=None) == local.replace(tzinfo=None) else None


def next_time(at: time, now: datetime, zone: ZoneInfo) -> date:
    """Return the next day on which the clocks of a zone show this time.

    >>> next_time(time(7, 10), datetime(2026, 3, 10, 8, 0, tzinfo=ZoneInfo("UTC")), ZoneInfo("UTC"))
    datetime.date(2026, 3, 11)
    """
    local = now.astimezone(zone)
    return local.date() if at > local.time() else local.date() + timedelta(days=1)


def to_five_minutes(seconds: float) -> time:
    """Round seconds of a day to the five minutes that one says.

    >>> to_five_minutes(7 * 3600 + 9 * 60), to_five_minutes(86_399)
    (datetime.time(7, 10), datetime.time(23, 55))
    """
    minutes = min(int(seconds / 300 + 0.5) * 5, 24 * 60 - 5)
    return time(minutes // 60, minutes % 60)
