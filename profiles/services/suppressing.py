"""Keeps away who was erased: files, events and staff must not make them known again.

Only digests are kept, under a key of this installation (``ERASURE_KEY``), and nothing says whose they are. Each
key that was ever used leaves a mark, so that a lost one is noticed instead of letting everybody back in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import connection

from cxportal.lib.errors import DomainError
from profiles.models import Suppression
from profiles.rules.identity import Sighting
from profiles.rules.privacy import EXTERNAL, WEAK, Traces, digest

# kind, scope, value; for the number of a source: "external", the source's key, the number.
Known = tuple[str, str, str]

_MARK = "key-"
# "eras" and "file" as numbers: whoever makes people known, and whoever reads a file, against an erasure.
_LOCK = 0x65726173
_FILE_LOCK = 0x66696C65


class ErasedPerson(DomainError):
    """They asked to be erased; only they themselves can come back."""

    code = "erased_person"


class ErasureKeyLost(DomainError):
    """Digests were made with a key that is not here any more."""

    code = "erasure_key_lost"


class FileUnderWay(DomainError):
    """An order file is being read at this moment, and may hold the person."""

    code = "file_under_way"


@dataclass(frozen=True)
class Erased:
    """Everybody who was erased, for a door that asks about each line of a file."""

    keys: Sequence[bytes]
    digests: frozenset[bytes] = field(repr=False)

    def holds(self, kind: str, scope: str, value: str) -> bool:
        return bool(value) and any(
            bytes.fromhex(digest(key, kind, scope, value)) in self.digests for key in self.keys
        )


def everybody() -> Erased | None:
    """Load all digests that hold; None where nobody was ever erased.

    Raises:
        ErasureKeyLost
    """
    if not (keys := _keys_in_use()):
        return None
    rows = Suppression.objects.filter(lifted_at=None).exclude(digest__startswith=_MARK)
    digests = rows.values_list("digest", flat=True).iterator(chunk_size=10_000)
    return Erased(keys, frozenset(map(bytes.fromhex, digests)))


def known(*, asked: Collection[Known]) -> set[Known]:
    """Of these identifiers and numbers, return those of people who were erased; two queries at most.

    Raises:
        ErasureKeyLost
    """
    keys = _keys_in_use() if asked else []
    digests = {digest(key, *one): one for key in keys for one in asked if one[2]}
    if not digests:
        return set()
    held = Suppression.objects.filter(digest__in=digests, lifted_at=None)
    return {digests[found] for found in held.values_list("digest", flat=True)}


def sifted(sightings: Sequence[Sighting]) -> tuple[Sequence[Sighting], frozenset[int]]:
    """Empty the sightings of people who were erased; return all, and which places those are.

    An identifier that says little (a device, an anonymous id) is left out of a sighting that another one
    holds up: many people use one tablet.
    """
    asked = {(key.kind, key.scope, key.value) for s in sightings for key in s.keys}
    asked |= {(EXTERNAL, str(s.source), s.external_id) for s in sightings}
    erased = known(asked=asked)
    if not erased:
        return sightings, frozenset()
    kept = [_without(sighting, erased) for sighting in sightings]
    gone = frozenset(n for n, sighting in enumerate(kept) if sighting is None)
    empty = [replace(s, external_id="", keys=()) for s in sightings]
    return [kept[n] or empty[n] for n in range(len(kept))], gone


def _without(sighting: Sighting, erased: set[Known]) -> Sighting | None:
    if (EXTERNAL, str(sighting.source), sighting.external_id) in erased:
        return None
    theirs = [key for key in sighting.keys if (key.kind, key.scope, key.value) in erased]
    left = [key for key in sighting.keys if key not in theirs]
    if any(key.kind not in WEAK for key in theirs):
        return None
    return replace(sighting, keys=left) if left or sighting.external_id else None


def check(*, asked: Collection[Known]) -> None:
    """Pass for people who were not erased.

    Raises:
        ErasedPerson: with nothing in it that says by what they were recognised. ErasureKeyLost.
    """
    if known(asked=asked):
        raise ErasedPerson(
            "This person asked us to erase them, so nobody here can make them known again. They can, by"
            " signing up themselves."
        )


def remember(*, traces: Traces, now: datetime) -> None:
    """Keep away, from now on, whoever is found by these traces. Repeatable.

    Only the month is kept: a time would lead from the digest to the customer who was erased at it.
    """
    key = _keys()[0]
    wanted = [*traces.identifiers, *((EXTERNAL, str(source), n) for source, n in traces.numbers)]
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    Suppression.objects.bulk_create(
        [
            Suppression(digest=one, erased_at=month)
            for one in sorted({_mark(key), *(digest(key, *one) for one in wanted if one[2])})
        ],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["erased_at", "lifted_at"],
    )


def lift(*, identifiers: Iterable[tuple[str, str, str]], now: datetime) -> int:
    """Let somebody back in by these identifiers: their own sign-up with consent, and nothing else.

    ``identifiers`` are kind, scope and normalised value. What files and other systems call them by stays
    kept away. Returns how many were lifted. Repeatable.
    """
    digests = [digest(key, *one) for key in _keys() for one in identifiers]
    return Suppression.objects.filter(digest__in=digests, lifted_at=None).update(lifted_at=now)


# --- keys -----------------------------------------------------------------------------------------


def _keys() -> list[bytes]:
    """The present key first, then every one that may have been used before."""
    words = [settings.ERASURE_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = (
        hashlib.sha256(b"cxportal.erasure:" + word.encode()).digest() for word in words if word
    )
    return list(dict.fromkeys(derived))


def _mark(key: bytes) -> str:
    return (_MARK + digest(key, "", "", ""))[:64]


def _keys_in_use() -> list[bytes]:
    """The keys that digests were made with; empty where nobody was ever erased."""
    marks = set(
        Suppression.objects.filter(digest__startswith=_MARK).values_list("digest", flat=True)
    )
    if not marks:
        return []
    by_mark = {_mark(key): key for key in _keys()}
    if marks - by_mark.keys():
        raise ErasureKeyLost(
            "The key is missing by which people are recognised who were erased. Give it back as"
            " ERASURE_KEY; until then nobody is made known."
        )
    return [by_mark[mark] for mark in sorted(marks)]


# --- against an erasure that happens at the same moment --------------------------------------------


def hold_off_erasures() -> None:
    """Let no erasure begin until this transaction is over: what it knows of people stays true.

    For every writer that asks who was erased, before it asks. Many may hold it at once.
    """
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])


@contextmanager
def reading_a_file() -> Iterator[None]:
    """Let erasures wait until this file is in: it takes minutes, so they come back later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [_FILE_LOCK])
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [_FILE_LOCK])


def wait_for_writers() -> None:
    """Begin an erasure: wait for those who hold it off.

    Raises:
        FileUnderWay
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_FILE_LOCK])
        if not cursor.fetchone()[0]:
            raise FileUnderWay("An order file is being read. The erasure follows it.")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
