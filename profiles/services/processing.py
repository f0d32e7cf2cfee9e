"""Works off the events that were taken in: whose they are, what they say, and their place in the timeline.

A batch is claimed and worked off in one transaction, in a fixed number of statements: a worker that is killed
leaves it as it was. An event that breaks its batch is found by halves and parked; the others go on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

from profiles.models import ConsentEntry, InboundEvent, Profile
from profiles.queries.company import company, company_kept
from profiles.rules.cells import minor_digits
from profiles.rules.events import EventType, Reason, Refused, read_event
from profiles.rules.identity import Key, Sighting
from profiles.rules.names import Channel, IdentifierKind, Purpose, normal_identifier
from profiles.rules.shop_events import is_order, read_order
from profiles.rules.whereabouts import is_about_a_place, says_where, without_whereabouts
from profiles.services import (
    event_orders,
    event_touchpoints,
    event_traits,
    merging,
    resolving,
)
from profiles.services.event_rows import Row

logger = logging.getLogger(__name__)
BATCH = 1000
ACTOR = "events"
# Two workers that met on the same customers: one of them is asked to begin anew.
_TRIES = 4
Result = TypeVar("Result")


@dataclass(frozen=True)
class Worked:
    """How many events left the queue: into the timeline (or dropped for want of consent), or parked."""

    done: int = 0
    parked: int = 0

    def __add__(self, other: Worked) -> Worked:
        return Worked(self.done + other.done, self.parked + other.parked)

    def __bool__(self) -> bool:
        return bool(self.done or self.parked)


@dataclass
class _Batch:
    rows: list[Row] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    refused: dict[int, Refused] = field(default_factory=dict)

    def drop(self, refused: dict[int, Refused]) -> None:
        """Take out the rows that cannot go on."""
        self.refused |= refused
        self.rows = [row for row in self.rows if row.id not in refused]

    def withhold(self, ids: set[int]) -> None:
        """Take out rows that leave no trace."""
        self.done += sorted(ids)
        self.rows = [row for row in self.rows if row.id not in ids]


def process_waiting(*, now: datetime, most: int = BATCH) -> Worked:
    """Work off the events that wait longest, at most so many; nothing worked off means nothing waits.

    Safe to run many times at once.
    """
    try:
        return _anew(lambda: _work(_NEXT, [most], now))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        waiting = InboundEvent.objects.filter(reason="").order_by("pk")
        return _by_halves(list(waiting.values_list("pk", flat=True)[:most]), now)


def _anew(work: Callable[[], Result]) -> Result:
    """Run a transaction, again where the database chose it to give way to another."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in {"40P01", "40001"}:
                raise
    return work()


def _by_halves(ids: Sequence[int], now: datetime) -> Worked:
    """Work off events in ever smaller parts, until the one that breaks stands alone."""
    if not ids:
        return Worked()
    try:
        return _anew(lambda: _work(_THESE, [list(ids)], now))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(ids) == 1:
            return _park_broken(ids[0], error)
    half = len(ids) // 2
    return _by_halves(ids[:half], now) + _by_halves(ids[half:], now)


def _park_broken(event_id: int, error: Exception) -> Worked:
    # What an error says may hold what the event says: the log gets its kind alone.
    logger.error("event %s could not be worked off: %s", event_id, type(error).__name__)
    parked = InboundEvent.objects.filter(pk=event_id, reason="").update(
        reason=str(Reason.FAILED), detail=type(error).__name__
    )
    return Worked(parked=parked)


# --- one batch ------------------------------------------------------------------------------------


_NEXT = """
    SELECT e.id, e.source_id, s.code, e.message_id, e.payload::text, e.received_at
      FROM profiles_inboundevent e JOIN profiles_source s ON s.id = e.source_id
     WHERE e.reason = '' ORDER BY e.id LIMIT %s FOR UPDATE OF e SKIP LOCKED
"""
_THESE = """
    SELECT e.id, e.source_id, s.code, e.message_id, e.payload::text, e.received_at
      FROM profiles_inboundevent e JOIN profiles_source s ON s.id = e.source_id
     WHERE e.reason = '' AND e.id = ANY(%s) ORDER BY e.id FOR UPDATE OF e SKIP LOCKED
"""


def _work(claim: str, params: list[Any], now: datetime) -> Worked:
    with company_kept(), transaction.atomic():
        batch = _claimed(claim, params)
        _find_people(batch, now)
        _leave_out_places(batch, now)
        batch.drop(_record_orders(batch.rows, now))
        untold = event_traits.tell(rows=batch.rows, now=now)
        event_touchpoints.store(rows=batch.rows, untold=untold, now=now)
        batch.done += [row.id for row in batch.rows]
        _finish(batch)
    return Worked(len(batch.done), len(batch.refused))


def _claimed(claim: str, params: list[Any]) -> _Batch:
    batch = _Batch()
    with connection.cursor() as cursor:
        cursor.execute(claim, params)
        found = cursor.fetchall()
    for pk, source_id, code, message_id, payload, received_at in found:
        said = json.loads(payload)
        try:
            event = read_event(said, received_at)
        except Refused as error:
            batch.refused[pk] = error
        else:
            batch.rows.append(Row(pk, source_id, code, message_id, said, received_at, event))
    return batch


def _finish(batch: _Batch) -> None:
    with connection.cursor() as cursor:
        if batch.done:
            cursor.execute("DELETE FROM profiles_inboundevent WHERE id = ANY(%s)", [batch.done])
        if batch.refused:
            ids, errors = list(batch.refused), list(batch.refused.values())
            reasons = [str(error.reason) for error in errors]
            cursor.execute(_PARK, [ids, reasons, [error.detail[:300] for error in errors]])


