"""The rehearsal itself: the product's own services, morning by morning over somebody's past.

Runs in a process whose only database is the rehearsal's. The order file is cut into days first; a day's orders are
imported when that day is over, and not before, so that no query can look ahead.
"""

from __future__ import annotations

import resource
import sys
import time as clock
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from campaigns.models import Campaign, Delivery, Moment, PlanRun, SendingPolicy
from campaigns.queries import judging
from campaigns.rules.codes import DeliveryState
from campaigns.services import composing, delivering, fencing, order_days, planning
from campaigns.services.order_days import Days, Reading
from profiles.models import Company, Customer, Habit, Source
from profiles.queries.company import company
from profiles.queries.due import MOMENT as DUE_REORDER
from profiles.rules.names import Channel, Purpose, SourceKind
from profiles.rules.orders import Field
from profiles.services import consenting, importing, learning

REFIT_EVERY_DAYS = 15
PLAN_AT, SEND_AT = time(5, 0), time(12, 0)

Progress = Callable[[Mapping[str, Any]], None]


@dataclass
class Steps:
    """Seconds and peak memory of each step, added up over the mornings."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    peak_mb: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        _forget_peak()
        start = clock.perf_counter()
        yield
        self.seconds[name] += clock.perf_counter() - start
        self.peak_mb[name] = max(self.peak_mb[name], _peak_mb())

    def report(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "seconds": round(seconds, 1), "peak_mb": round(self.peak_mb[name])}
            for name, seconds in self.seconds.items()
        ]


def rehearse(
    *, reading: Reading, as_of: date | None, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Run the whole rehearsal and return its report.

    Raises:
        NothingToRehearse: there are no orders before or after ``as_of``.
        OrderFileError: the file cannot be read.
    """
    steps = Steps()
    _settle_house(reading.time_zone)
    size = reading.path.stat().st_size
    with steps.step("read"):
        days = order_days.cut(
            reading=reading,
            folder=folder,
            progress=lambda done: progress({"step": "Reading the file", "done": done, "of": size}),
        )
    first = order_days.first_morning(days.days, as_of)
    source = Source.objects.create(code="rehearsal", name="Order file", kind=SourceKind.FILE)
    with steps.step("import"):
        progress({"step": "Importing the past", "done": 0, "of": 0})
        _import(order_days.joined(days, first), source, first - timedelta(days=1))
    with steps.step("learn"):
        progress({"step": "Learning from the past", "done": 0, "of": 0})
        learning.learn_everything(now=_at(first, PLAN_AT))
    _mornings(days, first, source, steps, progress)
    with steps.step("judge"):
        timing = judging.timing(first=first, last=days.days[-1])
    return _report(days, first, timing, steps)


def _mornings(days: Days, first: date, source: Source, steps: Steps, progress: Progress) -> None:
    last = days.days[-1]
    count = (last - first).days + 1
    have = set(days.days)
    for number in range(count):
        day = first + timedelta(days=number)
        progress({"step": f"Morning of {day:%d %B %Y}", "done": number, "of": count})
        with steps.step("learn"):
            # Of a fit so late that nothing it leads to is judged, nobody learns anything.
            if number and number % REFIT_EVERY_DAYS == 0 and number < count - judging.AFTER_DAYS:
                learning.refit(now=_at(day, PLAN_AT))
            learning.learn_due(now=_at(day, PLAN_AT), limit=10**9)
        with steps.step("plan"):
            planning.plan_morning(now=_at(day, PLAN_AT))
        with steps.step("send"):
            delivering.deliver_due(now=_at(day, SEND_AT), limit=10**9)
        with steps.step("import"):
            if day in have:
                _import(days.file(day), source, day)


# --- the house it plays in ------------------------------------------------------------------------


