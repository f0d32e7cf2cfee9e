"""Joins profiles that are the same person, and parts them again. Nothing is lost either way.

A merge is an edge between two profiles; customers are the components (``profiles.rules.components``). Undoing a
merge removes its edge and says "not the same person", which no rule overrules.
Locks: customers, by key. Rows that were on their way in while profiles were joined are brought after them
by ``settle``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from cxportal.lib.errors import DomainError
from profiles.models import Customer, Profile, ProfileEdge
from profiles.rules.components import path_between, settled
from profiles.rules.names import EdgeKind
from profiles.services import exporting, moving, privacy_requests

# Nearly all that was on its way arrives at once; no transaction lasts longer than the limit of a task.
AT_ONCE = timedelta(minutes=3)
IN_FLIGHT = timedelta(hours=1)


class KeptApart(DomainError):
    """Somebody said that these are not the same person; ``data["edges"]`` says which edges."""

    code = "kept_apart"


class SameAlready(DomainError):
    """The two are one customer."""

    code = "same_already"


class EdgeGone(DomainError):
    """This merge was undone before."""

    code = "edge_gone"


class StillJoined(DomainError):
    """Other merges join the two as well; ``data["edges"]`` are those on the shortest way."""

    code = "still_joined"


@dataclass(frozen=True)
class Joining:
    """Two profiles to be joined: by which rule or person, on what evidence (keys, no personal data)."""

    one: int
    other: int
    rule: str
    actor: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def join(
    *,
    one: Profile,
    other: Profile,
    rule: str,
    actor: str,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
) -> ProfileEdge:
    """Make two profiles one customer.

    Raises:
        SameAlready: nothing to do. KeptApart: nothing was changed.
    """
    joining = Joining(one.pk, other.pk, rule, actor, evidence or {})
    joined = join_all(joinings=[joining], now=now)
    if edge := joined.edges.get((min(one.pk, other.pk), max(one.pk, other.pk))):
        return edge
    if joined.kept_apart:
        raise KeptApart(
            "Somebody said that these are not the same person. Take that back first.",
            data={"edges": joined.kept_apart},
        )
    raise SameAlready("They are one customer already.")


@dataclass
class Joined:
    """What became of some joinings: the new edges by their profiles, and what stood against others."""

    edges: dict[tuple[int, int], ProfileEdge] = field(default_factory=dict)
    kept_apart: list[int] = field(default_factory=list)


def join_all(*, joinings: Sequence[Joining], now: datetime) -> Joined:
    """Join many pairs at once; pairs that are one already, or are kept apart, are left as they are.

    Cost: a fixed number of statements, whatever the number of pairs.
    """
    joined = Joined()
    with transaction.atomic():
        group = _Group.around({p for j in joinings for p in (j.one, j.other)})
        for joining in joinings:
            if group.customer(joining.one) == group.customer(joining.other):
                continue
            if apart := group.kept_apart(joining.one, joining.other):
                joined.kept_apart += apart
                continue
            group.add(joining.one, joining.other)
            low, high = sorted((joining.one, joining.other))
            joined.edges[low, high] = ProfileEdge(
                kind=EdgeKind.SAME,
                low_id=low,
                high_id=high,
                rule=joining.rule,
                actor=joining.actor,
                evidence=dict(joining.evidence),
                made_at=now,
            )
        if joined.edges:
            ProfileEdge.objects.bulk_create(joined.edges.values())
            group.rearrange()
    return joined


def part(*, edge: ProfileEdge, by: str, now: datetime, whole_way: bool = False) -> ProfileEdge:
    """Undo a merge: every row goes back, and the two profiles are kept apart from now on.

    With ``whole_way`` also whatever else joins the two is undone; those in between are not kept apart from
    anybody, so that the rules may join them again with whom they belong to. Returns the edge that keeps the
    two apart.

    Raises:
        EdgeGone: it was undone before. StillJoined: further merges join the two by another way, and have
        to be undone first, or with it; nothing was changed.
    """
    with transaction.atomic():
        group = _Group.around({edge.low_id, edge.high_id})
        held = ProfileEdge.objects.select_for_update().get(pk=edge.pk)
        if held.removed_at is not None or held.kind != EdgeKind.SAME:
            raise EdgeGone("This merge was undone before.")
        group.remove(held.pk)
        also: list[int] = []
        while way := group.way(held.low_id, held.high_id):
            if not whole_way:
                raise StillJoined(
                    "Other merges join the two as well. Undo those with it.", data={"edges": way}
                )
            for key in way:
                group.remove(key)
            also += way
        _remove([held.pk, *also], by, now)
        apart = ProfileEdge.objects.create(
            kind=EdgeKind.APART,
            low_id=held.low_id,
            high_id=held.high_id,
            rule="undo",
            actor=by,
            evidence={"edge": held.pk},
            made_at=now,
        )
        group.rearrange()
        group.part_requests(now)
    return apart


def part_again(*, edges: Collection[int], by: str, now: datetime) -> int:
    """Undo merges that should never have been made, such as those of a wrong file; return how many.

    Nobody said that these are different people, so the rules may join them again. Merges that were undone before
    are left as they are.
    """
    with transaction.atomic():
        standing = ProfileEdge.objects.filter(pk__in=edges, kind=EdgeKind.SAME, removed_at=None)
        ends = standing.values_list("low_id", "high_id")
        group = _Group.around({profile for pair in ends for profile in pair})
        gone = list(standing.select_for_update().order_by("pk").values_list("pk", flat=True))
        if gone:
            group.remove(*gone)
            _remove(gone, by, now)
            group.rearrange()
            group.part_requests(now)
    return len(gone)


def keep_apart(*, one: Profile, other: Profile, by: str, now: datetime) -> ProfileEdge:
    """Say that two customers are not the same person. Repeatable.

    Raises:
        StillJoined: merges join them; undo those first.
    """
    low, high = sorted((one.pk, other.pk))
    with transaction.atomic():
        group = _Group.around({low, high})
        if group.customer(low) == group.customer(high):
            raise StillJoined("Merges join the two. Undo those first.", data={})
        edge, _ = ProfileEdge.objects.get_or_create(
            kind=EdgeKind.APART,
            low_id=low,
            high_id=high,
            removed_at=None,
            defaults={"rule": "person", "actor": by, "made_at": now},
        )
    return edge


def take_back(*, edge: ProfileEdge, by: str, now: datetime) -> None:
    """Take back a "not the same person"; rules and people may join the two again.

    Raises:
        EdgeGone: it was taken back before.
    """
    with transaction.atomic():
        held = ProfileEdge.objects.select_for_update().get(pk=edge.pk)
        if held.removed_at is not None or held.kind != EdgeKind.APART:
            raise EdgeGone("This was taken back before.")
        _remove([held.pk], by, now)


def settle(*, now: datetime) -> int:
    """Bring after their profiles what was written for customers while they were being merged.

    A writer that read the customer of a profile just before a merge wrote for one who is empty now. Looks at
    merges of the last minutes, and once more when every transaction of their time is over; returns how
    many rows were moved.
    """
    edges = ProfileEdge.objects.filter(
        _changed(now - AT_ONCE, now) | _changed(now - IN_FLIGHT - AT_ONCE, now - IN_FLIGHT),
        kind=EdgeKind.SAME,
    ).values_list("low_id", "high_id")
    profiles = {profile for edge in edges for profile in edge}
    if not profiles:
        return 0
    with transaction.atomic():
        return _Group.around(profiles).bring_after()


def _changed(since: datetime, until: datetime) -> Q:
    return Q(made_at__range=(since, until)) | Q(removed_at__range=(since, until))


def _remove(edges: Collection[int], by: str, now: datetime) -> None:
    ProfileEdge.objects.filter(pk__in=edges).update(removed_at=now, removed_by=by)


class _Grown(Exception):
    """The customers to be locked are more than were locked."""


class _Group:
    """The components around some profiles, locked, as they are and as they become."""

    def __init__(
        self,
        homes: Mapping[int, int],
        edges: Mapping[int, tuple[int, int]],
    ) -> None:
        self._homes = homes
        self._edges = dict(edges)
        self._apart = _edges(EdgeKind.APART, homes)
        self._settle()

    @classmethod
    def around(cls, profiles: Collection[int]) -> _Group:
        """Lock the customers of these profiles, and read all that belongs to them.

        Reads once more after the lock: whoever held it may have joined them with others. Then all are let
        go and locked anew with those, for merges that wait for each other have to wait in one order.
        """
        wanted: set[int] = set(_reachable(profiles)[0].values())
        while True:
            try:
                with transaction.atomic():
                    # Rows under way do not wait for this: their keys are checked when they commit. ``settle``
                    # brings them after.
                    list(
                        Customer.objects.filter(pk__in=wanted)
                        .order_by("pk")
                        .select_for_update()
                        .values_list("pk", flat=True)
                    )
                    homes, edges = _reachable(profiles)
                    if not wanted.issuperset(homes.values()):
                        raise _Grown
                    return cls(homes, edges)
            except _Grown:
                wanted |= set(homes.values())

    def _settle(self) -> None:
        self._customers = settled(self._homes, self._edges.values())

    def customer(self, profile: int) -> int:
        return self._customers[profile]

    def add(self, one: int, other: int) -> None:
        self._edges[-len(self._edges) - 1] = (one, other)
        self._settle()

    def remove(self, *edges: int) -> None:
        for edge in edges:
            del self._edges[edge]
        self._settle()

    def kept_apart(self, one: int, other: int) -> list[int]:
        """Edges that stand against joining the two and all who belong to them."""
        sides = {self.customer(one), self.customer(other)}
        return [
            key
            for key, (low, high) in self._apart.items()
            if {self._customers.get(low), self._customers.get(high)} == sides
        ]

    def way(self, one: int, other: int) -> list[int]:
        """Edges that still join the two."""
        return path_between([(key, *ends) for key, ends in self._edges.items()], one, other)

    def _present(self) -> dict[int, int]:
        return {home: self._customers[profile] for profile, home in self._homes.items()}

    def rearrange(self) -> None:
        """Put every row where it belongs, and let habits be learned from what came together."""
        homes = self._present()
        moving.move(profiles=self._customers, homes=homes, affected=sorted(homes))
        moving.relearn(homes=homes)

    def part_requests(self, now: datetime) -> None:
        """Take back what was asked for while all of them were one; files go once that is committed."""
        files = privacy_requests.parted(customer_ids=sorted(self._present()), now=now)
        transaction.on_commit(lambda: exporting.remove(files))

    def bring_after(self) -> int:
        """Move what was written for an empty customer; returns how many rows."""
        homes = self._present()
        moved = moving.move(profiles=self._customers, homes=homes, affected=sorted(homes))
        if moved:
            Customer.objects.filter(pk__in=set(homes.values())).update(habits_due=True)
        return moved


def _reachable(profiles: Collection[int]) -> tuple[dict[int, int], dict[int, tuple[int, int]]]:
    """Profiles (with their homes) and edges of the components that these profiles stand in."""
    homes: dict[int, int] = {}
    edges: dict[int, tuple[int, int]] = {}
    fresh: Collection[int] = set(profiles)
    while fresh:
        at_home = Profile.objects.filter(pk__in=fresh).values("home_customer_id")
        found = dict(
            Profile.objects.filter(home_customer_id__in=at_home).values_list(
                "pk", "home_customer_id"
            )
        )
        homes |= found
        new = _edges(EdgeKind.SAME, found)
        edges |= new
        fresh = {profile for ends in new.values() for profile in ends} - homes.keys()
    return homes, edges


def _edges(kind: EdgeKind, profiles: Iterable[int]) -> dict[int, tuple[int, int]]:
    touching = Q(low_id__in=list(profiles)) | Q(high_id__in=list(profiles))
    rows = ProfileEdge.objects.filter(touching, kind=kind, removed_at=None)
    return {key: (low, high) for key, low, high in rows.values_list("pk", "low_id", "high_id")}
