"""Brings order rows into the tables: COPY into staging, then set-based SQL in batches of orders.

Staging is small: a run is a stretch of lines of one order, a product stands once for some ten
thousand lines, and a line only points to both. Each batch is one transaction with all of its
orders whole, so nobody ever sees half an order; it can be killed at any point and done again.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import errors as postgres

from profiles.models import Source
from profiles.queries.company import company
from profiles.rules import cells, kinds, names
from profiles.rules.names import IdentifierKind, ProductKind
from profiles.rules.orders import RejectReason
from profiles.services.order_files import Reject, Row

_CHUNK_LINES = 20_000
_PRODUCTS_HELD = 40_000
_PEOPLE_HELD = 5_000
# A batch takes a few seconds, well inside a lease.
_BATCH_LINES = 200_000
# Statistics of staging cost more than they save below this.
_WORTH_ANALYSING = 20_000
_ATTEMPTS = 3


@dataclass(frozen=True)
class Counts:
    """What became of a file. ``lines_known`` were stored before; ``rejected`` is by reason."""

    rows_read: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    customers_new: int = 0
    products_new: int = 0
    places_new: int = 0
    purchases_new: int = 0
    purchases_completed: int = 0
    lines_new: int = 0
    lines_known: int = 0
    identifiers_new: int = 0

    @property
    def rows_rejected(self) -> int:
        return sum(self.rejected.values())


@dataclass
class Watch:
    """Who is told what while rows come in.

    ``rejects`` gets the rows kept aside; ``read`` is called after each chunk; ``batch`` inside the
    transaction of each batch with the share (0…1) that is done: what it raises undoes the batch.
    ``conflicts`` gets, ascending, the lines whose order turned out to be another customer's.
    """

    rejects: Callable[[Sequence[Reject]], None] = lambda rejects: None
    read: Callable[[], None] = lambda: None
    batch: Callable[[float], None] = lambda share: None
    conflicts: Callable[[Sequence[int]], None] = lambda lines: None


def store(rows: Iterable[Row | Reject], *, source: Source, watch: Watch | None = None) -> Counts:
    """Store rows of orders; what is stored already stays as it is.

    Orders are told apart by source and number. An order that is new gets all its lines; one that is
    known gets those that it lacks, equal lines being counted. Customers with new lines become
    due for learning. Repeatable.
    """
    watch = watch or Watch()
    with connection.cursor() as cursor, _staging(cursor):
        stage = _Stage(company().phone_region)
        stage.take(rows, watch)
        return _Storing(cursor, source, stage, watch).run()


# --- staging --------------------------------------------------------------------------------------

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
def _staging(cursor: CursorWrapper) -> Iterator[None]:
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


class _Stage:
    """Takes rows apart and copies them into staging, holding no more than some thousands."""

    def __init__(self, phone_region: str) -> None:
        self._region = phone_region
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
        """Return the number of a product, keeping the newest that is said of it."""
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
            name = "" if person in cells.NOTHING else _one_line(person, 200)
            rows.append(
                (
                    self._people_refs,
                    customer,
                    name,
                    names.folded(name)[:200],
                    names.normal_email(email),
                    self._normal_phone(phone),
                )
            )
        self.has_people = self.has_people or bool(rows)
        copy_rows("import_person", rows, texts="customer, name, search_name, email, phone")
        self._people.clear()

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
    return " ".join(text.split())[:length].rstrip()


def _address(url: str) -> str:
    """Keep an address that a message may carry: http or https, nothing else."""
    url = url.strip()
    plain = len(url) <= 500 and not any(letter.isspace() for letter in url)
    return url if plain and url.lower().startswith(("https://", "http://")) else ""


# --- from staging into the tables -----------------------------------------------------------------

# The source stands in the rows: as a constant it makes a planner without statistics believe that
# next to nothing is there, and compare every order with every other.
_ORDERS = """
    INSERT INTO import_order (ref, source_id, code, customer, occurred_at, place)
    WITH owner AS (SELECT DISTINCT ON (code) code, customer FROM import_run ORDER BY code, run)
    SELECT row_number() OVER (ORDER BY min(run)), %(source)s, code, customer, min(occurred_at),
           coalesce((array_agg(place ORDER BY run) FILTER (WHERE place <> ''))[1], '')
      FROM import_run JOIN owner USING (code, customer)
     GROUP BY code, customer
