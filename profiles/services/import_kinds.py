"""What an import does with a file, whatever its kind: recognise it, check its mapping, bring it in.

Orders have a way of their own into the tables (``order_rows``); all other kinds are about people
(``people_rows``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from profiles.models import Source
from profiles.queries.company import company
from profiles.rules import cells, orders, people_columns
from profiles.rules.identity import EXTERNAL
from profiles.rules.names import ImportKind, SourceKind, folded
from profiles.services import order_rows, people_files, people_rows, resolving
from profiles.services.order_files import read_rows
from profiles.services.order_layouts import (
    Layout,
    check_mapping,
    checked_zone,
    recognise,
    style_of,
)
from profiles.services.order_rows import Counts
from profiles.services.order_staging import Made, Watch
from profiles.services.people_rows import PeopleCounts

_SAMPLE_ROWS = 5
# A till whose clock runs ahead is no reason to reject; a year typed wrong is.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Proposal:
    """What a file looks like, and our guess which column is what."""

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    mapping: dict[str, str]

    def columns(self) -> list[tuple[str, list[str]]]:
        """Each header with its first values; with none where no row is as wide as the header."""
        return [
            (header, [row[at] for row in self.sample]) for at, header in enumerate(self.headers)
        ]


def propose_mapping(path: Path, *, kind: ImportKind = ImportKind.ORDERS) -> Proposal:
    """Recognise a file and guess the mapping.

    Raises:
        OrderFileError: it is missing, empty, no CSV, only a header, or in no encoding we know.
    """
    layout = recognise(path)
    return Proposal(
        layout.encoding,
        layout.delimiter,
        layout.headers,
        layout.sample[:_SAMPLE_ROWS],
        orders.proposed_mapping(layout.headers)
        if kind == ImportKind.ORDERS
        else people_columns.proposed(people_files.shape_of(kind), layout.headers),
    )


def check_file(
    *,
    path: Path,
    mapping: Mapping[str, str],
    time_zone: str,
    kind: ImportKind = ImportKind.ORDERS,
) -> Layout:
    """Refuse what ``import_file`` would fail on at once, while somebody is there to correct it.

    Raises:
        OrderFileError: see its children.
    """
    layout = recognise(path)
    if kind == ImportKind.ORDERS:
        check_mapping(mapping, layout.headers)
        style_of(layout, mapping)
        checked_zone(time_zone)
    else:
        people_files.check(
            layout=layout,
            shape=people_files.shape_of(kind),
            mapping=mapping,
            time_zone=time_zone,
        )
    return layout


def source_named(*, name: str) -> Source:
    """Return the file source of that name, made when it is new."""
    code = "-".join(folded(name).replace("_", " ").split())[:60] or "orders"
    source, _ = Source.objects.get_or_create(
        code=code, defaults={"name": name[:120], "kind": SourceKind.FILE}
    )
    return source


def import_file(
    *,
    path: Path,
    source: Source,
    mapping: Mapping[str, str],
    time_zone: str,
    now: datetime,
    kind: ImportKind = ImportKind.ORDERS,
    is_dry_run: bool = False,
    as_of: datetime | None = None,
    watch: Watch | None = None,
    made: Made = lambda rows: None,
    progress: Callable[[int], None] | None = None,
) -> Counts | PeopleCounts:
    """Store the rows of a file. Repeatable: what is stored already is not stored again.

    A dry run counts what would be stored, and stores nothing. ``as_of`` is when the file was first sent: what
    rows about people say without a time is of then.

    Raises:
        OrderFileError: the file as a whole cannot be read; nothing was stored.
    """
    rules = resolving.present_rules()
    house = company()
    if kind == ImportKind.ORDERS:
        rows = read_rows(
            path,
            mapping,
            time_zone,
            price_digits=cells.minor_digits(house.currency),
            latest=now + _AHEAD,
            is_nobody=rules[EXTERNAL].blocks,
            progress=progress,
        )
        return order_rows.store(
            rows, source=source, now=now, watch=watch, is_dry_run=is_dry_run, made=made
        )
    people = people_files.read_rows(
        path,
        kind=kind,
        mapping=mapping,
        time_zone=time_zone,
        house=people_files.House(
            rules=rules,
            region=house.phone_region,
            schemas=people_files.schemas(),
            network=source.code,
            latest=now + _AHEAD,
        ),
        progress=progress,
    )
    coming = people_rows.Coming(kind, source, as_of or now, is_dry_run, made)
    return people_rows.store(people, coming=coming, now=now, watch=watch)
