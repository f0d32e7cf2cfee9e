"""What the overview shows: a few small reads, each bounded by an index on the time of decision or moment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from campaigns.rules.codes import Arm, DeliveryState, Door, OutcomeKind, Refusal, Verdict
from campaigns.rules.results import Comparison, Share
from profiles.queries.company import company_zone
from profiles.queries.due import MOMENT as DUE_REORDER

SHOWN_DAYS = 30
# Spans to choose from.
SPANS = (7, SHOWN_DAYS, 90)
# A control group of one in ten needs more time than a month to say anything.
JUDGED_DAYS = 90
# In time: bought from 3 days before to 7 days after the reminder, as in rehearsals.
BEFORE_DAYS, AFTER_DAYS = 3, 7


# A moment that no message answers, and in which nobody met the customer.
NOBODY_MET = "nobody_met"


class Fate(StrEnum):
    """What became of a moment."""

    CAUGHT = "caught"
    UNDER_WAY = "under_way"
    SILENT = "silent"
    MISSED = "missed"


@dataclass(frozen=True)
class Kind:
    """What became of the moments of one kind, and why nothing was said, or too late."""

    fates: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.fates.total()

    def add(self, fate: Fate, why: str, count: int) -> None:
        self.fates[fate] += count
        if fate == Fate.SILENT:
            self.reasons[why] += count
        elif fate == Fate.MISSED:
            self.misses[why] += count


@dataclass(frozen=True)
class Moments:
    """Moments by fate, by day, by kind, and by what kept us silent or late."""

    by_kind: dict[str, Kind] = field(default_factory=dict)
    fates: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)
    by_day: Counter[tuple[date, Fate]] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.fates.total()

    @property
    def silence(self) -> Share:
        """How often nothing was said, of all moments."""
        return Share(self.fates[Fate.SILENT], self.total)

    def add(self, kind: str, day: date, fate: Fate, why: str, count: int) -> None:
        self.fates[fate] += count
        self.by_day[day, fate] += count
        if fate == Fate.SILENT:
            self.reasons[why] += count
        elif fate == Fate.MISSED:
            self.misses[why] += count
        self.by_kind.setdefault(kind, Kind()).add(fate, why, count)


@dataclass(frozen=True)
class Reminders:
    """Reminders whose 7 days have passed: how many hit, and the same of the control group."""

    sent: Share
    against_control: Comparison


@dataclass(frozen=True)
class Burden:
    """What we cost people: messages that left, to how many, and how many said it was too much."""

    messages: int
    customers: int
    unwanted: int
    stopped: int
    too_personal: int
    days: int = SHOWN_DAYS

    @property
    def per_customer_week(self) -> float:
        weeks = self.days / 7
        return self.messages / self.customers / weeks if self.customers else 0.0


@dataclass(frozen=True)
class Span:
    """The time that is looked at: whole days by the house's clock, up to now."""

    now: datetime
    zone: ZoneInfo
    days: int = SHOWN_DAYS

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def since(self, days: int = 0) -> datetime:
        """Tell when the first of the last ``days`` days (0: of the span) began, today being one of them."""
        first = self.today - timedelta(days=(days or self.days) - 1)
        return datetime(first.year, first.month, first.day, tzinfo=self.zone)


def span_until(now: datetime, days: int = SHOWN_DAYS) -> Span:
    return Span(now, company_zone(), days)