"""
_RUN_ORDERS = """
    INSERT INTO import_run_order (run, ref)
    SELECT run, ref FROM import_run JOIN import_order USING (code, customer)
"""
_FILE_CONFLICTS = """
    INSERT INTO import_conflict (line)
    SELECT line FROM import_line
     WHERE NOT EXISTS (SELECT FROM import_run_order WHERE run = import_line.run)
"""
_PLACES = """
    SELECT DISTINCT place FROM import_order
     WHERE place <> '' AND NOT EXISTS (SELECT FROM profiles_place WHERE code = import_order.place)
"""
_NEW_PLACE = """
    INSERT INTO profiles_place (code, name, kind, time_zone) VALUES (%s, %s, %s, '')
    ON CONFLICT DO NOTHING
"""
_CATEGORIES = """
    INSERT INTO profiles_category (name)
    SELECT DISTINCT category FROM import_product
     WHERE category <> '' AND NOT EXISTS (SELECT FROM profiles_category WHERE name = category)
     ORDER BY category
    ON CONFLICT DO NOTHING
"""
# The newest of each that the file has; a product of several stretches stands here more than once.
_DESCRIBED = """
    INSERT INTO import_described (code, seen_at, name, category, url)
    SELECT code, max(seen_at),
           (array_agg(name ORDER BY seen_at DESC) FILTER (WHERE name <> ''))[1],
           (array_agg(category ORDER BY seen_at DESC) FILTER (WHERE category <> ''))[1],
           (array_agg(url ORDER BY seen_at DESC) FILTER (WHERE url <> ''))[1]
      FROM import_product GROUP BY code
"""
_UNKNOWN_PRODUCTS = """
    SELECT code, coalesce(name, '') FROM import_described d
     WHERE NOT EXISTS (SELECT FROM profiles_product WHERE code = d.code)
"""
_NEW_PRODUCTS = """
    INSERT INTO profiles_product (code, name, category_id, kind, url, described_at)
    SELECT d.code, coalesce(d.name, d.code), c.id,
           CASE WHEN d.code = ANY(%(charges)s) THEN %(charge)s ELSE %(goods)s END,
           coalesce(d.url, ''), d.seen_at
      FROM import_described d LEFT JOIN profiles_category c ON c.name = d.category
     WHERE NOT EXISTS (SELECT FROM profiles_product WHERE code = d.code)
     ORDER BY d.code
    ON CONFLICT DO NOTHING
"""
_CHANGED_PRODUCTS = """
    UPDATE profiles_product p
       SET name = new.name, category_id = new.category_id, url = new.url, described_at = new.seen_at
      FROM (SELECT old.id, d.seen_at, coalesce(d.name, old.name) AS name,
                   coalesce(c.id, old.category_id) AS category_id, coalesce(d.url, old.url) AS url
              FROM import_described d JOIN profiles_product old ON old.code = d.code
              LEFT JOIN profiles_category c ON c.name = d.category
             WHERE old.described_at IS NULL OR old.described_at < d.seen_at
             ORDER BY old.id FOR NO KEY UPDATE OF old) new
     WHERE p.id = new.id
       AND (p.name, p.category_id, p.url) IS DISTINCT FROM (new.name, new.category_id, new.url)
"""
_PRODUCT_IDS = """
    INSERT INTO import_product_id (ref, product_id)
    SELECT ref, id FROM import_product JOIN profiles_product USING (code)
