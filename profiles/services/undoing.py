"""Takes back an import: the rows that it made go, unless something else stands on them by now.

One transaction, set-based, by the stretches of ids that the import noted (``ImportedRow``). Joins are parted
first, and every row goes back to whom it was recorded for. What stays is counted: customers with anything of
another origin, purchases that earned points, and names that were filled in. Consent is a ledger: a yes that
the file brought is answered by a no, a no stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.apps import apps
from django.db import connection, transaction
from django.db.models import ForeignKey

from cxportal.lib.errors import DomainError
from profiles.models import ImportedRow, ImportJob
from profiles.rules.names import JobState
from profiles.services import merging


class NothingToTakeBack(DomainError):
    """The import is not done, was a dry run, or made no rows that are known."""

    code = "nothing_to_take_back"


def may_ask(job: ImportJob) -> bool:
    """Tell whether an import can be taken back: done, no dry run, not asked yet, with rows of its own."""
    is_over = job.state in {JobState.DONE, JobState.FAILED}
    asked = job.undo_asked_at is not None
    return is_over and not asked and ImportedRow.objects.filter(job=job).exists()


def ask(*, job_id: int, now: datetime) -> ImportJob:
    """Have a worker take back an import. Repeatable.

    Raises:
        NothingToTakeBack
    """
    with transaction.atomic():
        job = ImportJob.objects.select_for_update(no_key=True).get(pk=job_id)
        if job.undo_asked_at is None:
            if not may_ask(job):
                raise NothingToTakeBack("There is nothing that this import could take back.")
            job.undo_asked_at = now
            job.save(update_fields=["undo_asked_at"])
    return job


def run_next(*, now: datetime) -> bool:
    """Take back the import that waits longest for it; False where none does.

    An error undoes the whole; the next tick tries again.
    """
    with transaction.atomic():
        waiting = ImportJob.objects.filter(undo_asked_at__isnull=False, undone_at=None)
        job = waiting.order_by("undo_asked_at", "pk").for_claim().first()
        if job is None:
            return False
        gone, stayed = _taken_back(job, now)
        job.counts = job.counts | {"taken_back": gone, "stayed": stayed}
        job.undone_at = now
        job.save(update_fields=["counts", "undone_at"])
        ImportedRow.objects.filter(job=job).delete()
    return True


_IN_JOB = """
    EXISTS (SELECT FROM profiles_importedrow r WHERE r.job_id = %(job)s AND r.model = '{model}'
               AND t.id BETWEEN r.first_id AND r.last_id)
