"""Takes events in: stored once, in one transaction, and worked off later (``processing``).

What cannot be taken is parked with its reason beside the others, never dropped and never in their way. Where
somebody is, is left out before anything is stored, unless they agreed to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from profiles.models import ConsentEntry, Identifier, Profile, Source
from profiles.rules.events import (
    LARGEST_EVENT_BYTES,
    LONGEST_MESSAGE_ID,
    Reason,
    Refused,
    text_id,
)
from profiles.rules.names import Channel, IdentifierKind, Purpose
from profiles.rules.shop_events import is_order
from profiles.rules.whereabouts import is_about_a_place, says_where, without_whereabouts

# What differs between two sendings of one event, or is no part of it.
_NOT_CONTENT = ("sentAt", "receivedAt", "writeKey", "_metadata", "integrations")


@dataclass(frozen=True)
class Receipt:
    """What became of a batch: taken, taken before, parked, and not stored for want of consent."""

    accepted: int = 0
    repeated: int = 0
    parked: int = 0
    withheld: int = 0


@dataclass
class _Item:
    message_id: str
    payload: dict[str, Any]
    key: bytes
    content: bytes
    reason: str = ""
    detail: str = ""


def receive(
    *, events: Sequence[Any], message_ids: Sequence[str], source: Source, now: datetime
) -> Receipt:
    """Store events for good. ``message_ids`` stand in for those that have none.

    Repeatable: the same id with the same content is stored once, for ever; with another content it is parked.
    """
    items = [_item(event, spare) for event, spare in zip(events, message_ids, strict=True)]
    with transaction.atomic():
        fresh = _fresh(items, source)
        kept = list(_with_consent(fresh, source, now))
        _queue(kept, source, now)
    parked = sum(1 for item in kept if item.reason)
    return Receipt(
        accepted=len(kept) - parked,
        repeated=len(items) - len(fresh),
        parked=parked,
        withheld=len(fresh) - len(kept),
    )


def _item(event: Any, spare: str) -> _Item:
    payload = event if isinstance(event, dict) else {"event": event}
    reason, detail = ("", "") if isinstance(event, dict) else (Reason.NOT_AN_OBJECT, "")
    try:
        message_id = text_id(payload, "messageId", LONGEST_MESSAGE_ID) or spare
    except Refused as error:
        reason, detail = error.reason, error.detail
        message_id = str(payload["messageId"])
    body = {key: value for key, value in payload.items() if key not in _NOT_CONTENT}
    content = json.dumps(body, sort_keys=True).encode()
    if len(content) > LARGEST_EVENT_BYTES and not reason:
        reason, detail = Reason.TOO_LARGE, f"{len(content)} bytes"
    # Held whole with its id, but for what is no part of it.
    sent = {"sentAt": payload["sentAt"]} if payload.get("sentAt") else {}
    keys = _digest(message_id.encode()), _digest(content)
    return _Item(message_id, body | sent, *keys, reason, detail)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


# --- once for good --------------------------------------------------------------------------------


def _fresh(items: Sequence[_Item], source: Source) -> list[_Item]:
    """Return what was not taken before; what came under a used id, marked so, once."""
    fresh, others = _claimed(items, source)
    if not others:
        return fresh
    held = _contents([item.key for item in others], source)
    reused = [item for item in others if held[item.key] != item.content]
    for item in reused:
        item.key = _digest(item.key + item.content)
        item.reason, item.detail = Reason.ID_REUSED, "messageId"
    return fresh + _claimed(reused, source)[0]


def _claimed(items: Sequence[_Item], source: Source) -> tuple[list[_Item], list[_Item]]:
    """Take the keys of items; return those that were free, and the others."""
    first: dict[bytes, _Item] = {}
    for item in items:
        first.setdefault(item.key, item)
    # In one order everywhere, so that two batches with the same events never wait for each other in a circle.
    keys = sorted(first)
    contents = [first[key].content for key in keys]
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [source.pk, keys, contents])
        free = {bytes(row[0]) for row in cursor.fetchall()}
    fresh = [item for item in first.values() if item.key in free]
    taken = {id(item) for item in fresh}
    return fresh, [item for item in items if id(item) not in taken]


_CLAIM = """
    INSERT INTO profiles_eventkey (source_id, key, content)
    SELECT %s, k.key, k.content FROM unnest(%s::bytea[], %s::bytea[]) k (key, content)
    ON CONFLICT (source_id, key) DO NOTHING RETURNING key
