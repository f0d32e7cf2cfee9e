"""A batch of rows about people on its way into the tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from profiles.models import Source
from profiles.rules.names import ImportKind
from profiles.services.order_records import Reject
from profiles.services.people_files import Row


@dataclass
class Batch:
    """Rows with their profiles, whose those are now, and what becomes of them.

    ``notes`` say in words what a row changes, by its place; ``made`` are the ids of new rows by model.
    """

    kind: ImportKind
    source: Source
    as_of: datetime
    now: datetime
    rows: list[tuple[Row, int]] = field(default_factory=list)
    customers: dict[int, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    made: dict[str, Sequence[int]] = field(default_factory=dict)
    notes: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def actor(self) -> str:
        """Who says what the file says: the same each time that it comes."""
        return f"file:{self.source.code}"[:60]

    def note(self, place: int, words: str) -> None:
        self.notes[place].append(words)
