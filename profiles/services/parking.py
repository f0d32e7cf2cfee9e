"""What becomes of parked events: queued again after a fix, or dropped for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from cxportal.lib.errors import DomainError
from cxportal.lib.history import record_change
from profiles.models import InboundEvent


class NotParked(DomainError):
    """The event is not parked: it was replayed or dropped meanwhile."""

    code = "not_parked"


def replay(*, ids: Sequence[int], by: User, now: datetime) -> int:
    """Queue parked events again, as they are; return how many.

    Raises:
        NotParked: none of them is parked any more.
    """
    return _settle(ids, "queued again", by, now, is_drop=False)


def drop(*, ids: Sequence[int], by: User, now: datetime) -> int:
    """Delete parked events for good; their ids stay taken. Return how many.

    Raises:
        NotParked: none of them is parked any more.
    """
    return _settle(ids, "dropped", by, now, is_drop=True)


def _settle(ids: Sequence[int], words: str, by: User, now: datetime, *, is_drop: bool) -> int:
    with transaction.atomic():
        held = InboundEvent.objects.filter(pk__in=ids).exclude(reason="")
        events = list(held.select_for_update().order_by("pk"))
        if not events:
            raise NotParked("Nothing of this is parked any more.")
        for event in events[:1] if len(events) > 1 else events:
            more = f" and {len(events) - 1} more" if len(events) > 1 else ""
            record_change(target=event, words=f"{words}{more}", by=by, now=now)
        settled = InboundEvent.objects.filter(pk__in=[event.pk for event in events])
        if is_drop:
            settled.delete()
        else:
            settled.update(reason="", detail="", attempts=F("attempts") + 1)
    return len(events)
