"""At most one message a day to one customer through one channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from campaigns.models import Delivery
from campaigns.queries.eligibility import Standing
from campaigns.rules.codes import DeliveryState

# A day of any zone is at most this long: 24 hours, and one more in autumn.
LONGEST_DAY = timedelta(hours=25)
_OPEN = (DeliveryState.PLANNED, DeliveryState.CLAIMED)


def has_its_day_taken(
    due: Sequence[Delivery], stands: Mapping[int, Standing], now: datetime
) -> set[int]:
    """Find which of these another message has come before today, by the customer's own clock.

    One that another worker holds at this instant is still planned to us: the one that was due earlier
    goes, so that two workers never send both, and never neither.
    """
    others = (
        Delivery.objects.filter(
            Q(state__in=_OPEN)
            | Q(
                state__in=(DeliveryState.SENT, DeliveryState.UNCERTAIN),
                finished_at__gt=now - LONGEST_DAY,
            ),
            customer_id__in={delivery.customer_id for delivery in due},
            is_transactional=False,
        )
        .exclude(pk__in=[delivery.pk for delivery in due])
        .only("customer_id", "channel", "state", "due_at", "finished_at")
    )
    by_door: dict[tuple[int, str], list[Delivery]] = {}
    for other in others:
        by_door.setdefault((other.customer_id, other.channel), []).append(other)
    return {
        one.pk
        for one in due
        if any(
            _comes_before(other, one, stands[one.customer_id], now)
            for other in by_door.get((one.customer_id, one.channel), ())
        )
    }


def _comes_before(other: Delivery, one: Delivery, standing: Standing, now: datetime) -> bool:
    if other.state == DeliveryState.PLANNED:
        return (other.due_at, other.pk) < (one.due_at, one.pk)
    if other.finished_at is None:
        return True  # being sent now
    day = now.astimezone(standing.zone).date()
    return other.finished_at.astimezone(standing.zone).date() == day
