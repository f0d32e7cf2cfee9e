"""What staff at a counter must and should know of a customer: what to mind first of all, and their wishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from profiles.models import Customer
from profiles.queries.facts import Known, for_staff
from profiles.queries.households import Member, Warning, household
from profiles.rules.facts import day_in_words


@dataclass(frozen=True)
class Alert:
    """Something to mind: for whom, what, and since when we know it."""

    who: str
    what: str
    source: str


@dataclass(frozen=True)
class CounterKnown:
    """Alerts of the whole household, and what the customer told us that staff should know."""

    alerts: Sequence[Alert]
    wishes: Sequence[Known]


def counter_known(*, customer: Customer, zone: ZoneInfo, now: datetime) -> CounterKnown:
    """Load both, in two queries."""
    alerts = [
        _alert(member, warning, zone, now)
        for member in household(customer.pk, now)
        for warning in member.warnings
    ]
    return CounterKnown(alerts, for_staff(customer.pk, now))


def _alert(member: Member, warning: Warning, zone: ZoneInfo, now: datetime) -> Alert:
    name = member.words(now.astimezone(zone).date())
    return Alert(
        who=name if member.is_self else f"Household: {name}",
        what=warning.words,
        source=f"Told on {day_in_words(warning.told_at.astimezone(zone).date())}",
    )
