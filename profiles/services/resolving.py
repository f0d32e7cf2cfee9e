"""Finds out whose each sighting is, and stores what was learned of them: profiles, identifiers, joins.

One code for one request and for a batch of thousands, in a fixed number of statements. What was seen before
needs no lock; whatever is new is decided again under a lock that all doors share, so that two of them never
make two customers of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from profiles.models import Identifier, IdentifierRule, Profile, ProfileEdge
from profiles.rules.cleanness import SHAREABLE
from profiles.rules.confusables import is_confusable
from profiles.rules.identity import (
    DEFAULTS,
    UNNUMBERED,
    Key,
    Known,
    Left,
    Person,
    Rule,
    Rules,
    Sighting,
)
from profiles.rules.names import EdgeKind
from profiles.services import merging, suppressing

# "iden" as a number: the lock for whoever makes customers known.
_LOCK = 0x6964656E


@dataclass(frozen=True)
class Resolved:
    """For each sighting its profile, or ``None``.

    ``left``: identifiers that were not followed, and why; ``edges``: keys of the joins that were made. ``erased``:
    places of sightings of people who were erased; nothing of them may be stored.
    """

    profiles: Sequence[int | None]
    left: Sequence[Left]
    edges: Sequence[int] = ()
    erased: frozenset[int] = frozenset()


def resolve(*, sightings: Sequence[Sighting], actor: str, now: datetime) -> Resolved:
    """Return the profile of each sighting, in their order; make known who was not.

    Repeatable. Joins what the rules join (``profiles.rules.identity``), each by an edge with its rule.
    """
    suppressing.hold_off_erasures()
    sightings, erased = suppressing.sifted(sightings)
    rules = present_rules()
    known = _known(sightings, rules)
    profiles = [known.recognise(sighting) for sighting in sightings]
    _touch(known)
    news = [place for place, profile in enumerate(profiles) if profile is None]
    if not news:
        return Resolved(profiles, [], erased=erased)
    learned = _learn([sightings[place] for place in news], rules, actor, now)
    for place, profile in zip(news, learned.profiles, strict=True):
        profiles[place] = profile
    return Resolved(profiles, learned.left, learned.edges, erased)


def _learn(sightings: Sequence[Sighting], rules: Rules, actor: str, now: datetime) -> Resolved:
    """Resolve what is not plainly known: decide, and where something is new once more under the lock."""
    known = _known_with_people(sightings, rules)
    placed = [known.place(sighting) for sighting in sightings]
    if not known.is_changed:
        _touch(known)
        _note_shared(known.left, {}, now)
        return Resolved(placed, known.left)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        known = _known_with_people(sightings, rules)
        placed = [known.place(sighting) for sighting in sightings]
        stored = _store(known, now)
        _touch(known)
        joined = merging.join_all(
            joinings=[
                merging.Joining(
                    stored.get(join.profile, join.profile),
                    stored.get(join.other, join.other),
                    join.key.kind,
                    actor,
                    {"kind": join.key.kind},
                )
                for join in known.joins
            ],
            now=now,
        )
        _note_shared(known.left, stored, now)
    profiles = [p if p is None else stored.get(p, p) for p in placed]
    return Resolved(profiles, known.left, [edge.pk for edge in joined.edges.values()])


def present_rules() -> Rules:
    """Return the rules of identity as they are set, by kind."""
    return DEFAULTS | {
        row.kind: Rule(
            row.kind,
            row.priority,
            row.limit,
            timedelta(days=row.window_days) if row.window_days else None,
            row.is_weak,
            tuple(row.blocked),
        )
        for row in IdentifierRule.objects.all()
    }


# --- what is known --------------------------------------------------------------------------------


def _known(sightings: Sequence[Sighting], rules: Rules) -> Known:
    known = Known(rules)
    numbers = {(s.source, s.external_id) for s in sightings if s.external_id}
    numbers |= {
        (s.source, f"{UNNUMBERED}{key.kind}:{key.value}"[:200])
        for s in sightings
        if not s.external_id
        for key in s.keys
    }
    for profile, customer, source, number in _rows(_BY_NUMBER, *_columns(numbers, 2)):
        known.profiles[source, number] = profile
        known.customers[profile] = customer
    keys = {(key.kind, key.scope, key.value) for s in sightings for key in s.keys}
    for profile, customer, *key in _rows(_BY_KEY, *_columns(keys, 3)):
        known.keys[Key(*key)] = profile
        known.customers[profile] = customer
    return known


def _known_with_people(sightings: Sequence[Sighting], rules: Rules) -> Known:
    known = _known(sightings, rules)
    _add_people(known, set(known.customers.values()))
    return known


_BY_NUMBER = """
    SELECT p.id, p.customer_id, p.source_id, p.external_id
      FROM unnest(%s::bigint[], %s::text[]) n (source, number)
      JOIN profiles_profile p ON p.source_id = n.source AND p.external_id = n.number
"""
_BY_KEY = """
    SELECT i.origin_profile_id, i.customer_id, i.kind, i.scope, i.value
      FROM unnest(%s::text[], %s::text[], %s::text[]) k (kind, scope, value)
      JOIN profiles_identifier i USING (kind, scope, value)
