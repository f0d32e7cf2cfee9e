"""Everything of one customer, newest first, from all apps: pages by position, never by counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice

from cxportal.lib.registry import Timeline, registry
from cxportal.lib.timeline import Item, Slice
from profiles.rules.happenings import Position

PAGE = 30
_EVER = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_LAST_ID = 2**63 - 1


@dataclass(frozen=True)
class Filters:
    """What is shown: of one kind, of one source, from a time until another (exclusive); None: all."""

    kind: str = ""
    source_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Happening:
    """An item with its kind, which tells it from those of other apps."""

    kind: str
    label: str
    item: Item

    @property
    def position(self) -> Position:
        return Position(self.item.occurred_at, self.kind, self.item.id)


@dataclass(frozen=True)
class Page:
    """At most ``PAGE`` happenings, newest first; ``after`` is where the next page begins, None at the end."""

    happenings: Sequence[Happening]
    after: Position | None


def timeline(
    customer_id: int, *, filters: Filters, after: Position | None = None, limit: int = PAGE
) -> Page:
    """Read one page. Each app is asked once, for one row more than a page has room for.

    Apps whose rows come from no source have nothing to show of one.
    """
    asked = [
        one
        for one in registry.timelines.values()
        if filters.kind in {"", one.key} and (filters.source_id is None or one.has_sources)
    ]
    loaded = [
        _loaded(one, _slice(customer_id, one.key, filters, after, limit + 1)) for one in asked
    ]
    newest = merge(*loaded, key=lambda happening: happening.position, reverse=True)
    found = list(islice(newest, limit + 1))
    return Page(found[:limit], found[limit - 1].position if len(found) > limit else None)


def kinds() -> Sequence[tuple[str, str]]:
    """List what a timeline can be narrowed to: key and label."""
    return [(one.key, one.label) for one in registry.timelines.values()]


def _loaded(one: Timeline, part: Slice) -> Sequence[Happening]:
    return [Happening(one.key, one.label, item) for item in one.load(part)]


def _slice(
    customer_id: int, kind: str, filters: Filters, after: Position | None, limit: int
) -> Slice:
    """Turn a position among all kinds into one among the rows of a kind.

    Of one instant the kinds come in descending order: those above the position's were shown, those below not.
    """
    before_at, before_id = filters.until or _END, 0 if filters.until else _LAST_ID
    if after and after.occurred_at < before_at:
        before_at = after.occurred_at
        before_id = after.id if kind == after.kind else 0 if kind > after.kind else _LAST_ID
    return Slice(
        customer_id=customer_id,
        before_at=before_at,
        before_id=before_id,
        since=filters.since or _EVER,
        limit=limit,
        source_id=filters.source_id,
    )