_PARK = """
    UPDATE profiles_inboundevent e SET reason = p.reason, detail = p.detail, attempts = e.attempts + 1
      FROM unnest(%s::bigint[], %s::text[], %s::text[]) p (id, reason, detail) WHERE e.id = p.id
"""


# --- whose they are -------------------------------------------------------------------------------


def _find_people(batch: _Batch, now: datetime) -> None:
    """Say of each row whose it is; join what an alias says is one."""
    numbers = _former_numbers(batch.rows)
    sightings = [_sighting(row, numbers) for row in batch.rows]
    resolved = resolving.resolve(sightings=sightings, actor=ACTOR, now=now)
    erased = {batch.rows[place].id for place in resolved.erased}
    nobody = {}
    for row, profile in zip(batch.rows, resolved.profiles, strict=True):
        row.profile_id = profile or 0
        if profile is None and row.id not in erased:
            nobody[row.id] = Refused(Reason.NOBODY, "userId, anonymousId")
    batch.withhold(erased)
    batch.drop(nobody)
    aliases = _joined(batch.rows, numbers, now)
    owners = dict(
        Profile.objects.filter(
            pk__in={row.profile_id for row in batch.rows} | set(aliases.values())
        ).values_list("pk", "customer_id")
    )
    for row in batch.rows:
        row.customer_id = owners[row.profile_id]
    batch.drop(
        {
            row.id: Refused(Reason.KEPT_APART, "previousId")
            for row in batch.rows
            if row.id in aliases and owners[aliases[row.id]] != row.customer_id
        }
    )


_Numbers = set[tuple[int, str]]


def _former_numbers(rows: Sequence[Row]) -> _Numbers:
    """Which previous ids of aliases are numbers of their sources, and not of visitors."""
    asked = {(r.source_id, r.event.previous_id) for r in rows if r.event.type == EventType.ALIAS}
    if not asked:
        return set()
    stored = Profile.objects.filter(
        source_id__in={source for source, _ in asked},
        external_id__in={number for _, number in asked},
    ).values_list("source_id", "external_id")
    arriving = {(row.source_id, row.event.user_id) for row in rows}
    return asked & ({*stored} | arriving)


def _sighting(row: Row, numbers: _Numbers) -> Sighting:
    event = row.event
    said = list(event.said)
    if event.anonymous_id:
        said.append((IdentifierKind.ANONYMOUS, event.anonymous_id))
    if event.type == EventType.ALIAS and (row.source_id, event.previous_id) not in numbers:
        said.append((IdentifierKind.ANONYMOUS, event.previous_id))
    keys = [_key(kind, value, row.source_code) for kind, value in said]
    return Sighting(row.source_id, event.user_id, [key for key in keys if key], event.occurred_at)


def _key(kind: IdentifierKind, value: str, source_code: str) -> Key | None:
    normal = normal_identifier(kind, value, company().phone_region)
    scope = source_code if kind == IdentifierKind.ANONYMOUS else ""
    return Key(str(kind), scope, normal) if normal else None


def _joined(rows: Sequence[Row], numbers: _Numbers, now: datetime) -> dict[int, int]:
    """Join the profiles that aliases name; return the other profile of each."""
    aliases = [
        row
        for row in rows
        if row.event.type == EventType.ALIAS and (row.source_id, row.event.previous_id) in numbers
    ]
    if not aliases:
        return {}
    former = {
        (source, number): pk
        for pk, source, number in Profile.objects.filter(
            source_id__in={row.source_id for row in aliases},
            external_id__in={row.event.previous_id for row in aliases},
        ).values_list("pk", "source_id", "external_id")
    }
    others = {
        row.id: former[row.source_id, row.event.previous_id]
        for row in aliases
        if (row.source_id, row.event.previous_id) in former
    }
    merging.join_all(
        joinings=[
            merging.Joining(row.profile_id, others[row.id], "alias", ACTOR, {"event": row.id})
            for row in aliases
            if row.id in others
        ],
        now=now,
    )
    return others


# --- where they are -------------------------------------------------------------------------------


def _leave_out_places(batch: _Batch, now: datetime) -> None:
    """Leave out where somebody is, unless they agree now; they may not be whom the event was taken for."""
    where = [
        row
        for row in batch.rows
        if is_about_a_place(row.event.name)
        or says_where(row.payload, is_order=is_order(row.payload))
    ]
    if not where:
        return
    agreeing = ConsentEntry.objects.granting(
        list({row.customer_id for row in where}), Purpose.LOCATION, Channel.NONE, now
    )
    withheld = set()
    for row in where:
        if row.customer_id in agreeing:
            continue
        if is_about_a_place(row.event.name):
            withheld.add(row.id)
        row.payload = without_whereabouts(row.payload, is_order=is_order(row.payload))
        row.event = read_event(row.payload, row.received_at)
    batch.withhold(withheld)


# --- what they bought -----------------------------------------------------------------------------


def _record_orders(rows: Sequence[Row], now: datetime) -> dict[int, Refused]:
    house = company()
    arrived = []
    refused: dict[int, Refused] = {}
    for row in rows:
        if not is_order(row.payload):
            continue
        try:
            order = read_order(
                row.event, currency=house.currency, digits=minor_digits(house.currency)
            )
        except Refused as error:
            refused[row.id] = error
        else:
            arrived.append(
                event_orders.ArrivedOrder(
                    key=row.id,
                    source_id=row.source_id,
                    profile_id=row.profile_id,
                    message_id=row.message_id,
                    order=order,
                    occurred_at=row.event.occurred_at,
                )
            )
    return refused | event_orders.record_orders(arrived=arrived, now=now)
