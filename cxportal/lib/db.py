"""What all models share: singletons, append-only tables, and time from the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, models
from django.db.migrations.operations import RunSQL


class Singleton(models.Model):
    """A table of exactly one row, whose key is 1; the database refuses a second."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)

    class Meta:
        abstract = True


def only_row(label: str) -> models.CheckConstraint:
    """The constraint that goes with ``Singleton``."""
    return models.CheckConstraint(condition=models.Q(id=1), name=f"{label}_only_row")


def append_only(table: str, *, rewritable: Sequence[str] = ("customer_id",)) -> RunSQL:
    """Refuse UPDATE and DELETE on ``table`` by trigger.

    ``rewritable`` columns stay open: merging two profiles, and undoing it, moves a row from one
    customer to another, and says nothing about what the row records.
    """
    function = f"{table}_append_only"
    kept = "".join(f" - '{column}'" for column in rewritable)
    return RunSQL(
        sql=f"""
        CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND (to_jsonb(OLD){kept}) = (to_jsonb(NEW){kept}) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'rows of {table} are never changed or deleted'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = '{function}';
        END $$;
        CREATE TRIGGER {function} BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {function}();
        """,
        reverse_sql=f"DROP TRIGGER {function} ON {table}; DROP FUNCTION {function}();",
    )


def database_now() -> datetime:
    """Read the database's clock: leases use it, so that workers with wrong clocks agree."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@contextmanager
def flushed_at_the_end() -> Iterator[None]:
    """Let commits return before they are on the disk, for work that is begun anew when it was broken off.

    What was committed inside is on the disk once this ends. Until then a power cut or a crash of the database
    may take the last commits, and nothing else does (PostgreSQL manual, "Asynchronous Commit").
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        try:
            yield
        finally:
            cursor.execute("RESET synchronous_commit")
        # A commit that waits for the disk takes along all before it; one that wrote nothing does not wait.
        cursor.execute("SELECT pg_logical_emit_message(true, 'cxportal', 'flush')")


def remembers(table: str, column: str, of: str = "customer_id") -> RunSQL:
    """Fill ``column`` of a new row with its ``of``, for good.

    A merge rewrites whose a row is; ``column`` still says with whom it was recorded, so that an undo
    knows where it belongs, whatever wrote it.
    """
    function = f"{table}_remembers"
    return RunSQL(
        sql=f"""
        CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.{column} := coalesce(NEW.{column}, NEW.{of});
            RETURN NEW;
        END $$;
        CREATE TRIGGER {function} BEFORE INSERT ON {table}
            FOR EACH ROW EXECUTE FUNCTION {function}();
        """,
        reverse_sql=f"DROP TRIGGER {function} ON {table}; DROP FUNCTION {function}();",
    )