# A moment that was caught stays caught, whatever was decided after (a "not relevant" silences what comes next).
# Else its newest decision is the one that counts; a moment is decided anew only when the answer changed, so there
# are few of each. What was decided for a door where somebody is met was said once an answer to it came in: an
# answer of the customer, or "said" by staff. Being asked what to say is not yet saying it.
_MOMENTS = """
    WITH weighed AS (
        SELECT d.id, d.moment_id, d.verdict, d.door, d.reasons->>0 AS reason, d.decided_at,
            l.state, l.reason AS undone,
            d.verdict = 'speak' AND (coalesce(l.state = 'sent', false) OR d.door <> 'email' AND EXISTS (
                SELECT FROM campaigns_outcome o WHERE o.decision_id = d.id AND o.taken_back_at IS NULL)) AS caught
        FROM campaigns_decision d LEFT JOIN campaigns_delivery l ON l.decision_id = d.id
        WHERE d.decided_at >= %(since)s AND d.decided_at <= %(now)s
    ), counting AS (
        SELECT DISTINCT ON (moment_id) * FROM weighed ORDER BY moment_id, caught DESC, decided_at DESC, id DESC
    )
    SELECT m.kind, (n.decided_at AT TIME ZONE %(zone)s)::date, n.verdict, n.caught, m.until >= %(today)s,
        n.door = 'email', n.reason, n.state, n.undone, count(*)
    FROM counting n JOIN campaigns_moment m ON m.id = n.moment_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
# What no message answers has a decision once staff spoke; without one it waits, or was missed.
_UNDECIDED = """
    SELECT m.kind, (m.seen_at AT TIME ZONE %(zone)s)::date, m.until >= %(today)s, count(*)
    FROM campaigns_moment m
    WHERE m.seen_at >= %(since)s AND m.seen_at <= %(now)s
        AND NOT EXISTS (SELECT FROM campaigns_decision d WHERE d.moment_id = m.id)
    GROUP BY 1, 2, 3
"""

# Silences that grew old are kept as counts.
_FOLDED = """
    SELECT moment, "on", reason, sum(moments)::bigint FROM campaigns_silentday
    WHERE "on" >= %(first)s AND "on" <= %(today)s AND moments > 0 GROUP BY 1, 2, 3
"""


def moments(span: Span) -> Moments:
    """Count the moments of the span by kind and by what became of them: caught, silent, missed."""
    found = Moments()
    scope: dict[str, Any] = {
        "since": span.since(), "now": span.now, "zone": span.zone.key, "today": span.today,
        "first": span.since().date(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MOMENTS, scope)
        for kind, day, verdict, caught, is_open, *ended, count in cursor.fetchall():
            if caught:
                found.add(kind, day, Fate.CAUGHT, "", count)
            else:
                found.add(kind, day, *_not_caught(verdict, is_open, *ended), count)
        cursor.execute(_UNDECIDED, scope)
        for kind, day, is_open, count in cursor.fetchall():
            found.add(kind, day, Fate.UNDER_WAY if is_open else Fate.MISSED, NOBODY_MET, count)
        cursor.execute(_FOLDED, scope)
        for kind, day, reason, count in cursor.fetchall():
            found.add(kind, day, *_silent(reason), count)
    return found


def _not_caught(
    verdict: str,
    is_open: bool,
    by_message: bool,
    reason: str | None,
    state: str | None,
    undone: str | None,
) -> tuple[Fate, str]:
    """Say what became of a moment in which nothing has reached the customer, and why."""
    if verdict == Verdict.SILENT:
        return _silent(reason or "")
    if not by_message:
        return Fate.UNDER_WAY if is_open else Fate.MISSED, NOBODY_MET
    if state == DeliveryState.SKIPPED:  # something came in between, and silence was right
        return Fate.SILENT, undone or ""
    waiting = state in {DeliveryState.PLANNED, DeliveryState.CLAIMED}
    return Fate.UNDER_WAY if waiting else Fate.MISSED, state or ""


def _silent(reason: str) -> tuple[Fate, str]:
    return Fate.MISSED if reason == Refusal.TOO_LATE else Fate.SILENT, reason


# Both groups are held to the same clock, the morning of the decision, and the reminded one counts
# whether its message arrived or not: leaving out what failed would make it a chosen group. For the
# comparison each customer counts once, with their first moment, for customers were drawn by chance
# and not moments.
_REMINDERS = f"""
    WITH decided AS (
        SELECT d.id, d.customer_id, d.arm, m.subject_id, m.cycle, l.state, d.decided_at,
            (d.decided_at AT TIME ZONE %(zone)s)::date AS on_day
        FROM campaigns_decision d JOIN campaigns_moment m ON m.id = d.moment_id
        LEFT JOIN campaigns_delivery l ON l.decision_id = d.id
        WHERE d.decided_at >= %(since)s AND d.decided_at < %(until)s
            AND m.kind = %(kind)s AND d.door = %(email)s
            AND ((d.arm = %(treated)s AND d.verdict = %(speak)s)
                OR (d.arm = %(control)s AND d.reasons = jsonb_build_array(%(on_purpose)s::text)))
    ),
    judged AS (
        SELECT d.*,
            row_number() OVER (PARTITION BY customer_id ORDER BY decided_at, id) = 1 AS first,
            EXISTS (
                SELECT FROM profiles_purchaseline b
                WHERE b.customer_id = d.customer_id AND b.product_id = d.subject_id
                    AND b.quantity > 0
                    AND b.occurred_at >= GREATEST(d.on_day - {BEFORE_DAYS}, d.cycle + 1)::timestamp
                        AT TIME ZONE %(zone)s
                    AND b.occurred_at < (d.on_day + {AFTER_DAYS} + 1)::timestamp
                        AT TIME ZONE %(zone)s
            ) AS hit
        FROM decided d
    )
    SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state = 'sent' AND hit),
        count(*) FILTER (WHERE first AND arm = %(treated)s),
        count(*) FILTER (WHERE first AND arm = %(treated)s AND hit),
        count(*) FILTER (WHERE first AND arm = %(control)s),
        count(*) FILTER (WHERE first AND arm = %(control)s AND hit)
    FROM judged
