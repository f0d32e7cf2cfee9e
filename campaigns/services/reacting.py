"""Decides within seconds of an event, about the moments that events begin.

The same ``decide`` as in the morning, asked about those moments alone. Fresh touchpoints are the queue; what
is spoken becomes a delivery, due now where it is urgent and the customer awake, and else when quiet hours
end. It is asked everything again when it is claimed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from campaigns.queries.moments import moments_kept
from campaigns.rules.codes import Door, Verdict
from campaigns.services import noticing
from campaigns.services.deciding import Context, decide
from campaigns.services.planning import store_choices
from profiles.models import Customer
from profiles.services import fresh_touches

BATCH = 500
NOW = Context(Door.EMAIL, by_event=True)


def react(*, now: datetime, limit: int = 20_000) -> dict[str, int]:
    """Decide for whoever did something just now; return how many were asked about and spoken to.

    Each batch is one transaction with the rows that it takes out: a killed worker loses nothing, and two
    workers take different rows.
    """
    counts: Counter[str] = Counter()
    taken = 0
    while taken < limit:
        rows = _react_batch(now, counts)
        if not rows:
            break
        taken += rows
    return dict(counts)


def _react_batch(now: datetime, counts: Counter[str]) -> int:
    with moments_kept(), transaction.atomic():
        rows, customers = fresh_touches.take(most=BATCH)
        if customers:
            # Two events of one customer may be in two hands: the second sees what the first decided.
            _hold(customers)
            choices = decide(customers=customers, context=NOW, now=now)
            store_choices(choices=choices, door=Door.EMAIL, now=now)
            noticing.keep(noticing.wordless(customers=customers, now=now, by_event=True))
            counts["customers"] += len(customers)
            counts["speak"] += sum(choice.verdict == Verdict.SPEAK for choice in choices)
    return rows


def _hold(customers: Sequence[int]) -> None:
    locked = Customer.objects.filter(pk__in=customers).order_by("pk")
    list(locked.select_for_update(no_key=True).values_list("pk", flat=True))