def _settle_house(time_zone: str) -> None:
    company()
    Company.objects.update(time_zone=time_zone, name="Rehearsal")
    composing.ensure_defaults()
    # An order file is the past of purchases alone: only reminders to buy again can be judged by it.
    Campaign.objects.exclude(moment=DUE_REORDER).update(is_live=False)
    # Nobody is really written to, so nobody is held back for comparison: the past is the judge.
    SendingPolicy.objects.update_or_create(
        id=1, defaults={"control_share": 0.0, "is_rehearsal": True}
    )
    fencing.adopt_new_database()


def _import(path: Path, source: Source, day: date) -> None:
    now = _at(day + timedelta(days=1), time(0, 30))
    importing.import_file(
        path=path, source=source, mapping={str(f): str(f) for f in Field}, time_zone="UTC", now=now
    )
    _presume_contact(now)


def _presume_contact(now: datetime) -> None:
    """Presume an address and consent for everybody new, since order files carry none."""
    wording = consenting.publish_wording(
        purpose=Purpose.REMINDERS, language="en", text="Presumed for a rehearsal; nobody was asked."
    )
    scope: dict[str, Any] = {
        "now": now,
        "wording": wording.pk,
        "purpose": Purpose.REMINDERS.value,
        "channel": Channel.EMAIL.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id, first_seen_at)"
            " SELECT 'email', 'customer-' || p.id || '@rehearsal.invalid', p.customer_id, p.id, %(now)s"
            " FROM profiles_profile p ON CONFLICT DO NOTHING",
            scope,
        )
        cursor.execute(
            "INSERT INTO profiles_consententry (customer_id, origin_profile_id, purpose, channel, state,"
            " occurred_at, recorded_at, door, actor, wording_id, evidence_hash)"
            " SELECT p.customer_id, p.id, %(purpose)s, %(channel)s, 'granted', %(now)s, %(now)s, 'file',"
            " 'rehearsal', %(wording)s, '' FROM profiles_profile p"
            " WHERE NOT EXISTS (SELECT 1 FROM profiles_consententry e WHERE e.customer_id = p.customer_id)",
            scope,
        )


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=ZoneInfo(company().time_zone))


# --- the report -----------------------------------------------------------------------------------

_NOTES = (
    "This proves the timing, not that the reminder caused the purchase: nobody was written to.",
    "Contact and consent are presumed for everybody, and nobody is held back as a control group.",
    "Counted are the reminders that were set, also those withdrawn because it was bought just before.",
    "Reminders with less than 7 days of the file left after them are not judged.",
)


def _report(days: Days, first: date, timing: dict[str, Any], steps: Steps) -> dict[str, Any]:
    decided: Counter[str] = Counter()
    for run in PlanRun.objects.all():
        decided.update(run.counts)
    doubts = _counts(
        "SELECT doubt, count(*) FROM profiles_habit WHERE product_id IS NOT NULL GROUP BY 1"
    )
    return {
        "as_of": first.isoformat(),
        "last_day": days.days[-1].isoformat(),
        "rows": {
            "read": days.read,
            "rejected": sum(days.rejected.values()),
            "reasons": dict(days.rejected),
        },
        "customers": Customer.objects.count(),
        "habits": {
            "sure": doubts.pop("", 0),
            "not_sure": sum(doubts.values()),
            "doubts": doubts,
            "groups": Habit.objects.filter(category__isnull=False).count(),
        },
        "moments": Moment.objects.count(),
        "decisions": {"speak": decided.pop("speak", 0), "silent": dict(decided.most_common())},
        "messages": Delivery.objects.filter(state=DeliveryState.SENT).count(),
        "deliveries": _counts("SELECT state, count(*) FROM campaigns_delivery GROUP BY 1"),
        "skipped": _counts(
            "SELECT reason, count(*) FROM campaigns_delivery WHERE reason <> '' GROUP BY 1"
        ),
        "timing": timing,
        "steps": steps.report(),
        "notes": list(_NOTES),
    }


def _counts(query: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())


# --- memory ---------------------------------------------------------------------------------------


def _forget_peak() -> None:
    """Start measuring anew where the system can (Linux: proc(5), clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak_mb() -> float:
    """Peak resident memory of this process in MB since the last ``_forget_peak``."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024