"""


def _contents(keys: Sequence[bytes], source: Source) -> dict[bytes, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, content FROM profiles_eventkey WHERE source_id = %s AND key = ANY(%s)",
            [source.pk, list(keys)],
        )
        return {bytes(key): bytes(content) for key, content in cursor.fetchall()}


# --- where somebody is ----------------------------------------------------------------------------


def _with_consent(items: Sequence[_Item], source: Source, now: datetime) -> Iterable[_Item]:
    """Leave out where somebody is, unless they are known and agreed; and events about nothing else."""
    located = [item for item in items if _is_about_a_place(item) or _says_where(item)]
    if not located:
        return items
    agreed = {id(item) for item in _of_agreeing(located, source, now)}
    refused = {id(item) for item in located} - agreed
    for item in located:
        if id(item) in refused:
            item.payload = without_whereabouts(item.payload, is_order=is_order(item.payload))
    return [i for i in items if not (id(i) in refused and _is_about_a_place(i))]


def _says_where(item: _Item) -> bool:
    return says_where(item.payload, is_order=is_order(item.payload))


def _is_about_a_place(item: _Item) -> bool:
    name = item.payload.get("event") or item.payload.get("name")
    return isinstance(name, str) and is_about_a_place(name)


def _of_agreeing(items: Sequence[_Item], source: Source, now: datetime) -> Iterable[_Item]:
    """Of these events, those of customers who agreed; whoever is not known did not."""
    whose = {id(item): _whose(item.payload) for item in items}
    customers = _customers({who for who in whose.values() if who}, source)
    agreeing = ConsentEntry.objects.granting(
        list(set(customers.values())), Purpose.LOCATION, Channel.NONE, now
    )
    return [item for item in items if customers.get(whose[id(item)]) in agreeing]


_Who = tuple[str, str]


def _whose(payload: Mapping[str, Any]) -> _Who | None:
    """Return by which id somebody is named; the device they use says nothing where they are named themselves."""
    for key in ("userId", "anonymousId"):
        try:
            if found := text_id(payload, key):
                return key, found
        except Refused:
            return None
    return None


def _customers(whose: set[_Who], source: Source) -> dict[_Who | None, int]:
    users = [number for key, number in whose if key == "userId"]
    visitors = [value for key, value in whose if key == "anonymousId"]
    profiles = Profile.objects.filter(source=source, external_id__in=users)
    seen = Identifier.objects.filter(
        kind=IdentifierKind.ANONYMOUS, scope=source.code, value__in=visitors
    )
    found: dict[_Who | None, int] = {
        ("userId", number): customer
        for number, customer in profiles.values_list("external_id", "customer_id")
    }
    for value, customer in seen.values_list("value", "customer_id"):
        found["anonymousId", value] = customer
    return found


# --- the queue ------------------------------------------------------------------------------------


def _queue(items: Sequence[_Item], source: Source, now: datetime) -> None:
    if not items:
        return
    columns = [
        [item.message_id[:LONGEST_MESSAGE_ID] for item in items],
        [json.dumps(item.payload) for item in items],
        [str(item.reason) for item in items],
        [item.detail for item in items],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [source.pk, now, *columns])


_INSERT = """
    INSERT INTO profiles_inboundevent (source_id, received_at, message_id, payload, reason, detail)
    SELECT %s, %s, q.message_id, q.payload::jsonb, q.reason, q.detail
      FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) q (message_id, payload, reason, detail)
"""