"""
# One import of a source at a time: two files of it cannot complete the same order twice.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('profiles.order_rows'), %(source)s)"
_NEW_CUSTOMERS = """
    WITH missing AS MATERIALIZED (
        SELECT external_id, place_id,
               nextval(pg_get_serial_sequence('profiles_customer', 'id')) AS id
          FROM (SELECT DISTINCT ON (o.customer) o.customer AS external_id, place.id AS place_id
                  FROM import_order o LEFT JOIN profiles_place place ON place.code = o.place
                 WHERE o.ref BETWEEN %(first)s AND %(last)s
                   AND NOT EXISTS (SELECT FROM profiles_profile p
                                    WHERE p.source_id = o.source_id AND p.external_id = o.customer)
                 ORDER BY o.customer, o.occurred_at DESC) newcomer
    ), people AS (
        INSERT INTO profiles_customer
               (id, public_id, name, search_name, language, time_zone, home_place_id, habits_due)
        SELECT id, gen_random_uuid(), '', '', '', '', place_id, true FROM missing
    ), known AS (
        INSERT INTO profiles_profile (customer_id, source_id, external_id)
        SELECT id, %(source)s, external_id FROM missing
    )
    INSERT INTO import_fresh (customer_id) SELECT id FROM missing
"""
_RUNS = "SELECT min(run), max(run) FROM import_run_order WHERE ref BETWEEN %(first)s AND %(last)s"
_BATCH = """
    INSERT INTO import_batch
    SELECT o.ref, coalesce(old.id, nextval(pg_get_serial_sequence('profiles_purchase', 'id'))),
           coalesce(old.customer_id, p.customer_id), p.id, coalesce(old.occurred_at, o.occurred_at),
           place.id, old.id IS NULL, coalesce(old.origin_profile_id = p.id, true)
      FROM import_order o
      JOIN profiles_profile p ON p.source_id = o.source_id AND p.external_id = o.customer
      LEFT JOIN profiles_purchase old ON old.source_id = o.source_id AND old.external_id = o.code
      LEFT JOIN profiles_place place ON place.code = o.place
     WHERE o.ref BETWEEN %(first)s AND %(last)s
"""
_NEW_PURCHASES = """
    INSERT INTO profiles_purchase
           (id, source_id, external_id, customer_id, origin_profile_id, place_id, occurred_at)
    SELECT b.purchase_id, %(source)s, o.code, b.customer_id, b.profile_id, b.place_id, b.occurred_at
      FROM import_batch b JOIN import_order o USING (ref)
     WHERE b.is_new ORDER BY b.occurred_at
"""
# Customer and time follow from the purchase. They lead the partition so that a single sort numbers
# equal lines and writes the rows in the order of the widest index.
_LINES = """
    SELECT b.purchase_id, b.customer_id, p.product_id, b.occurred_at, l.quantity,
           l.price AS unit_price_minor,
           row_number() OVER (PARTITION BY b.customer_id, p.product_id, b.occurred_at,
                                           b.purchase_id, l.price, l.quantity
                                  ORDER BY l.line) AS source_line
      FROM import_line l
      JOIN import_run_order r USING (run)
      JOIN import_batch b ON b.ref = r.ref
      JOIN import_product_id p ON p.ref = l.product
     WHERE l.run BETWEEN %(first_run)s AND %(last_run)s
"""
_LINE_COLUMNS = (
    "purchase_id, customer_id, product_id, occurred_at, quantity, unit_price_minor, source_line"
)
_NEW_LINES = f"""
    INSERT INTO profiles_purchaseline ({_LINE_COLUMNS})
    {_LINES} AND b.is_new ORDER BY b.customer_id, p.product_id, b.occurred_at
"""
# What a purchase holds is looked up by the purchase alone, and taken off as a set: left the choice,
# a planner without fresh statistics looks through all lines of a product.
_MISSING_LINES = f"""
    WITH missing AS (
        SELECT purchase_id, product_id, unit_price_minor, quantity, source_line
          FROM ({_LINES} AND NOT b.is_new AND b.is_own) l
        EXCEPT
        SELECT l.purchase_id, l.product_id, l.unit_price_minor, l.quantity, l.source_line
          FROM import_batch b JOIN profiles_purchaseline l USING (purchase_id)
         WHERE NOT b.is_new AND b.is_own
    ), added AS (
        INSERT INTO profiles_purchaseline ({_LINE_COLUMNS})
        SELECT {_LINE_COLUMNS} FROM missing JOIN import_batch USING (purchase_id)
        RETURNING purchase_id, customer_id
    )
    SELECT count(*), count(DISTINCT purchase_id), coalesce(array_agg(DISTINCT customer_id), '{{}}')
      FROM added
