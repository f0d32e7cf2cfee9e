"""Finds records that may be one person, with Splink on DuckDB: within a limit of memory, on no network.

Knows neither customers nor the database; what is compared and how it weighs stands in
``profiles.rules.likeness``.
"""

from __future__ import annotations

import csv
import logging
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiles.rules.likeness import (
    COLUMNS,
    COMPARISONS,
    KEYS,
    MOST_ALIKE,
    SMOOTHED_BY,
    USUAL_SHARE,
    WORTH_A_LOOK,
    reasons,
    settings,
)

if TYPE_CHECKING:
    import duckdb

# What does not fit goes to the disk.
MEMORY = "700MB"
_AT_ONCE = 10_000


@dataclass(frozen=True)
class Pair:
    """Two records that may be one person: how likely (0 … 1), and the codes of why."""

    one: str
    other: str
    score: float
    reasons: Sequence[str]


def linked(
    records: Iterable[Sequence[str]], *, fresh: Collection[str] | None = None
) -> Iterator[Pair]:
    """Yield the pairs that are worth a person's look, the likeliest first.

    ``records`` are rows of ``profiles.rules.likeness.COLUMNS``, read once. With ``fresh`` only pairs are
    compared in which one of these keys stands.
    """
    # 250 MB of libraries that only this needs: a web process must not carry them.
    import duckdb  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="linking-") as folder:
        table, chosen = Path(folder) / "records.csv", Path(folder) / "fresh.csv"
        _write(table, COLUMNS, records)
        _write(chosen, COLUMNS[:1], ([key] for key in fresh or ()))
        with duckdb.connect(":memory:") as database:
            database.execute(f"SET memory_limit = '{MEMORY}'")
            database.execute(f"SET temp_directory = '{folder}'")
            database.execute("SET autoinstall_known_extensions = false")
            count = _load(database, table, None if fresh is None else chosen)
            table.unlink()
            chosen.unlink()
            if count > 1:
                yield from _pairs(database, count)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        written = csv.writer(file, quoting=csv.QUOTE_ALL)
        written.writerow(header)
        written.writerows(rows)


_READ = "read_csv(?, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"')"


def _load(database: duckdb.DuckDBPyConnection, path: Path, fresh: Path | None) -> int:
    """Read the records, count how common names are, and make the keys; return how many there are."""
    known = ", ".join(f"nullif(trim({column}), '') AS {column}" for column in COLUMNS)
    database.execute(f"CREATE TABLE plain AS SELECT {known} FROM {_READ}", [str(path)])
    ((count,),) = database.execute("SELECT count(*) FROM plain").fetchall()
    for name, share in USUAL_SHARE.items():
        database.execute(
            f"CREATE TABLE shares_{name} AS SELECT {name}, (count(*) + {SMOOTHED_BY * share})"
            f" / {count + SMOOTHED_BY} AS tf_{name} FROM plain WHERE {name} IS NOT NULL GROUP BY 1"
        )
    keys = ", ".join(
        f"CASE WHEN count(*) OVER (PARTITION BY {made}) <= {MOST_ALIKE} THEN {made} END AS {key}"
        for key, made in KEYS.items()
    )
    is_fresh = "true" if fresh is None else f"unique_id IN (SELECT unique_id FROM {_READ})"
    database.execute(
        f"CREATE TABLE records AS SELECT *, {keys}, {is_fresh} AS is_fresh FROM plain",
        [str(fresh)] if fresh else [],
    )
    return int(count)


def _pairs(database: duckdb.DuckDBPyConnection, count: int) -> Iterator[Pair]:
    from splink import Linker  # noqa: PLC0415
    from splink.backends.duckdb import DuckDBAPI  # noqa: PLC0415

    # It tells how long it took at each call.
    logging.getLogger("splink").setLevel(logging.WARNING)
    api = DuckDBAPI(connection=database)
    for part, condition in (("fresh_part", "is_fresh"), ("known_part", "NOT is_fresh")):
        database.execute(
            f"CREATE TABLE {part} AS SELECT * EXCLUDE (is_fresh) FROM records WHERE {condition}"
        )
    fresh, known = api.register("fresh_part"), api.register("known_part")
    linker = Linker(fresh, settings(count), log_level=None)
    for name in USUAL_SHARE:
        shares = api.register(f"shares_{name}")
        linker.table_management.register_term_frequency_lookup(shares, name)
    limits: dict[str, Any] = {"threshold_match_probability": WORTH_A_LOOK, "warning_mode": "never"}
    found = [
        linker.inference.predict_within(fresh, **limits),
        linker.inference.predict_between(fresh, known, **limits),
    ]
    outcomes = ", ".join(f"gamma_{name}" for name in COMPARISONS)
    tables = " UNION ALL ".join(
        f"SELECT unique_id_l, unique_id_r, match_probability, {outcomes} FROM {one.physical_name}"
        for one in found
    )
    # A cursor of its own: the caller may take their time between two rows.
    rows = database.cursor().execute(f"{tables} ORDER BY 3 DESC, 1, 2")
    while some := rows.fetchmany(_AT_ONCE):
        yield from map(_pair, some)


def _pair(row: tuple[Any, ...]) -> Pair:
    one, other, score, *outcomes = row
    return Pair(one, other, float(score), reasons(dict(zip(COMPARISONS, outcomes, strict=True))))
