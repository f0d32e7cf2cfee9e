"""Takes order rows apart and copies them into staging tables, by some thousands at a time.

Staging is small: a run is a stretch of lines of one order, a product stands once for some ten
thousand lines, and a line only points to both.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import connection
from django.db.backends.utils import CursorWrapper

from profiles.rules import names
from profiles.rules.identity import Rules
from profiles.rules.names import IdentifierKind
from profiles.services.order_files import Reject, Row

_CHUNK_LINES = 20_000
_PRODUCTS_HELD = 40_000
_PEOPLE_HELD = 5_000

_TABLES = {
    "import_line": "line bigint, run int, product int, quantity numeric(12, 3), price bigint",
    "import_run": "run int, code text, customer text, occurred_at timestamptz, place text",
    "import_product": "ref int, code text, name text, category text, url text, seen_at timestamptz",
    "import_described": "code text, seen_at timestamptz, name text, category text, url text",
    "import_person": "ref int, customer text, name text, search_name text, email text, phone text",
    "import_order": "ref int, source_id bigint, code text, customer text, occurred_at timestamptz,"
    " place text",
    "import_run_order": "run int, ref int",
    "import_product_id": "ref int, product_id bigint",
    "import_batch": "ref int, purchase_id bigint, customer_id bigint, profile_id bigint,"
    " occurred_at timestamptz, place_id bigint, is_new bool, is_own bool",
    "import_fresh": "customer_id bigint",
    "import_conflict": "line bigint",
}


@contextmanager
def staging(cursor: CursorWrapper) -> Iterator[None]:
    """Make the staging tables for this session, and drop them whatever happens."""
    drop = f"DROP TABLE IF EXISTS {', '.join(f'pg_temp.{table}' for table in _TABLES)}"
    cursor.execute(drop)
    cursor.execute(
        "; ".join(f"CREATE TEMP TABLE {table} ({columns})" for table, columns in _TABLES.items())
    )
    try:
        yield
    finally:
        # After a lost connection or inside a failed transaction they are gone or going anyway.
        with suppress(DatabaseFailure):
            cursor.execute(drop)


#: Told which rows were made: ids by the label of their model.
Made = Callable[[Mapping[str, Sequence[int]]], None]


@dataclass
class Watch:
    """Who is told what while rows come in.

    ``rejects`` gets the rows kept aside; ``read`` is called after each chunk and each step of
    numbering the orders; ``batch`` inside the transaction of each batch with the share (0…1) that is
    done: what it raises undoes the batch.
    ``conflicts`` gets, ascending, the lines whose order turned out to be another customer's.
    """

    rejects: Callable[[Sequence[Reject]], None] = lambda rejects: None
    read: Callable[[], None] = lambda: None
    batch: Callable[[float], None] = lambda share: None
    conflicts: Callable[[Sequence[int]], None] = lambda lines: None


class Stage:
    """Takes rows apart and copies them into staging, holding no more than some thousands."""

    def __init__(self, phone_region: str, rules: Rules) -> None:
        self._region = phone_region
        self._rules = rules
        self.rows_read = 0
        self.lines = 0
        self.rejected: Counter[str] = Counter()
        self.has_people = False
        self._lines: list[tuple[Any, ...]] = []
        self._runs: list[tuple[Any, ...]] = []
        self._products: dict[str, list[Any]] = {}
        self._people: dict[str, list[str]] = {}
        self._product_refs = 0
        self._people_refs = 0
        self._run = 0
        self._run_of: tuple[object, ...] = ()

    def take(self, rows: Iterable[Row | Reject], watch: Watch) -> None:
        """Stage all rows. Written for speed: this loop runs once for every line of a file."""
        rejects: list[Reject] = []
        lines = self._lines
        for row in rows:
            if isinstance(row, Reject):
                rejects.append(row)
            else:
                line, customer, order, at, product, quantity, price = row[:7]
                if (order, customer, at) != self._run_of:
                    self._begin_run(order, customer, at, row.place)
                lines.append((line, self._run, self._product_ref(product, row), quantity, price))
                if row.email or row.phone or row.person:
                    self._note_person(customer, row[-3:])
            if len(lines) + len(rejects) >= _CHUNK_LINES:
                self._copy_lines()
                self._give_rejects(rejects, watch)
                watch.read()
        self._copy_lines()
        self._copy_products()
        self._copy_people()
        self._give_rejects(rejects, watch)

    def _begin_run(self, order: str, customer: str, at: datetime, place: str) -> None:
        self._run += 1
        self._run_of = (order, customer, at)
        self._runs.append((self._run, order, customer, at, place))

    def _product_ref(self, product: str, row: Row) -> int:
        """Return the number of a product, keeping the newest that is said of it.

        What the newest leaves out stands as an older one has it.
        """
        known = self._products.get(product)
        if known is None:
            self._product_refs += 1
            described = [self._product_refs, row.occurred_at, row.name, row.category, row.url]
            self._products[product] = described
            return self._product_refs
        if row.occurred_at >= known[1]:
            known[1] = row.occurred_at
            if row.name != known[2] or row.category != known[3] or row.url != known[4]:
                known[2:] = row.name or known[2], row.category or known[3], row.url or known[4]
        elif not (known[2] and known[3] and known[4]):
            known[2:] = known[2] or row.name, known[3] or row.category, known[4] or row.url
        ref: int = known[0]
        return ref

    def _give_rejects(self, rejects: list[Reject], watch: Watch) -> None:
        self.rows_read += len(rejects)
        self.rejected.update(reject.reason for reject in rejects)
        watch.rejects(rejects)
        rejects.clear()

    def _copy_lines(self) -> None:
        self.rows_read += len(self._lines)
        self.lines += len(self._lines)
        copy_rows("import_line", self._lines)
        copy_rows("import_run", self._runs, texts="code, customer, place")
        self._lines.clear()
        self._runs.clear()
        if len(self._products) >= _PRODUCTS_HELD:
            self._copy_products()

    def _copy_products(self) -> None:
        copy_rows(
            "import_product",
            [
                (ref, code, _one_line(name, 300), _one_line(category, 200), _address(url), at)
                for code, (ref, at, name, category, url) in self._products.items()
            ],
            texts="code, name, category, url",
        )
        self._products.clear()

    def _note_person(self, customer: str, who: Sequence[str]) -> None:
        """Remember the newest of each that the file has for a customer."""
        known = self._people.setdefault(customer, ["", "", ""])
        known[:] = [new or old for new, old in zip(who, known, strict=True)]
        if len(self._people) >= _PEOPLE_HELD:
            self._copy_people()

    def _copy_people(self) -> None:
        rows = []
        for customer, (email, phone, person) in self._people.items():
            self._people_refs += 1
            name = _one_line(person, 200)
            rows.append(
                (
                    self._people_refs,
                    customer,
                    name,
                    names.folded(name)[:200],
                    self._of_somebody(IdentifierKind.EMAIL, names.normal_email(email)),
                    self._of_somebody(IdentifierKind.PHONE, self._normal_phone(phone)),
                )
            )
        self.has_people = self.has_people or bool(rows)
        copy_rows("import_person", rows, texts="customer, name, search_name, email, phone")
        self._people.clear()

    def _of_somebody(self, kind: IdentifierKind, value: str) -> str:
        return "" if self._rules[kind].blocks(value) else value

    def _normal_phone(self, phone: str) -> str:
        """Normalise a number, unless a spreadsheet has made it a rounded one: 4.36E+11."""
        if not phone or "e+" in phone.lower():
            return ""
        return names.normal_phone(phone, self._region)


def copy_rows(target: str, rows: Sequence[Sequence[Any]], *, texts: str = "") -> None:
    """COPY rows into ``target``, a table with or without its columns.

    ``texts`` names the columns in which an empty value is an empty text.
    """
    if not rows:
        return
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    keep_empty = f", FORCE_NOT_NULL ({texts})" if texts else ""
    sql = f"COPY {target} FROM STDIN (FORMAT csv{keep_empty})"
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        copy.write(text.getvalue())


def _one_line(text: str, length: int) -> str:
    return names.one_line(text)[:length].rstrip()


def _address(url: str) -> str:
    """Keep an address that a message may carry: http or https, nothing else."""
    url = url.strip()
    plain = len(url) <= 500 and not any(letter.isspace() for letter in url)
    return url if plain and url.lower().startswith(("https://", "http://")) else ""
