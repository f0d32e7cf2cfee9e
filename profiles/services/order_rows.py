"""Brings order rows into the tables: COPY into staging, then set-based SQL in batches of orders.

Each batch is one transaction with all of its orders whole, so nobody ever sees half an order; it
can be killed at any point and done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import errors as postgres

from profiles.models import Source
from profiles.queries.company import company
from profiles.rules import kinds
from profiles.rules.confusables import is_confusable
from profiles.rules.identity import Key, Sighting
from profiles.rules.names import IdentifierKind, ProductKind, masked
from profiles.rules.orders import RejectReason
from profiles.services import order_preview, order_statements, resolving, suppressing
from profiles.services.order_erased import without_erased
from profiles.services.order_files import Reject, Row
from profiles.services.order_staging import Made, Stage, Watch, staging

# A batch takes a few seconds, well inside a lease.
_BATCH_LINES = 200_000
# Statistics of staging cost more than they save below this.
_WORTH_ANALYSING = 20_000
_ATTEMPTS = 3
_JOINED_AT_ONCE = 2_000


@dataclass(frozen=True)
class Counts:
    """What became of a file. ``lines_known`` were stored before; ``rejected`` is by reason.

    ``sample``: of a dry run, a few orders that are new, masked.
    """

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
    customers_joined: int = 0
    sample: list[dict[str, object]] = field(default_factory=list)

    @property
    def rows_rejected(self) -> int:
        return sum(self.rejected.values())


def store(
    rows: Iterable[Row | Reject],
    *,
    source: Source,
    now: datetime,
    watch: Watch | None = None,
    is_dry_run: bool = False,
    made: Made = lambda rows: None,
) -> Counts:
    """Store rows of orders; what is stored already stays as it is.

    Orders are told apart by source and number. An order that is new gets all its lines; one that is
    known gets those that it lacks, equal lines being counted. Customers with new lines become
    due for learning. Customers whom another source knows by the same address are joined, as far as the
    rules of identity do. Rows of people who were erased are kept aside without their text. Repeatable.
    A dry run counts what would be stored. ``made`` is told which rows were made, in their transaction.
    """
    watch = watch or Watch()
    region = company().phone_region
    with suppressing.reading_a_file(), connection.cursor() as cursor, staging(cursor):
        stage = Stage(region, resolving.present_rules())
        erased = suppressing.everybody()
        stage.take(without_erased(rows, erased=erased, source=source, region=region), watch)
        storing = _Storing(cursor, source, stage, watch, made)
        return storing.preview() if is_dry_run else storing.run(now)


class _Storing:
    """The set-based half: from staging into the tables."""

    def __init__(
        self, cursor: CursorWrapper, source: Source, stage: Stage, watch: Watch, made: Made
    ) -> None:
        self._cursor = cursor
        self._source = source
        self._stage = stage
        self._watch = watch
        self._made = made
        self._is_large = stage.lines >= _WORTH_ANALYSING
        self._done: Counter[str] = Counter()

    def run(self, now: datetime) -> Counts:
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
            self._join_people(now)
        if self._done["lines_new"] >= _WORTH_ANALYSING:
            self._run(
                "ANALYZE profiles_customer, profiles_profile, profiles_product, profiles_purchase,"
                " profiles_purchaseline"
            )
        return self._counts(self._report_conflicts())

    def preview(self) -> Counts:
        """Count what would be stored; nothing but staging is written."""
        self._arrange()
        self._run(order_statements.DESCRIBED)
        self._run(order_preview.CONFLICTS)
        self._watch.read()
        ((people, products, places, orders, completed, lines),) = self._rows(order_preview.COUNTS)
        self._done.update(
            customers_new=people,
            products_new=products,
            places_new=places,
            purchases_new=orders,
            purchases_completed=completed,
            lines_new=lines,
        )
        sample: list[dict[str, object]] = [
            {"line": line, "who": masked(who), "does": [f"new order, lines: {count}"]}
            for line, who, count in self._rows(order_preview.SAMPLE)
        ]
        return replace(self._counts(self._report_conflicts()), sample=sample)

    def _arrange(self) -> int:
        """Number the orders of the file; return how many there are."""
        # Of a very large file each step takes a good part of a lease.
        if self._is_large:
            self._run("ANALYZE import_run, import_product")
        count = self._run(order_statements.ORDERS, source=self._source.pk)
        self._watch.read()
        self._run(order_statements.RUN_ORDERS)
        self._watch.read()
        if self._is_large:
            self._run("ANALYZE import_line, import_order, import_run_order")
        self._run(order_statements.FILE_CONFLICTS)
        self._watch.read()
        return count

    def _store_catalogue(self) -> Counter[str]:
        """Bring in places, categories and products, each in the order of its key: no deadlocks."""
        self._watch.batch(0)
        done: Counter[str] = Counter()
        self._run("TRUNCATE import_described, import_product_id")
        self._run(order_statements.DESCRIBED)
        for code in sorted(code for (code,) in self._rows(order_statements.PLACES)):
            done["places_new"] += self._run(
                order_statements.NEW_PLACE, code, code, kinds.place_kind(code)
            )
        self._run(order_statements.CATEGORIES)
        charges = [
            code
            for code, name in self._rows(order_statements.UNKNOWN_PRODUCTS)
            if kinds.product_kind(code, name) == ProductKind.CHARGE
        ]
        done["products_new"] = self._run(
            order_statements.NEW_PRODUCTS,
            charges=charges,
            charge=ProductKind.CHARGE.value,
            goods=ProductKind.GOODS.value,
        )
        self._run(order_statements.CHANGED_PRODUCTS)
        self._run(order_statements.PRODUCT_IDS)
        if self._is_large:
            self._run("ANALYZE import_product_id")
        return done

    def _store_batch(self, *, first: int, last: int, of: int) -> Counter[str]:
        """Store some orders whole."""
        self._watch.batch((first - 1) / of)
        within = {"source": self._source.pk, "first": first, "last": last}
        self._run(order_statements.ONE_AT_A_TIME, **within)
        self._run("TRUNCATE import_batch, import_fresh")
        done: Counter[str] = Counter()
        done["customers_new"] = self._run(order_statements.NEW_CUSTOMERS, **within)
        self._run(order_statements.BATCH, **within)
        if self._is_large:
            self._run("ANALYZE import_batch")
        done["purchases_new"] = self._run(order_statements.NEW_PURCHASES, **within)
        self._tell_made()
        ((first_run, last_run),) = self._rows(order_statements.RUNS, **within)
        runs = {"first_run": first_run, "last_run": last_run}
        done["lines_new"] = self._run(order_statements.NEW_LINES, **runs)
        completed: list[int] = []
        if done["purchases_new"] < last - first + 1:
            ((added, done["purchases_completed"], completed),) = self._rows(
                order_statements.MISSING_LINES, **runs
            )
            self._made({"profiles.PurchaseLine": added})
            done["lines_new"] += len(added)
            done["conflicts"] = self._run(order_statements.BATCH_CONFLICTS)
        self._run(order_statements.DUE, completed=completed)
        return done

    def _tell_made(self) -> None:
        """Tell which orders and customers this batch made."""
        ((purchases, customers, profiles),) = self._rows(order_statements.MADE)
        self._made(
            {
                "profiles.Purchase": purchases,
                "profiles.Customer": customers,
                "profiles.Profile": profiles,
            }
        )

    def _store_people(self) -> Counter[str]:
        """Give names to those without one, and addresses that nobody has; never a consent."""
        self._watch.batch(1)
        within = {
            "source": self._source.pk,
            "email": IdentifierKind.EMAIL.value,
            "phone": IdentifierKind.PHONE.value,
        }
        self._run(order_statements.NAMES, **within)
        fresh = [pk for (pk,) in self._rows(order_statements.IDENTIFIERS, **within)]
        self._made({"profiles.Identifier": fresh})
        done = Counter(identifiers_new=len(fresh))
        odd = self._rows(
            order_statements.ODD_IDENTIFIERS, source=within["source"], email=within["email"]
        )
        if posing := [key for key, kind, value in odd if is_confusable(kind, value)]:
            self._run(order_statements.FLAG_IDENTIFIERS, ids=posing)
        return done

    def _join_people(self, now: datetime) -> None:
        """Join customers whom this source and another know by one address, as far as the rules do."""
        shared = self._rows(
            order_statements.SHARED_IDENTIFIERS,
            source=self._source.pk,
            email=IdentifierKind.EMAIL.value,
            phone=IdentifierKind.PHONE.value,
        )
        sightings = [
            Sighting(
                self._source.pk, number, [Key(kind, "", value) for _, kind, value in keys], now
            )
            for number, keys in groupby(shared, key=itemgetter(0))
        ]
        for first in range(0, len(sightings), _JOINED_AT_ONCE):
            self._watch.batch(1)
            with transaction.atomic():
                resolved = resolving.resolve(
                    sightings=sightings[first : first + _JOINED_AT_ONCE],
                    actor=f"source:{self._source.pk}",
                    now=now,
                )
                self._made({"profiles.ProfileEdge": resolved.edges})
            self._done["customers_joined"] += len(resolved.edges)

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
        done: dict[str, Any] = dict(self._done)
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
