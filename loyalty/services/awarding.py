"""Booking points: for purchases by the thousand, and one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from cxportal.lib.errors import DomainError, violated_constraint
from loyalty.models import AwardCursor, PointsEntry, Programme
from loyalty.rules import MOST_POINTS, EntryKind, minor_per_unit
from loyalty.services import setting_up
from profiles.models import Customer
from profiles.queries.company import company


class SourceRefReused(DomainError):
    """The same source was given again, with different content."""

    code = "source_ref_reused"


class PointsRefused(DomainError):
    """Points of this kind cannot be booked like this."""

    code = "points_refused"


@dataclass(frozen=True)
class Counts:
    """What one run did; ``caught_up``: every line that stands in the table was looked at."""

    purchases: int = 0
    entries: int = 0
    points: int = 0
    caught_up: bool = True


def award_for_purchases(*, now: datetime, limit: int) -> Counts:
    """Book points for purchases that came in since the last run: of ``limit`` new lines at most.

    For each purchase touched, what its lines are worth is compared with what was booked for it, and
    the difference is booked: so it can run twice, late lines correct, and returns take points away.
    Holds the cursor's row; a second run at the same time leaves the work to the first.
    """
    programme = setting_up.ensure_programme()
    if not programme.enabled:
        return Counts()
    with transaction.atomic():
        cursor = AwardCursor.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if cursor is None:
            return Counts(caught_up=False)
        newest, caught_up = _look_ahead(cursor.seen_line, limit)
        # Lines become visible in the order of commits, not of ids, so "id > cursor" alone would
        # lose a slow till's lines. Who writes lines holds ROW EXCLUSIVE on the table from before an
        # id is drawn until after the rows are visible: when, after reading ``newest``, nobody holds
        # it, no line up to there is still to come. Until then the lines are looked at again.
        settled = not _lines_being_written()
        counts = _book_differences(programme, cursor.settled_line, newest, now)
        AwardCursor.objects.filter(pk=1).update(
            seen_line=newest, settled_line=newest if settled else cursor.settled_line
        )
    return Counts(**counts, caught_up=caught_up)


def _look_ahead(seen: int, limit: int) -> tuple[int, bool]:
    """Return the last of the next ``limit`` line ids, and whether it is the last of all."""
    with connection.cursor() as sql:
        sql.execute(
            """
            SELECT coalesce(max(id), %(seen)s), count(*) < %(limit)s
            FROM (SELECT id FROM profiles_purchaseline WHERE id > %(seen)s
                  ORDER BY id LIMIT %(limit)s) AS ahead
            """,
            {"seen": seen, "limit": limit},
        )
        newest, caught_up = sql.fetchone()
    return newest, caught_up


def _lines_being_written() -> bool:
    with connection.cursor() as sql:
        sql.execute(
            """
            SELECT EXISTS (
                SELECT FROM pg_locks
                WHERE locktype = 'relation' AND relation = 'profiles_purchaseline'::regclass
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock',
                               'ExclusiveLock', 'AccessExclusiveLock')
                  AND pid IS DISTINCT FROM pg_backend_pid() AND granted)
            """
        )
        return bool(sql.fetchone()[0])


# Fractions of a point are dropped, and sums without measure cut, as in ``rules.points_for``; a test compares the
# two.
# Goods earn points. Charges earn none and take none, but a discount lessens what its goods earn, and
# what its return takes back; so postage that is refunded with a return costs no points.
_BOOK_DIFFERENCES = """
    WITH touched AS (
        SELECT DISTINCT purchase_id FROM profiles_purchaseline
        WHERE id > %(after)s AND id <= %(newest)s
    ), paid AS (
        SELECT purchase_id, CASE
            WHEN goods > 0 THEN greatest(0, goods + least(0, charges))
            ELSE least(0, goods + greatest(0, charges)) END AS amount_minor
        FROM (
            SELECT purchase_id,
                coalesce(sum(quantity * unit_price_minor) FILTER (WHERE p.kind = 'goods'), 0) AS goods,
                coalesce(sum(quantity * unit_price_minor) FILTER (WHERE p.kind <> 'goods'), 0) AS charges
            FROM profiles_purchaseline l
            JOIN touched USING (purchase_id) JOIN profiles_product p ON p.id = l.product_id
            GROUP BY purchase_id) AS sums
    ), booked AS (
        SELECT purchase_id, sum(points) AS points, count(*) AS entries, min(rate) AS rate
        FROM loyalty_pointsentry JOIN touched USING (purchase_id)
        GROUP BY purchase_id
    ), due AS (
        SELECT purchase_id, booked.entries, coalesce(booked.rate, %(rate)s) AS rate,
               greatest(-%(most)s, least(%(most)s,
                   trunc(amount_minor * coalesce(booked.rate, %(rate)s) / %(minor)s)))
                   - coalesce(booked.points, 0) AS points
        FROM paid LEFT JOIN booked USING (purchase_id)
    ), written AS (
        INSERT INTO loyalty_pointsentry (
            customer_id, origin_profile_id, kind, points, source_ref, purchase_id, rate, actor,
            occurred_at, recorded_at)
        SELECT purchase.customer_id, purchase.origin_profile_id,
               CASE WHEN due.entries > 0 THEN 'adjustment'
                    WHEN due.points > 0 THEN 'purchase' ELSE 'return' END,
               due.points,
               'purchase:' || purchase.id || coalesce(':' || (due.entries + 1), ''),
               purchase.id, due.rate, 'programme', purchase.occurred_at, %(now)s
        FROM due JOIN profiles_purchase AS purchase ON purchase.id = due.purchase_id
        WHERE due.points <> 0
        ORDER BY purchase.id
        RETURNING points
    )
    SELECT (SELECT count(*) FROM touched), count(*), coalesce(sum(points), 0) FROM written
