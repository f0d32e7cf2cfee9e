"""Who is calling: one answer from all apps for a phone number, made while it rings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from cxportal.lib.errors import DomainError
from cxportal.pages.access import Role
from feedback.queries import OpenCase, open_cases
from feedback.rules import CasePriority
from loyalty.queries import Standing, standing
from profiles.queries.calling import KnownCaller, known_callers
from profiles.queries.company import company
from profiles.queries.pickups import Coming, coming_of
from profiles.rules.facts import day_in_words
from profiles.rules.names import normal_phone

# The third contact in a week about something that is not solved is one too many.
CALLS_TOO_MANY = 2


class NumberMalformed(DomainError):
    """That is no phone number."""

    code = "number_malformed"


class Desk(StrEnum):
    """Who takes the call."""

    OWNER = "owner"
    COUNTER = "counter"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Connect:
    """Whom to connect: somebody of the staff (``staff_id``), or a store's counter (``place_id``); 0: none."""

    desk: Desk
    name: str
    staff_id: int = 0
    place_id: int = 0


@dataclass(frozen=True)
class Caller:
    """One customer whom the number belongs to, in words for whoever picks up."""

    customer_id: int
    public_id: str
    name: str
    cases: Sequence[OpenCase]
    priority: CasePriority
    connect: Connect
    summary: str
    household: Sequence[str]


@dataclass(frozen=True)
class Answer:
    """Who it may be, the most urgent first, and whom to connect; nobody for an unknown number."""

    callers: Sequence[Caller]
    priority: CasePriority
    connect: Connect
    summary: str


def who_is_calling(*, number: str, now: datetime) -> Answer:
    """Tell who calls, what is open, how urgent it is and whom to connect; a fixed number of queries.

    Raises:
        NumberMalformed: it cannot be a phone number.
    """
    house = company()
    normal = normal_phone(number.replace("\0", "")[:40], house.phone_region)
    if not normal:
        raise NumberMalformed("That is no phone number. Write it with its country code.")
    known = known_callers(normal, now)
    ids = [one.customer_id for one in known]
    zone = ZoneInfo(house.time_zone)
    cases = open_cases(ids)
    staff = _staff(cases)
    standings, coming = standing(ids, now), coming_of(ids, company_zone=zone, now=now)
    callers = [
        _caller(
            one,
            _Known(
                cases.get(one.customer_id, []),
                standings[one.customer_id],
                coming.get(one.customer_id, []),
            ),
            staff,
            zone,
            now,
        )
        for one in known
    ]
    callers.sort(
        key=lambda one: (one.priority != CasePriority.HIGH, not one.cases, one.customer_id)
    )
    return _answer(callers, staff)


@dataclass(frozen=True)
class _Staff:
    """Who owns cases and still works here, and the supervisor, by id and name."""

    owners: Mapping[int, str]
    supervisor: tuple[int, str]


@dataclass(frozen=True)
class _Known:
    cases: Sequence[OpenCase]
    standing: Standing
    coming: Sequence[Coming]


def _staff(cases: Mapping[int, Sequence[OpenCase]]) -> _Staff:
    ids = {case.owner_id for of_one in cases.values() for case in of_one if case.owner_id}
    supervisors = User.objects.filter(groups__name=Role.SUPERVISOR.value)
    wanted = User.objects.filter(is_active=True, pk__in=ids) | supervisors.filter(is_active=True)
    named = {user.pk: user.get_full_name() or user.get_username() for user in wanted.distinct()}
    chosen = (
        supervisors.filter(pk__in=named).order_by("pk").values_list("pk", flat=True).first() or 0
    )
    return _Staff(
        {pk: name for pk, name in named.items() if pk in ids},
        (chosen, named.get(chosen, "Supervisor")),
    )


def _caller(
    one: KnownCaller, known: _Known, staff: _Staff, zone: ZoneInfo, now: datetime
) -> Caller:
    return Caller(
        customer_id=one.customer_id,
        public_id=one.public_id,
        name=one.name,
        cases=known.cases,
        priority=_priority(one, known.cases, now),
        connect=_connect(one, known.cases, staff),
        summary=f"{_who(one, known.standing, zone)} {_open(one, known, staff, zone)}",
        household=one.household,
    )


def _priority(one: KnownCaller, cases: Sequence[OpenCase], now: datetime) -> CasePriority:
    """High: what is open is urgent or overdue, or they called twice about it this week."""
    is_urgent = any(case.priority == CasePriority.HIGH or case.due_at <= now for case in cases)
    again = bool(cases) and one.calls >= CALLS_TOO_MANY
    return CasePriority.HIGH if is_urgent or again else CasePriority.NORMAL


def _connect(one: KnownCaller, cases: Sequence[OpenCase], staff: _Staff) -> Connect:
    """The owner of the most urgent case that has one; else who looks after all cases, or the home store."""
    for case in cases:
        owner_id = case.owner_id or 0
        if owner_id in staff.owners:
            return Connect(Desk.OWNER, staff.owners[owner_id], staff_id=owner_id)
    if not cases and one.place_id:
        return Connect(Desk.COUNTER, one.place, place_id=one.place_id)
    return _supervisor(staff)


def _supervisor(staff: _Staff) -> Connect:
    staff_id, name = staff.supervisor
    return Connect(Desk.SUPERVISOR, name, staff_id=staff_id)


def _who(one: KnownCaller, held: Standing, zone: ZoneInfo) -> str:
    """The first sentence: who it is, and what they bought last."""
    parts = [one.name or "A customer without a name"]
    if held.tier_name:
        parts.append(held.tier_name)
    parts.append(f"customer since {one.since.astimezone(zone).year}")
    if one.bought_at:
        day = day_in_words(one.bought_at.astimezone(zone).date())
        parts.append(f"last bought {' and '.join(one.bought) or 'something'} on {day}")
    return f"{', '.join(parts)}."


def _open(one: KnownCaller, known: _Known, staff: _Staff, zone: ZoneInfo) -> str:
    """The second: what is open, or coming."""
    calls = {0: "", 1: "; called once this week"}.get(
        one.calls, f"; called {one.calls} times this week"
    )
    if known.cases:
        first, more = known.cases[0], len(known.cases) - 1
        due = first.due_at.astimezone(zone)
        owner = staff.owners.get(first.owner_id or 0, "nobody yet")
        others = f", and {more} more" if more else ""
        return (
            f"Open: {first.label.lower()}, due {day_in_words(due.date())} at {due:%H:%M}, "
            f"with {owner}{others}{calls}."
        )
    if known.coming:
        soon = known.coming[0]
        at = soon.starts_at.astimezone(soon.zone)
        what = soon.what or soon.kind
        return f"Coming: {what} on {day_in_words(at.date())} at {at:%H:%M}, {soon.place}{calls}."
    return f"Nothing is open{calls}."


def _answer(callers: Sequence[Caller], staff: _Staff) -> Answer:
    if not callers:
        words = "This number is not known. Nothing is open under it."
        return Answer([], CasePriority.NORMAL, _supervisor(staff), words)
    first = callers[0]
    return Answer(callers, first.priority, first.connect, first.summary)