"""
_BATCH_CONFLICTS = """
    INSERT INTO import_conflict (line)
    SELECT line
      FROM import_batch b JOIN import_run_order r USING (ref) JOIN import_line l USING (run)
     WHERE NOT b.is_own
"""
# Locks each customer whatever the flag says now: learning may be about to clear it, having read the
# purchases before these.
_DUE = """
    UPDATE profiles_customer SET habits_due = true
     WHERE id IN (SELECT id FROM profiles_customer
                   WHERE (id IN (SELECT customer_id FROM import_batch WHERE is_new)
                          OR id = ANY(%(completed)s))
                     AND id NOT IN (SELECT customer_id FROM import_fresh)
                   ORDER BY id FOR NO KEY UPDATE)
"""
_PEOPLE = """
    WITH newest AS (
        SELECT p.id AS profile_id, p.customer_id, i.* FROM import_person i
          JOIN profiles_profile p ON p.source_id = %(source)s AND p.external_id = i.customer
    )
"""
_NAMES = (
    _PEOPLE
    + """
    UPDATE profiles_customer c SET name = n.name, search_name = n.search_name
      FROM (SELECT DISTINCT ON (customer_id) customer_id, name, search_name FROM newest
             WHERE name <> '' ORDER BY customer_id, ref DESC) n
     WHERE c.id = n.customer_id AND c.name = ''
"""
)
_IDENTIFIERS = (
    _PEOPLE
    + """
    INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id)
    SELECT DISTINCT ON (kind, value) kind, value, customer_id, profile_id
      FROM newest CROSS JOIN LATERAL (VALUES (%(email)s, email), (%(phone)s, phone)) i (kind, value)
     WHERE value <> '' AND NOT EXISTS (SELECT FROM profiles_identifier old
                                        WHERE old.kind = i.kind AND old.value = i.value)
     ORDER BY kind, value, ref
    ON CONFLICT DO NOTHING