"""


def _book_differences(
    programme: Programme, after: int, newest: int, now: datetime
) -> dict[str, Any]:
    with connection.cursor() as sql:
        sql.execute(
            _BOOK_DIFFERENCES,
            {
                "after": after,
                "newest": newest,
                "rate": programme.points_per_unit,
                "minor": minor_per_unit(company().currency),
                "most": MOST_POINTS,
                "now": now,
            },
        )
        purchases, entries, points = sql.fetchone()
    return {"purchases": purchases, "entries": entries, "points": points}


def award_points(
    *,
    customer: Customer,
    points: int,
    kind: EntryKind,
    source_ref: str,
    by: str,
    now: datetime,
) -> PointsEntry:
    """Book a bonus or an adjustment; the same ``source_ref`` again returns the first entry.

    Raises:
        SourceRefReused: the reference was used for another customer, kind or number of points.
        PointsRefused: no points, points of the wrong sign, or a purchase's business.
    """
    entry = PointsEntry(
        customer=customer,
        kind=kind,
        points=points,
        source_ref=source_ref,
        actor=by,
        occurred_at=now,
        recorded_at=now,
    )
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        if violated_constraint(error) != "loyalty_entry_source_once":
            raise _refusal(error, entry) from error
        return _first_of(entry)
    return entry


def _refusal(error: IntegrityError, entry: PointsEntry) -> Exception:
    violated = violated_constraint(error)
    for constraint in PointsEntry._meta.constraints:
        if constraint.name == violated:
            message = str(constraint.get_violation_error_message())
            return PointsRefused(message, data={"points": entry.points, "kind": str(entry.kind)})
    return error


def _first_of(entry: PointsEntry) -> PointsEntry:
    """Return what was booked under the reference of ``entry`` before, if it is the same."""
    first = PointsEntry.objects.get(source_ref=entry.source_ref)
    same = (first.customer_id, first.points, first.kind) == (
        entry.customer_id,
        entry.points,
        entry.kind,
    )
    if not same:
        raise SourceRefReused(
            "These points were booked before, for somebody else or in another number.",
            data={"entry": first.pk},
        )
    return first


def award_bonus(customer_id: int, source_ref: str, points: int, now: datetime) -> None:
    """Give what a campaign chose to give; repeatable by ``source_ref``."""
    award_points(
        customer=Customer.objects.get(pk=customer_id),
        points=points,
        kind=EntryKind.BONUS,
        source_ref=source_ref,
        by="campaign",
        now=now,
    )


def take_bonus_back(customer_id: int, source_ref: str, now: datetime) -> None:
    """Book a bonus off again that was given by mistake; repeatable, and nothing where none was given."""
    given = PointsEntry.objects.filter(source_ref=source_ref, kind=EntryKind.BONUS).first()
    if given is not None:
        award_points(
            customer=Customer.objects.get(pk=customer_id),
            points=-given.points,
            kind=EntryKind.ADJUSTMENT,
            source_ref=f"{source_ref}:back",
            by="campaign",
            now=now,
        )
