"""Loads what cleanness is judged by: for one customer or for some thousands, in the same few queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.db import connection
from django.db.models import Max, Q

from profiles.models import Attribute, ConsentEntry, Customer, Finding
from profiles.queries.company import company_day
from profiles.queries.facts import BELIEVED_LAST
from profiles.rules.cleanness import (
    BIRTHDAY,
    KIND,
    SHAREABLE,
    Cleanness,
    Condition,
    Fact,
    Found,
    Held,
    Topic,
    cleanness,
    found_in,
    fresh_in_words,
)
from profiles.rules.facts import CUSTOMER, STAFF
from profiles.rules.identity import DEFAULT_MOST_PEOPLE
from profiles.rules.names import AttributeType, ConsentState, Manner, Sensitivity
from profiles.rules.purposes import MESSAGES

_HELD = f"""
    SELECT i.customer_id, i.id, i.kind, i.value, i.last_seen_at, i.bounced_at,
           coalesce(o.others, 0), coalesce(r.most_people, {DEFAULT_MOST_PEOPLE})
      FROM profiles_identifier i
      LEFT JOIN profiles_identifierrule r ON r.kind = i.kind
      LEFT JOIN LATERAL (
          SELECT count(DISTINCT p.customer_id) AS others
            FROM profiles_sharedsighting s JOIN profiles_profile p ON p.id = s.profile_id
           WHERE s.identifier_id = i.id AND p.customer_id <> i.customer_id) o ON true
     WHERE i.customer_id = ANY(%(customers)s) AND i.kind = ANY(%(kinds)s)
     ORDER BY i.customer_id, i.id
"""

_FACTS = f"""
    SELECT p.customer_id, p.attribute_id, p.id, p.value, p.occurred_at, p.holds,
           p.manner = '{Manner.TOLD}' AND (p.actor = '{CUSTOMER}' OR starts_with(p.actor, '{STAFF}'))
      FROM ({BELIEVED_LAST}) p WHERE p.attribute_id = ANY(%(attributes)s)
"""

_DECLINED = """
    SELECT DISTINCT customer_id, attribute_id FROM profiles_factvalue
     WHERE customer_id = ANY(%(customers)s) AND attribute_id = ANY(%(attributes)s)
       AND value IS NULL AND taken_back_at IS NULL AND occurred_at <= %(now)s
"""


def topics() -> Sequence[Topic]:
    """Return the attributes that are asked for, or that can be wrong, by name."""
    rows = Attribute.objects.filter(is_active=True).filter(
        Q(is_asked=True) | Q(holds_days__isnull=False) | Q(code=BIRTHDAY)
    )
    return [
        Topic(
            id=row.pk,
            code=row.code,
            name=row.name,
            type=AttributeType(row.type),
            is_asked=row.is_asked,
            is_special=row.sensitivity == Sensitivity.SPECIAL,
            is_for_staff=row.is_for_staff,
            holds_days=row.holds_days,
        )
        for row in rows.order_by("name", "pk")
    ]


def conditions(
    customer_ids: Sequence[int], about: Sequence[Topic], now: datetime
) -> Mapping[int, Condition]:
    """Return the condition of each of these customers who is there, in five queries."""
    ids = list(customer_ids)
    held, facts = _held(ids), _facts(ids, about, now)
    declined, said = _declined(ids, about, now), _consented(ids, now)
    rows = Customer.objects.filter(pk__in=ids).values_list("pk", "name")
    return {
        key: Condition(
            customer_id=key,
            name=name,
            held=held.get(key, []),
            facts=facts.get(key, {}),
            declined=frozenset(declined.get(key, ())),
            consent_at=said.get(key),
        )
        for key, name in rows
    }


def _held(ids: list[int]) -> Mapping[int, list[Held]]:
    found: dict[int, list[Held]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"customers": ids, "kinds": [str(kind) for kind in SHAREABLE]})
        for customer_id, *row in cursor.fetchall():
            found[customer_id].append(Held(*row))
    return found


def _facts(ids: list[int], about: Sequence[Topic], now: datetime) -> Mapping[int, dict[int, Fact]]:
    found: dict[int, dict[int, Fact]] = defaultdict(dict)
    params: dict[str, Any] = {
        "customers": ids,
        "attributes": [topic.id for topic in about],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, params)
        for customer_id, attribute_id, version_id, value, *rest in cursor.fetchall():
            found[customer_id][attribute_id] = Fact(version_id, json.loads(value), *rest)
    return found


def _declined(ids: list[int], about: Sequence[Topic], now: datetime) -> Mapping[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    params: dict[str, Any] = {
        "customers": ids,
        "attributes": [topic.id for topic in about],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DECLINED, params)
        for customer_id, attribute_id in cursor.fetchall():
            found[customer_id].add(attribute_id)
    return found


def _consented(ids: list[int], now: datetime) -> Mapping[int, datetime]:
    """When each last said yes or no to messages; a yes that waits for its confirmation is none yet."""
    said = ConsentEntry.objects.filter(
        customer_id__in=ids, purpose__in=[str(p) for p, _ in MESSAGES], occurred_at__lte=now
    ).exclude(state=ConsentState.ASKED)
    return dict(said.order_by().values_list("customer_id").annotate(Max("occurred_at")))


@dataclass(frozen=True)
class State:
    """One customer's cleanness, with what is wrong and what staff found fine as it is."""

    cleanness: Cleanness
    condition: Condition
    topics: Sequence[Topic]
    found: Sequence[Found]
    fine: frozenset[Found]

    @property
    def open(self) -> Sequence[Found]:
        """What is wrong and nobody looked at yet."""
        return [one for one in self.found if one not in self.fine]


@dataclass(frozen=True)
class ProfileLine:
    """How complete and how fresh in one line each, and the kinds of what is wrong."""

    complete: str
    percent: int
    fresh: str
    wrong: Sequence[str]


def profile_line(state: State, zone: tzinfo) -> ProfileLine:
    """Say it to staff."""
    return ProfileLine(
        complete=state.cleanness.complete_words,
        percent=state.cleanness.percent,
        fresh=fresh_in_words(state.cleanness, zone),
        wrong=list(dict.fromkeys(KIND[one.kind] for one in state.open)),
    )


def state_of(customer_id: int, now: datetime) -> State:
    """Judge one customer as they are at this moment, in seven queries."""
    about = topics()
    condition = conditions([customer_id], about, now)[customer_id]
    marks = Finding.objects.filter(customer_id=customer_id, settled_at__isnull=False)
    return State(
        cleanness=cleanness(condition, about, now),
        condition=condition,
        topics=about,
        found=found_in(condition, about, company_day(now)),
        fine=frozenset(mark.found for mark in marks),
    )