"""


def _taken_back(job: ImportJob, now: datetime) -> tuple[dict[str, int], dict[str, int]]:
    gone: dict[str, int] = {}
    stayed: dict[str, int] = {}
    with connection.cursor() as cursor:

        def run(sql: str) -> int:
            cursor.execute(sql, {"job": job.pk, "now": now, "actor": f"undo:{job.pk}"})
            return int(cursor.rowcount)

        def left(model: str) -> int:
            table = apps.get_model(model)._meta.db_table
            of_job = _IN_JOB.format(model=model)
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE {of_job}", {"job": job.pk})
            return int(cursor.fetchone()[0])

        run(_RELEARN)
        gone["profiles.ProfileEdge"] = _parted(job, now)
        run(_WITHOUT_EDGES)
        for model in ("profiles.FactValue", "profiles.Touchpoint", "profiles.PurchaseLine"):
            gone[model] = run(_delete(model))
            stayed[model] = left(model)
        if not stayed["profiles.Touchpoint"]:
            run(_delete("profiles.EventKey"))
        gone["profiles.ConsentEntry"] = run(_SAY_NO)
        stayed["profiles.ConsentEntry"] = (
            left("profiles.ConsentEntry") - gone["profiles.ConsentEntry"]
        )
        run(_purchases("DELETE FROM profiles_purchaseline l USING profiles_purchase t"
                       " WHERE l.purchase_id = t.id AND"))  # fmt: skip
        gone["profiles.Purchase"] = run(_purchases("DELETE FROM profiles_purchase t WHERE"))
        stayed["profiles.Purchase"] = left("profiles.Purchase")
        run(_WITHOUT_SIGHTINGS)
        gone["profiles.Identifier"] = run(_delete("profiles.Identifier"))
        stayed["profiles.Identifier"] = left("profiles.Identifier")
        gone["profiles.Customer"] = _without_customers(run)
        stayed["profiles.Customer"] = left("profiles.Customer")
    return _some(gone), _some(stayed)


def _parted(job: ImportJob, now: datetime) -> int:
    stretches = ImportedRow.objects.filter(job=job, model="profiles.ProfileEdge")
    made = [
        edge
        for first, last in stretches.values_list("first_id", "last_id")
        for edge in range(first, last + 1)
    ]
    return merging.part_again(edges=made, by=f"undo:{job.pk}", now=now)


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {model: count for model, count in counts.items() if count}


# --- what stands on a row --------------------------------------------------------------------------


def _free(model: str, *, but: Iterable[str] = ()) -> str:
    """SQL: no row of any other table leads to row ``t`` of this one, ``but`` for these columns."""
    conditions = ["true"]
    for relation in apps.get_model(model)._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete and relation.is_relation):
            continue
        key = relation.field
        if not isinstance(key, ForeignKey):
            continue
        other = key.model._meta
        if f"{other.label}.{key.name}" not in set(but):
            conditions.append(
                f"NOT EXISTS (SELECT FROM {other.db_table} x WHERE x.{key.column} = t.id)"
            )
    return " AND ".join(conditions)


def _delete(model: str) -> str:
    table = apps.get_model(model)._meta.db_table
    return f"DELETE FROM {table} t WHERE {_IN_JOB.format(model=model)} AND {_free(model)}"


def _purchases(what: str) -> str:
    """Purchases on which nothing stands but their lines, none of which is of another import or rewarded."""
    lines = _free("profiles.PurchaseLine").replace(" = t.id", " = own.id")
    return f"""
        {what} {_IN_JOB.format(model="profiles.Purchase")}
           AND {_free("profiles.Purchase", but=["profiles.PurchaseLine.purchase"])}
           AND NOT EXISTS (
               SELECT FROM profiles_purchaseline own
                WHERE own.purchase_id = t.id AND NOT ({lines}))
           AND NOT EXISTS (
               SELECT FROM profiles_purchaseline own JOIN profiles_importedrow later
                   ON later.model = 'profiles.PurchaseLine' AND later.job_id <> %(job)s
                  AND own.id BETWEEN later.first_id AND later.last_id
                WHERE own.purchase_id = t.id)
    """


# What joined a profile of this import goes with it; of two that were known before, the record stays.
_WITHOUT_EDGES = f"""
    DELETE FROM profiles_profileedge t
     WHERE {_IN_JOB.format(model="profiles.ProfileEdge")} AND t.removed_at IS NOT NULL
       AND EXISTS (SELECT FROM profiles_importedrow p
                    WHERE p.job_id = %(job)s AND p.model = 'profiles.Profile'
                      AND (t.low_id BETWEEN p.first_id AND p.last_id
                           OR t.high_id BETWEEN p.first_id AND p.last_id))
"""
# Who else was seen with an address of this import is learned anew when they are seen again.
_WITHOUT_SIGHTINGS = f"""
    DELETE FROM profiles_sharedsighting s USING profiles_identifier t
     WHERE s.identifier_id = t.id AND {_IN_JOB.format(model="profiles.Identifier")}
"""
_RELEARN = f"""
    UPDATE profiles_customer SET habits_due = true WHERE id IN (
        SELECT t.customer_id FROM profiles_purchase t WHERE {_IN_JOB.format(model="profiles.Purchase")}
        UNION
        SELECT t.customer_id FROM profiles_purchaseline t
         WHERE {_IN_JOB.format(model="profiles.PurchaseLine")})
