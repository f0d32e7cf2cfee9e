"""What a customer says of a product's rhythm; it outranks what was learned.

Each statement is kept, so that it can be undone and learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import Customer, Product, ReorderSchedule, ReorderStatement
from profiles.queries.company import company_day

LONGEST_DAYS = 730
_STATE = ("every_days", "not_before_on", "sooner_on", "paused_at", "stopped_at")


class IntervalImpossible(DomainError):
    """The stated interval is not between a day and two years."""

    code = "interval_impossible"


class NothingToUndo(DomainError):
    """No statement of this customer stands for this product."""

    code = "nothing_to_undo"


@dataclass(frozen=True)
class Said:
    """Who said it, where and when."""

    customer: Customer
    product: Product
    door: str
    now: datetime


def buy_every(*, said: Said, days: int) -> ReorderSchedule:
    """Set the customer's own interval; raises ``IntervalImpossible``."""
    if not 1 <= days <= LONGEST_DAYS:
        raise IntervalImpossible("Choose between every day and every two years.")
    return _state(said, "every", days, every_days=days, sooner_on=None)


def as_learned(*, said: Said) -> ReorderSchedule:
    """Take the customer's own interval back: what was learned holds again."""
    return _state(said, "as_learned", None, every_days=None, sooner_on=None)


def still_have_plenty(*, said: Said, days: int = 14) -> ReorderSchedule:
    """Put the next reminder off by ``days``."""
    return _state(said, "plenty", days, not_before_on=_day(said, days), sooner_on=None)


def skip(*, said: Said, until: date) -> ReorderSchedule:
    """Leave this round out: nothing before ``until``."""
    days = (until - company_day(said.now)).days
    return _state(said, "skip", max(days, 0), not_before_on=until, sooner_on=None)


def sooner(*, said: Said) -> ReorderSchedule:
    """Remind at the next opportunity."""
    return _state(said, "sooner", None, sooner_on=_day(said, 0), not_before_on=None)


def pause(*, said: Said) -> ReorderSchedule:
    """No reminders for this product until resumed."""
    return _state(said, "pause", None, paused_at=said.now)


def stop(*, said: Said) -> ReorderSchedule:
    """No reminders for this product any more."""
    return _state(said, "stop", None, stopped_at=said.now)


def resume(*, said: Said) -> ReorderSchedule:
    """Take pause and stop back."""
    return _state(said, "resume", None, paused_at=None, stopped_at=None, not_before_on=None)


def undo(*, said: Said) -> ReorderSchedule:
    """Put back what stood before the newest statement.

    Raises:
        NothingToUndo: the customer said nothing of this product.
    """
    with transaction.atomic():
        newest = _newest(said)
        if newest is None:
            raise NothingToUndo("There is nothing to undo here.")
        return _state(said, "undo", None, **newest.before)


def take_back(*, said: Said, kind: str, said_at: datetime) -> ReorderSchedule | None:
    """Undo one statement where it is still the newest; what was said since stands, and nothing is changed."""
    with transaction.atomic():
        newest = _newest(said)
        if newest is None or (newest.kind, newest.occurred_at) != (kind, said_at):
            return None
        return _state(said, "undo", None, **newest.before)


def _newest(said: Said) -> ReorderStatement | None:
    statements = ReorderStatement.objects.filter(customer=said.customer, product=said.product)
    return statements.order_by("-occurred_at", "-pk").first()


def _state(said: Said, kind: str, days: int | None, **changes: object) -> ReorderSchedule:
    with transaction.atomic():
        schedule, _ = ReorderSchedule.objects.select_for_update(no_key=True).get_or_create(
            customer=said.customer, product=said.product, defaults={"updated_at": said.now}
        )
        before = {field: getattr(schedule, field) for field in _STATE}
        for field, value in changes.items():
            setattr(schedule, field, value)
        schedule.updated_at = said.now
        schedule.save()
        ReorderStatement.objects.create(
            customer=said.customer,
            product=said.product,
            kind=kind,
            days=days,
            door=said.door,
            occurred_at=said.now,
            before={
                field: value.isoformat() if hasattr(value, "isoformat") else value
                for field, value in before.items()
            },
        )
        schedule.refresh_from_db()
        return schedule


def _day(said: Said, days: int) -> date:
    return company_day(said.now) + timedelta(days=days)
