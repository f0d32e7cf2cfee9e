"""How often and at which hours a customer wants to hear of us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import ContactPreference, Customer

MOST_PER_WEEK = 7


class QuietHoursIncomplete(DomainError):
    """One end of the quiet hours was given without the other."""

    code = "quiet_hours_incomplete"


class QuietHoursEmpty(DomainError):
    """The quiet hours end as they begin."""

    code = "quiet_hours_empty"


class TooManyPerWeek(DomainError):
    """More than one message a day was asked for, which is never sent."""

    code = "too_many_per_week"


@dataclass(frozen=True)
class Wishes:
    """What a customer wants; None leaves it to the house."""

    max_per_week: int | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None


def prefer(*, customer: Customer, wishes: Wishes, now: datetime) -> Wishes:
    """Keep what the customer wants, and return what stood before, for an undo.

    Locks the customer's preference. The same wishes again change nothing.

    Raises:
        QuietHoursIncomplete: only one end was given.
        QuietHoursEmpty: both ends are the same.
        TooManyPerWeek: more than seven, or fewer than none.
    """
    if (wishes.quiet_from is None) != (wishes.quiet_until is None):
        raise QuietHoursIncomplete("Give both ends of the quiet hours, or neither.")
    if wishes.quiet_from is not None and wishes.quiet_from == wishes.quiet_until:
        raise QuietHoursEmpty("Quiet hours must end at another time than they begin.")
    if wishes.max_per_week is not None and not 0 <= wishes.max_per_week <= MOST_PER_WEEK:
        raise TooManyPerWeek("Choose between none and seven messages a week.")
    with transaction.atomic():
        kept, _ = ContactPreference.objects.select_for_update(no_key=True).get_or_create(
            customer=customer, defaults={"updated_at": now}
        )
        before = Wishes(kept.max_per_week, kept.quiet_from, kept.quiet_until)
        if before != wishes:
            kept.max_per_week = wishes.max_per_week
            kept.quiet_from, kept.quiet_until = wishes.quiet_from, wishes.quiet_until
            kept.updated_at = now
            kept.save()
    return before


def hear_again(*, customer: Customer, now: datetime) -> None:
    """Keep that the customer wants to hear of us as before, whatever became of messages until now."""
    ContactPreference.objects.update_or_create(
        customer=customer, defaults={"updated_at": now}, create_defaults={"updated_at": now}
    )