"""
)


class _Storing:
    """The set-based half: from staging into the tables."""

    def __init__(self, cursor: CursorWrapper, source: Source, stage: _Stage, watch: Watch) -> None:
        self._cursor = cursor
        self._source = source
        self._stage = stage
        self._watch = watch
        self._is_large = stage.lines >= _WORTH_ANALYSING
        self._done: Counter[str] = Counter()

    def run(self) -> Counts:
        orders_staged = self._arrange()
        self._again_if_crossed(self._store_catalogue)
        size = max(1, _BATCH_LINES * orders_staged // max(1, self._stage.lines))
        if orders_staged > size:
            self._run("CREATE INDEX ON import_line (run)")
        for first in range(1, orders_staged + 1, size):
            last = min(first + size - 1, orders_staged)
            self._again_if_crossed(self._store_batch, first=first, last=last, of=orders_staged)
        if self._stage.has_people:
            self._again_if_crossed(self._store_people)
        if self._done["lines_new"] >= _WORTH_ANALYSING:
            self._run(
                "ANALYZE profiles_customer, profiles_profile, profiles_product, profiles_purchase,"
                " profiles_purchaseline"
            )
        return self._counts(self._report_conflicts())

    def _arrange(self) -> int:
        """Number the orders of the file; return how many there are."""
        if self._is_large:
            self._run("ANALYZE import_run, import_product")
        count = self._run(_ORDERS, source=self._source.pk)
        self._run(_RUN_ORDERS)
        if self._is_large:
            self._run("ANALYZE import_line, import_order, import_run_order")
        self._run(_FILE_CONFLICTS)
        return count

    def _store_catalogue(self) -> Counter[str]:
        """Bring in places, categories and products, each in the order of its key: no deadlocks."""
        self._watch.batch(0)
        done: Counter[str] = Counter()
        self._run("TRUNCATE import_described, import_product_id")
        self._run(_DESCRIBED)
        for code in sorted(code for (code,) in self._rows(_PLACES)):
            done["places_new"] += self._run(_NEW_PLACE, code, code, kinds.place_kind(code))
        self._run(_CATEGORIES)
        charges = [
            code
            for code, name in self._rows(_UNKNOWN_PRODUCTS)
            if kinds.product_kind(code, name) == ProductKind.CHARGE
        ]
        done["products_new"] = self._run(
            _NEW_PRODUCTS,
            charges=charges,
            charge=ProductKind.CHARGE.value,
            goods=ProductKind.GOODS.value,
        )
        self._run(_CHANGED_PRODUCTS)
        self._run(_PRODUCT_IDS)
        if self._is_large:
            self._run("ANALYZE import_product_id")
        return done

    def _store_batch(self, *, first: int, last: int, of: int) -> Counter[str]:
        """Store some orders whole."""
        self._watch.batch((first - 1) / of)
        within = {"source": self._source.pk, "first": first, "last": last}
        self._run(_ONE_AT_A_TIME, **within)
        self._run("TRUNCATE import_batch, import_fresh")
        done: Counter[str] = Counter()
        done["customers_new"] = self._run(_NEW_CUSTOMERS, **within)
        self._run(_BATCH, **within)
        if self._is_large:
            self._run("ANALYZE import_batch")
        done["purchases_new"] = self._run(_NEW_PURCHASES, **within)
        ((first_run, last_run),) = self._rows(_RUNS, **within)
        runs = {"first_run": first_run, "last_run": last_run}
        done["lines_new"] = self._run(_NEW_LINES, **runs)
        completed: list[int] = []
        if done["purchases_new"] < last - first + 1:
            ((added, done["purchases_completed"], completed),) = self._rows(_MISSING_LINES, **runs)
            done["lines_new"] += added
            done["conflicts"] = self._run(_BATCH_CONFLICTS)
        self._run(_DUE, completed=completed)
        return done

    def _store_people(self) -> Counter[str]:
        """Give names to those without one, and addresses that nobody has; never a consent."""
        self._watch.batch(1)
        within = {
            "source": self._source.pk,
            "email": IdentifierKind.EMAIL.value,
            "phone": IdentifierKind.PHONE.value,
        }
        self._run(_NAMES, **within)
        return Counter(identifiers_new=self._run(_IDENTIFIERS, **within))

    def _again_if_crossed(self, step: Callable[..., Counter[str]], **arguments: int) -> None:
        """Do one step in a transaction of its own.

        Another door may bring the same customer, order or product at the same moment. The step that
        loses is undone and done again, and then finds the other's rows.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    done = step(**arguments)
            except (IntegrityError, OperationalError) as error:
                crossed = (postgres.UniqueViolation, postgres.DeadlockDetected)
                if attempt == _ATTEMPTS or not isinstance(error.__cause__, crossed):
                    raise
            else:
                self._done.update(done)
                return

    def _report_conflicts(self) -> int:
        lines = [line for (line,) in self._rows("SELECT line FROM import_conflict ORDER BY line")]
        if lines:
            self._watch.conflicts(lines)
        return len(lines)

    def _counts(self, conflicts: int) -> Counts:
        done = dict(self._done)
        done.pop("conflicts", None)
        rejected = self._stage.rejected.copy()
        if conflicts:
            rejected[RejectReason.OTHER_CUSTOMER] = conflicts
        known = self._stage.lines - conflicts - self._done["lines_new"]
        return Counts(
            rows_read=self._stage.rows_read,
            rejected={str(reason): number for reason, number in sorted(rejected.items())},
            lines_known=known,
            **done,
        )

    def _run(self, sql: str, *values: str, **named: Any) -> int:
        self._cursor.execute(sql, named or values or None)
        return int(self._cursor.rowcount)

    def _rows(self, sql: str, **named: Any) -> list[tuple[Any, ...]]:
        self._cursor.execute(sql, named or None)
        return list(self._cursor.fetchall())