"""
# A yes of this import that still stands, and was none before it.
_SAY_NO = f"""
    INSERT INTO profiles_consententry (customer_id, origin_profile_id, purpose, channel, state,
                                       occurred_at, recorded_at, door, actor, evidence_hash)
    SELECT t.customer_id, t.origin_profile_id, t.purpose, t.channel, 'withdrawn', %(now)s, %(now)s,
           'file', %(actor)s, ''
      FROM profiles_consententry t
     WHERE {_IN_JOB.format(model="profiles.ConsentEntry")} AND t.state = 'granted'
       AND NOT EXISTS (
           SELECT FROM profiles_consententry e
            WHERE e.customer_id = t.customer_id AND e.origin_profile_id = t.origin_profile_id
              AND e.purpose = t.purpose AND e.channel = t.channel AND e.state <> 'asked'
              AND (e.occurred_at, e.id) > (t.occurred_at, t.id))
       AND 'granted' IS DISTINCT FROM (
           SELECT e.state FROM profiles_consententry e
            WHERE e.customer_id = t.customer_id AND e.origin_profile_id = t.origin_profile_id
              AND e.purpose = t.purpose AND e.channel = t.channel AND e.state <> 'asked'
              AND (e.occurred_at, e.id) < (t.occurred_at, t.id)
            ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1)
"""


def _without_customers(execute: Callable[[str], int]) -> int:
    """Remove customers whom the import made, of whom nothing else is known, with what was learned of them."""
    parts = ["profiles.Profile.customer", "profiles.Profile.home_customer"]
    learned = ["profiles.Habit.customer", "profiles.VisitRhythm.customer",
               "profiles.Suspicion.low", "profiles.Suspicion.high", "profiles.Finding.customer"]  # fmt: skip
    # Profiles first, and each question of a customer by one column: what joins by an "or" is asked of every
    # pair of the two tables.
    execute(f"""
        CREATE TEMP TABLE undone_profile ON COMMIT DROP AS
        SELECT t.id FROM profiles_profile t
         WHERE {_IN_JOB.format(model="profiles.Profile")} AND t.customer_id = t.home_customer_id
           AND {_free("profiles.Profile", but=["profiles.SharedSighting.profile"])}
    """)
    execute("ANALYZE undone_profile")
    execute(f"""
        CREATE TEMP TABLE undone_customer ON COMMIT DROP AS
        SELECT t.id FROM profiles_customer t
         WHERE {_IN_JOB.format(model="profiles.Customer")}
           AND {_free("profiles.Customer", but=[*parts, *learned])}
           AND NOT EXISTS (
               SELECT FROM profiles_profile own
                WHERE own.home_customer_id = t.id AND own.customer_id <> t.id)
           AND NOT EXISTS (
               SELECT FROM profiles_profile own
                WHERE own.customer_id = t.id
                  AND NOT EXISTS (SELECT FROM undone_profile u WHERE u.id = own.id))
    """)
    execute("ANALYZE undone_customer")
    gone = "IN (SELECT id FROM undone_customer)"
    execute(f"DELETE FROM profiles_habit WHERE customer_id {gone}")
    execute(f"DELETE FROM profiles_visitrhythm WHERE customer_id {gone}")
    execute(f"DELETE FROM profiles_suspicion WHERE low_id {gone} OR high_id {gone}")
    execute(f"DELETE FROM profiles_finding WHERE customer_id {gone}")
    execute(
        "DELETE FROM profiles_sharedsighting s USING profiles_profile p"
        f" WHERE s.profile_id = p.id AND p.customer_id {gone}"
    )
    execute(f"DELETE FROM profiles_profile WHERE customer_id {gone}")
    return execute(f"DELETE FROM profiles_customer WHERE id {gone}")
