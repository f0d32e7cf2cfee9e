"""Which profiles a customer is made of, what joined them, and what an undo would move."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Count, Q

from cxportal.lib.registry import registry
from profiles.models import Customer, Identifier, Profile, ProfileEdge, Source
from profiles.rules.components import path_between, settled
from profiles.rules.identity import UNNUMBERED
from profiles.rules.names import EdgeKind, recognised
from profiles.rules.sameness import evidence_in_words, rule_in_words


@dataclass(frozen=True)
class KnownAs:
    """A profile: how one source knows the customer, with what it brought, masked."""

    profile_id: int
    source: str
    number: str
    since: datetime
    contacts: Sequence[str]

    @property
    def label(self) -> str:
        return f"{self.source}, {self.number}" if self.number else self.source


@dataclass(frozen=True)
class JoinLine:
    """One merge: what it joined, by whom and why, and what goes back when it is undone.

    ``also``: how many further merges join the two, and would be undone with it.
    """

    edge_id: int
    one: str
    other: str
    made_at: datetime
    who: str
    why: str
    evidence: str
    moves: Sequence[str]
    also: int


@dataclass(frozen=True)
class ApartLine:
    """Somebody who is not the same person, whatever a rule says."""

    edge_id: int
    customer_id: int
    name: str
    made_at: datetime
    who: str
    why: str


@dataclass(frozen=True)
class SamePerson:
    customer: Customer
    known: Sequence[KnownAs]
    joins: Sequence[JoinLine]
    apart: Sequence[ApartLine]


def same_person(customer: Customer) -> SamePerson:
    """Return all that makes up one present customer; a fixed number of queries and one per table that moves."""
    profiles = list(
        Profile.objects.filter(customer=customer).select_related("source").order_by("pk")
    )
    homes = {profile.pk: profile.home_customer_id or profile.customer_id for profile in profiles}
    edges = list(
        ProfileEdge.objects.filter(
            Q(low_id__in=homes) | Q(high_id__in=homes), removed_at=None
        ).order_by("made_at", "pk")
    )
    known = _known(profiles)
    who = names_of([edge.actor for edge in edges])
    same = [edge for edge in edges if edge.kind == EdgeKind.SAME]
    apart = [edge for edge in edges if edge.kind == EdgeKind.APART]
    return SamePerson(
        customer=customer,
        known=list(known.values()),
        joins=_joins(same, known, homes, who, customer) if same else [],
        apart=_apart(apart, homes, who),
    )


def _known(profiles: Sequence[Profile]) -> Mapping[int, KnownAs]:
    contacts: dict[int, list[str]] = defaultdict(list)
    rows = Identifier.objects.filter(origin_profile__in=profiles).order_by("-kind", "pk")
    for profile_id, kind, value in rows.values_list("origin_profile_id", "kind", "value"):
        contacts[profile_id].append(recognised(kind, value))
    return {
        profile.pk: KnownAs(
            profile.pk,
            profile.source.name,
            "" if profile.external_id.startswith(UNNUMBERED) else profile.external_id,
            profile.created_at,
            contacts[profile.pk],
        )
        for profile in profiles
    }


def _joins(
    edges: Sequence[ProfileEdge],
    known: Mapping[int, KnownAs],
    homes: Mapping[int, int],
    who: Mapping[str, str],
    customer: Customer,
) -> Sequence[JoinLine]:
    held = rows_of_profiles(customer.pk)
    ends = {edge.pk: (edge.low_id, edge.high_id) for edge in edges}
    shared = _shared(edges)
    lines = []
    for edge in edges:
        gone, also = _without(edge.pk, ends, homes)
        leaving = [profile for profile, home in gone.items() if home != customer.pk]
        lines.append(
            JoinLine(
                edge_id=edge.pk,
                one=known[edge.low_id].label,
                other=known[edge.high_id].label,
                made_at=edge.made_at,
                who=who[edge.actor],
                why=rule_in_words(edge.rule),
                evidence=evidence_in_words(edge.evidence, shared.get(edge.pk, [])),
                moves=_counted(held, leaving),
                also=also,
            )
        )
    return lines


def _without(
    edge: int, ends: Mapping[int, tuple[int, int]], homes: Mapping[int, int]
) -> tuple[Mapping[int, int], int]:
    """Whose each profile is once the merge is undone, with all else that joins its two."""
    low, high = ends[edge]
    left = {key: pair for key, pair in ends.items() if key != edge}
    also = 0
    while way := path_between([(key, *pair) for key, pair in left.items()], low, high):
        also += len(way)
        left = {key: pair for key, pair in left.items() if key not in way}
    return settled(homes, left.values()), also


def _shared(edges: Sequence[ProfileEdge]) -> Mapping[int, Sequence[str]]:
    """What led to both profiles of a merge, where it is the only thing of its kind."""
    sought = {edge.pk: edge.evidence.get("kind", "") for edge in edges}
    rows = Identifier.objects.filter(
        origin_profile__in={p for edge in edges for p in (edge.low_id, edge.high_id)},
        kind__in={kind for kind in sought.values() if kind},
    ).values_list("origin_profile_id", "kind", "value")
    held: dict[tuple[int, str], list[str]] = defaultdict(list)
    for profile, kind, value in rows:
        held[profile, kind].append(recognised(kind, value))
    found = {}
    for edge in edges:
        kind = sought[edge.pk]
        values = held[edge.low_id, kind] + held[edge.high_id, kind]
        if len(values) == 1:
            found[edge.pk] = values
    return found


def rows_of_profiles(customer_id: int) -> Mapping[int, Counter[str]]:
    """Count a customer's rows in every table that follows profiles, by profile and name of the table."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for holding in registry.holdings.values():
        if holding.follows == "origin_profile":
            rows = apps.get_model(holding.model)._default_manager.filter(customer_id=customer_id)
            counts = rows.order_by().values_list("origin_profile_id").annotate(n=Count("pk"))
            for profile_id, number in counts:
                found[profile_id][holding.label] += number
    return found