"""


def _add_people(known: Known, customers: set[int]) -> None:
    """Load what these customers hold, and who of them was said to be somebody else."""
    people: dict[int, Person] = defaultdict(Person)
    ids = list(customers)
    held = Identifier.objects.filter(customer_id__in=ids)
    for customer, kind, scope, value, seen in held.values_list(
        "customer_id", "kind", "scope", "value", "last_seen_at"
    ):
        people[customer].held[kind][Key(kind, scope, value)] = seen
    profiles = Profile.objects.filter(customer_id__in=ids)
    for profile, customer, source, number in profiles.values_list(
        "pk", "customer_id", "source_id", "external_id"
    ):
        known.customers[profile] = customer
        if not number.startswith(UNNUMBERED):
            people[customer].numbers[source].add(number)
    known.people = {customer: people[customer] for customer in customers}
    apart = ProfileEdge.objects.filter(
        kind=EdgeKind.APART, removed_at=None, low__customer_id__in=ids, high__customer_id__in=ids
    )
    known.apart = {frozenset(pair) for pair in apart.values_list("low_id", "high_id")}


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _rows(sql: str, *columns: list[Any]) -> list[tuple[Any, ...]]:
    if not columns[0]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, columns)
        return list(cursor.fetchall())


# --- what is new ----------------------------------------------------------------------------------


def _store(known: Known, now: datetime) -> dict[int, int]:
    """Store new customers, profiles and identifiers; return the keys of the new profiles.

    Plain statements over columns: a file brings them by the million, and an object for each costs more than
    its row.
    """
    made = list(known.new_profiles.items())
    columns: list[list[Any]] = [
        [sighting.at for _, (sighting, _) in made],
        [now] * len(made),
        [sighting.source for _, (sighting, _) in made],
        [number for _, (_, number) in made],
    ]
    profiles = [profile for (profile,) in _rows(_MAKE_PEOPLE, *columns)]
    stored = {temporary: profile for (temporary, _), profile in zip(made, profiles, strict=True)}
    sources = {temporary: sighting.source for temporary, (sighting, _) in made}
    keys = list(known.new_keys.items())
    _rows(
        _MAKE_IDENTIFIERS,
        [key.kind for key, _ in keys],
        [key.scope for key, _ in keys],
        [key.value for key, _ in keys],
        [stored.get(profile, profile) for _, (profile, _) in keys],
        [sources.get(profile) for _, (profile, _) in keys],
        [at for _, (_, at) in keys],
        [is_confusable(key.kind, key.value) for key, _ in keys],
    )
    return stored


# In the order of the columns: ids are drawn first, so that each row knows its own.
_MAKE_PEOPLE = """
    WITH new AS MATERIALIZED (
        SELECT n.*, nextval(pg_get_serial_sequence('profiles_customer', 'id')) AS customer,
               nextval(pg_get_serial_sequence('profiles_profile', 'id')) AS profile
          FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::text[])
               WITH ORDINALITY n (at, now, source, number, place)
    ), customers AS (
        INSERT INTO profiles_customer (id, public_id, name, search_name, language, time_zone, created_at)
        SELECT customer, gen_random_uuid(), '', '', '', '', at FROM new ORDER BY place RETURNING id
    ), profiles AS (
        INSERT INTO profiles_profile (id, customer_id, home_customer_id, source_id, external_id, created_at)
        SELECT profile, customer, customer, source, number, now FROM new ORDER BY place RETURNING id
    )
    SELECT profile FROM new, (SELECT count(*) FROM customers) c, (SELECT count(*) FROM profiles) p
     ORDER BY place
"""
# Where they stand until they are joined; joining moves them.
_MAKE_IDENTIFIERS = """
    INSERT INTO profiles_identifier (kind, scope, value, origin_profile_id, customer_id, source_id,
                                     first_seen_at, last_seen_at, is_confusable)
    SELECT k.kind, k.scope, k.value, k.profile, p.customer_id, k.source, k.at, k.at, k.confusable
      FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[],
                  %s::boolean[]) k (kind, scope, value, profile, source, at, confusable)
      JOIN profiles_profile p ON p.id = k.profile
    RETURNING profiles_identifier.id
"""


def _touch(known: Known) -> None:
    """Write down when known identifiers were last seen, by the hour: each event need not write a row."""
    seen = [(key.kind, key.scope, key.value, at) for key, at in known.seen.items()]
    if seen:
        with connection.cursor() as cursor:
            cursor.execute(_TOUCH, _columns(seen, 4))


def _note_shared(left: Sequence[Left], stored: Mapping[int, int], now: datetime) -> None:
    """Write down who was seen with an address or number that leads to somebody else. Repeatable."""
    seen = {
        (one.key.kind, one.key.scope, one.key.value, stored.get(one.profile, one.profile), now)
        for one in left
        if one.profile is not None and one.key.kind in SHAREABLE
    }
    if seen:
        with connection.cursor() as cursor:
            cursor.execute(_SHARED, _columns(sorted(seen), 5))


_SHARED = """
    INSERT INTO profiles_sharedsighting (identifier_id, profile_id, seen_at)
    SELECT i.id, s.profile, s.at
      FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
           s (kind, scope, value, profile, at)
      JOIN profiles_identifier i USING (kind, scope, value)
    ON CONFLICT DO NOTHING
"""
_TOUCH = """
    UPDATE profiles_identifier i SET last_seen_at = s.at
      FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) s (kind, scope, value, at)
     WHERE (i.kind, i.scope, i.value) = (s.kind, s.scope, s.value)
       AND i.last_seen_at < s.at - interval '1 hour'
"""
