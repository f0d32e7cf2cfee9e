"""Writes calls and mentions in public into the timeline, each once for good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from profiles.models import EventKey, Source, Touchpoint
from profiles.rules.names import ImportKind, TouchpointKind
from profiles.rules.orders import RejectReason
from profiles.services.order_records import Reject
from profiles.services.people_batches import Batch
from profiles.services.people_files import Row

_KIND = {ImportKind.CALLS: TouchpointKind.CALL, ImportKind.MENTIONS: TouchpointKind.MENTION}


@dataclass(frozen=True)
class _Happened:
    place: int
    row: Row
    profile: int
    content: bytes
    key: bytes


def refused(source: Source, rows: Sequence[Row]) -> list[Reject]:
    """Say which rows cannot go in: their number stands for something else already, in the file or here."""
    held = _held(source, {_key(row) for row in rows})
    rejects = []
    for row in rows:
        content = _digest(_content(row))
        if held.setdefault(_key(row), content) != content:
            rejects.append(Reject(row.line_number, RejectReason.OTHER_CONTENT, row.raw))
    return rejects


def store(batch: Batch) -> None:
    """Write what is new; the same again is known."""
    kind = _KIND[batch.kind]
    first: dict[bytes, _Happened] = {}
    for place, (row, profile) in enumerate(batch.rows):
        key = _key(row)
        first.setdefault(key, _Happened(place, row, profile, _digest(_content(row)), key))
    keys = _claimed(batch, first)
    fresh = [one for key, one in first.items() if key in keys]
    batch.done["rows_known"] = len(batch.rows) - len(fresh)
    _write(batch, fresh, kind)
    batch.made["profiles.EventKey"] = sorted(keys.values())


def _key(row: Row) -> bytes:
    """What tells it from others of its source: its kind and number, or all that it says."""
    number = row.said["number"]
    return _digest(f"{row.said['kind']}:{number}".encode() if number else _content(row))


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]


def _content(row: Row) -> bytes:
    """What a row says, in a form that does not depend on the order of columns."""
    who = (row.customer, row.email, row.phone, row.card, row.network, row.handle)
    at = row.at.isoformat() if row.at else ""
    said = {key: value for key, value in row.said.items() if key != "number"}
    return json.dumps([who, at, said], sort_keys=True).encode()


def _claimed(batch: Batch, first: Mapping[bytes, _Happened]) -> dict[bytes, int]:
    """Take the keys that are free; return them with the ids of their rows."""
    keys = sorted(first)  # in one order everywhere: no deadlocks
    with connection.cursor() as cursor:
        contents = [first[key].content for key in keys]
        cursor.execute(_CLAIM, [batch.source.pk, keys, contents])
        return {bytes(key): number for key, number in cursor.fetchall()}


_CLAIM = """
    INSERT INTO profiles_eventkey (source_id, key, content)
    SELECT %s, k.key, k.content FROM unnest(%s::bytea[], %s::bytea[]) k (key, content)
    ON CONFLICT (source_id, key) DO NOTHING RETURNING key, id
"""


def _held(source: Source, keys: set[bytes]) -> dict[bytes, bytes]:
    """Of these keys, those that are taken, with their contents."""
    taken = EventKey.objects.filter(source=source, key__in=keys)
    return {bytes(key): bytes(content) for key, content in taken.values_list("key", "content")}


def _write(batch: Batch, fresh: Sequence[_Happened], kind: TouchpointKind) -> None:
    made = Touchpoint.objects.bulk_create(
        [
            Touchpoint(
                customer_id=batch.customers[one.profile],
                origin_profile_id=one.profile,
                source=batch.source,
                kind=kind,
                name=one.row.said["name"],
                data=one.row.said["data"],
                origin_url=one.row.said["url"],
                occurred_at=one.row.at or batch.now,
                recorded_at=batch.now,
            )
            for one in fresh
        ],
        batch_size=1000,
    )
    for one in fresh:
        batch.note(one.place, str(kind))
    batch.done["touchpoints_new"] = len(made)
    batch.made["profiles.Touchpoint"] = [touchpoint.pk for touchpoint in made]
