"""Who looked at whom: for the supervisor, and as a number for the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from profiles.models import AccessRecord
from profiles.queries.people import component
from profiles.rules.names import AccessAct

ROWS = 50
# A customer reads how often staff looked in so many days.
COUNTED_DAYS = 365
# The page that shows the record itself.
THE_RECORD = "looks"


@dataclass(frozen=True)
class Asked:
    """Which looks; None leaves open. The days are those of ``zone``, both included."""

    zone: ZoneInfo
    user_id: int | None = None
    customer_id: int | None = None
    act: str = ""
    since: date | None = None
    until: date | None = None
    before: tuple[datetime, int] | None = None


@dataclass(frozen=True)
class Look:
    """One look as the list shows it."""

    occurred_at: datetime
    who: str
    customer_id: int | None
    whom: str
    act: str
    door: str
    detail: str
    reason: str
    ip_address: str


@dataclass(frozen=True)
class Looks:
    """Some looks, newest first; ``next`` is where older ones begin, None at the end."""

    rows: Sequence[Look]
    next: tuple[datetime, int] | None


def looks(asked: Asked) -> Looks:
    """List looks, newest first, at most ``ROWS``; two queries, whatever there is."""
    rows = AccessRecord.objects.filter(_where(asked)).select_related("user", "customer")
    found = list(rows.order_by("-occurred_at", "-pk")[: ROWS + 1])
    page = found[:ROWS]
    last = page[-1] if len(found) > ROWS else None
    return Looks([_look(row) for row in page], (last.occurred_at, last.pk) if last else None)


def _where(asked: Asked) -> Q:
    where = Q()
    if asked.user_id is not None:
        where &= Q(user_id=asked.user_id)
    if asked.customer_id is not None:
        where &= Q(customer_id__in=component(asked.customer_id) or [asked.customer_id])
    if asked.act:
        where &= Q(act=asked.act)
    if asked.since is not None:
        where &= Q(occurred_at__gte=_midnight(asked.since, asked.zone))
    if asked.until is not None and asked.until < date.max:
        where &= Q(occurred_at__lt=_midnight(asked.until + timedelta(days=1), asked.zone))
    if asked.before is not None:
        moment, key = asked.before
        where &= Q(occurred_at__lt=moment) | Q(occurred_at=moment, pk__lt=key)
    return where


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone)


def _look(row: AccessRecord) -> Look:
    user, customer = row.user, row.customer
    return Look(
        row.occurred_at,
        (user.get_full_name() or user.get_username()) if user else row.actor,
        row.customer_id,
        (customer.name or str(customer)) if customer else "",
        row.act,
        row.door,
        row.detail,
        row.reason,
        row.ip_address or "",
    )


def times_looked(customer_ids: Sequence[int], now: datetime) -> int:
    """How often staff looked at a person in the last year; changes count, reading this record does not."""
    since = now - timedelta(days=COUNTED_DAYS)
    acts = [AccessAct.LOOKED, AccessAct.CHANGED, AccessAct.EXPORTED]
    rows = AccessRecord.objects.filter(
        customer_id__in=list(customer_ids), occurred_at__gte=since, act__in=acts
    )
    return rows.exclude(door=THE_RECORD).count()