"""


def reminders(span: Span) -> Reminders:
    """Judge the reminders of 90 days whose 7 days have passed, beside the control group."""
    scope: dict[str, str | datetime] = {
        "zone": span.zone.key,
        "since": span.since(JUDGED_DAYS),
        "until": span.since(AFTER_DAYS + 1),
        "kind": DUE_REORDER,
        "email": Door.EMAIL.value,
        "speak": Verdict.SPEAK.value,
        "treated": Arm.TREATED.value,
        "control": Arm.CONTROL.value,
        "on_purpose": Refusal.CONTROL.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_REMINDERS, scope)
        sent, hit, treated, treated_hit, control, control_hit = cursor.fetchone()
    groups = Comparison(Share(treated_hit, treated), Share(control_hit, control))
    return Reminders(sent=Share(hit, sent), against_control=groups)


_BURDEN = """
    SELECT count(DISTINCT l.id), count(DISTINCT l.customer_id),
        count(DISTINCT o.decision_id) FILTER (WHERE o.kind IN (%(irrelevant)s, %(less)s)),
        count(DISTINCT o.decision_id) FILTER (WHERE o.kind = %(stop)s),
        count(DISTINCT o.decision_id) FILTER (WHERE o.kind = %(too_personal)s)
    FROM campaigns_decision d JOIN campaigns_delivery l ON l.decision_id = d.id
    LEFT JOIN campaigns_outcome o ON o.decision_id = d.id AND o.taken_back_at IS NULL
    WHERE d.decided_at >= %(since)s AND d.decided_at <= %(now)s AND l.state = %(sent)s
"""


def burden(span: Span) -> Burden:
    """Count the messages of the span, and the customers who said that one was too many."""
    scope: dict[str, str | datetime] = {
        "since": span.since(),
        "now": span.now,
        "sent": DeliveryState.SENT.value,
        "irrelevant": OutcomeKind.NOT_RELEVANT.value,
        "less": OutcomeKind.LESS.value,
        "stop": OutcomeKind.STOP.value,
        "too_personal": OutcomeKind.TOO_PERSONAL.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BURDEN, scope)
        messages, customers, unwanted, stopped, too_personal = cursor.fetchone()
    return Burden(messages, customers, unwanted, stopped, too_personal, days=span.days)
