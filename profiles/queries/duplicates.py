"""What is compared to find probable duplicates, who changed since, and the pairs that wait for a person."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from profiles.models import Customer, FactValue, Identifier, Profile, ProfileEdge, Suspicion
from profiles.queries.facts import PRESENT
from profiles.rules.likeness import FACTS, reasons_in_words, record
from profiles.rules.names import EdgeKind, IdentifierKind, Sensitivity, SuspicionState, folded

AT_ONCE = 20_000
# What was written last is looked at again: a row may have got its number long before it could be seen.
AGAIN = 5_000
# A name that was corrected leaves no newer row: within so many nights everybody is looked at anew.
ROUND_NIGHTS = 30
LEAST_A_NIGHT = 1_000


@dataclass(frozen=True)
class Reached:
    """Up to which rows the last run looked, by table; ``round``: the last customer of the round."""

    identifier: int = 0
    fact: int = 0
    customer: int = 0
    round: int = 0


@dataclass(frozen=True)
class Waiting:
    """A pair to be looked at: who, how alike (0 … 1), and why in words."""

    suspicion_id: int
    low_id: int
    high_id: int
    names: tuple[str, str]
    score: float
    reasons: Sequence[str]
    found_at: datetime

    @property
    def percent(self) -> int:
        """How alike, of 100; never certain."""
        return min(99, round(100 * self.score))


def reached() -> Reached:
    """Tell up to which rows there is anything now."""
    return Reached(
        identifier=_newest(Identifier.objects.all()),
        fact=_newest(FactValue.objects.all()),
        customer=_newest(Customer.objects.all()),
    )


def _newest(rows: QuerySet[Identifier] | QuerySet[FactValue] | QuerySet[Customer]) -> int:
    return rows.aggregate(newest=Max("pk"))["newest"] or 0


def changed(since: Reached, *, edges_since: datetime | None) -> set[int]:
    """Present customers of whom something new is known, or who were joined or parted, since the last run."""
    found = set(Customer.objects.filter(pk__gt=since.customer - AGAIN).values_list("pk", flat=True))
    found |= set(
        Identifier.objects.filter(pk__gt=since.identifier - AGAIN).values_list(
            "customer_id", flat=True
        )
    )
    found |= set(
        FactValue.objects.filter(pk__gt=since.fact - AGAIN).values_list("customer_id", flat=True)
    )
    if edges_since:
        moved = ProfileEdge.objects.filter(
            Q(made_at__gte=edges_since) | Q(removed_at__gte=edges_since), kind=EdgeKind.SAME
        )
        for low, high in moved.values_list("low__customer_id", "high__customer_id"):
            found |= {low, high}
    return found


def next_of_round(after: int) -> list[int]:
    """Return the customers whose turn it is to be looked at anew; none at the end of a round."""
    many = max(LEAST_A_NIGHT, Customer.objects.count() // ROUND_NIGHTS)
    rows = Customer.objects.present().filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:many])


# --- records --------------------------------------------------------------------------------------

_FACTS = f"""
    SELECT p.customer_id, a.code, p.value
    FROM ({PRESENT}) p JOIN profiles_attribute a ON a.id = p.attribute_id
    WHERE a.is_active AND a.sensitivity <> '{Sensitivity.SPECIAL}' AND a.code = ANY(%(codes)s)
"""


def records(now: datetime) -> Iterator[tuple[str, ...]]:
    """Yield what is compared of every present customer who has a name, some thousands at a time."""
    after = 0
    while True:
        named = Customer.objects.present().filter(pk__gt=after).exclude(search_name="")
        rows = list(named.order_by("pk").values_list("pk", "search_name")[:AT_ONCE])
        if not rows:
            return
        after = rows[-1][0]
        ids = [key for key, _ in rows]
        facts, contacts = _facts(ids, now), _contacts(ids)
        for key, name in rows:
            yield record(key, name=name, **facts[key], **contacts[key])


def _facts(ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[str, str]]:
    column = {code: name for name, codes in FACTS.items() for code in codes}
    found: dict[int, dict[str, str]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"customers": list(ids), "now": now, "codes": list(column)})
        for customer_id, code, value in cursor.fetchall():
            text = str(json.loads(value))
            if column[code] in {"street", "city"}:
                text = folded(text)
            found[customer_id][column[code]] = text
    return found


def _contacts(ids: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    """The e-mail and phone seen last of each; two customers never share one, but may differ by a letter."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    newest = Window(
        RowNumber(),
        partition_by=[F("customer_id"), F("kind")],
        order_by=[F("last_seen_at").desc(), F("pk").desc()],
    )
    rows = (
        Identifier.objects.filter(
            customer_id__in=ids, kind__in=[IdentifierKind.EMAIL, IdentifierKind.PHONE]
        )
        .annotate(place=newest)
        .filter(place=1)
    )
    for customer_id, kind, value in rows.values_list("customer_id", "kind", "value"):
        found[customer_id][kind] = value
    return found


# --- what is known of pairs -----------------------------------------------------------------------


def kept_apart(pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of these pairs of customers, those who were said to be two."""
    customers = {customer for pair in pairs for customer in pair}
    edges = ProfileEdge.objects.filter(
        kind=EdgeKind.APART,
        removed_at=None,
        low__customer_id__in=customers,
        high__customer_id__in=customers,
    ).values_list("low__customer_id", "high__customer_id")
    said = {(min(pair), max(pair)) for pair in edges}
    return said & set(pairs)


def waiting() -> QuerySet[Suspicion]:
    """Open suspicions of two who are both present, the likeliest first."""
    both = {f"{side}__{field}": None for side in ("low", "high") for field in _GONE}
    rows = Suspicion.objects.filter(state=SuspicionState.OPEN, **both)
    return rows.select_related("low", "high").order_by("-score", "pk")


_GONE = ("merged_into", "erased_at")


def in_words(suspicion: Suspicion) -> Waiting:
    """Return a suspicion as a page shows it."""
    return Waiting(
        suspicion.pk,
        suspicion.low_id,
        suspicion.high_id,
        (suspicion.low.name, suspicion.high.name),
        suspicion.score,
        reasons_in_words(suspicion.reasons),
        suspicion.found_at,
    )


def after(suspicion: Suspicion) -> Suspicion | None:
    """The next one in the queue, the first again after the last."""
    later = waiting().filter(
        Q(score__lt=suspicion.score) | Q(score=suspicion.score, pk__gt=suspicion.pk)
    )
    return later.first() or waiting().exclude(pk=suspicion.pk).first()


def speaking_profile(customer: Customer) -> Profile:
    """The profile that an edge of a whole customer stands on: the first."""
    return Profile.objects.filter(customer=customer).order_by("pk")[:1].get()