def _counted(held: Mapping[int, Counter[str]], profiles: Collection[int]) -> Sequence[str]:
    total: Counter[str] = Counter()
    for profile in profiles:
        total += held.get(profile, Counter())
    return [f"{label}: {number:,}" for label, number in total.items()]


def _apart(
    edges: Sequence[ProfileEdge], homes: Mapping[int, int], who: Mapping[str, str]
) -> Sequence[ApartLine]:
    others = {edge.pk: edge.high_id if edge.low_id in homes else edge.low_id for edge in edges}
    people = {
        profile.pk: profile.customer
        for profile in Profile.objects.filter(pk__in=others.values()).select_related("customer")
    }
    return [
        ApartLine(
            edge.pk,
            people[others[edge.pk]].pk,
            people[others[edge.pk]].name,
            edge.made_at,
            who[edge.actor],
            rule_in_words(edge.rule),
        )
        for edge in edges
    ]


def names_of(actors: Collection[str]) -> Mapping[str, str]:
    """Name who did something ("staff:4", "source:2", "customer", …), in two queries."""
    staff = User.objects.in_bulk(_numbers(actors, "staff"))
    sources = Source.objects.in_bulk(_numbers(actors, "source"))
    return {actor: _name_of(actor, staff, sources) for actor in actors}


def _numbers(actors: Collection[str], kind: str) -> list[int]:
    parted = (actor.partition(":") for actor in actors)
    return [int(number) for one, _, number in parted if one == kind and number.isdecimal()]


def _name_of(actor: str, staff: Mapping[int, User], sources: Mapping[int, Source]) -> str:
    kind, _, number = actor.partition(":")
    key = int(number) if number.isdecimal() else 0
    if kind == "staff":
        return (
            (staff[key].get_full_name() or staff[key].get_username()) if key in staff else "staff"
        )
    if kind == "source":
        return f"what {sources[key].name} brought" if key in sources else "an import"
    return {"file": "an import", "api": "another system", "rule": "a rule"}.get(kind, kind)
