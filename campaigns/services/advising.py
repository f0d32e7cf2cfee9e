"""What to say to one customer in a situation: asked aloud by other systems, or tried out by a manager.

Both ask ``decide``, as the counter and the morning's plan do. ``advise`` keeps what was decided, so that it can be
answered and explained; ``what_would_be_said`` keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from campaigns.models import Decision
from campaigns.rules.codes import Door
from campaigns.services.deciding import Choice, Context, decide
from campaigns.services.planning import store_choices
from profiles.models import Customer
from profiles.services.supposing import LeftOut, Situation, supposed

# Of one moment, as one campaign answers it.
Key = tuple[str, int, date, int]


@dataclass(frozen=True)
class Advice:
    """Choices in the order of their worth, the spoken ones first; what could not count; what was kept of it."""

    choices: Sequence[Choice]
    left_out: Sequence[LeftOut]
    decisions: Mapping[Key, Decision]

    def decision(self, choice: Choice) -> Decision | None:
        """The row that holds this choice; None for what is no moment, or was said before."""
        found = self.decisions.get(_key(choice))
        is_same = found is not None and found.reasons == [str(code) for code in choice.reasons]
        return found if is_same else None


def advise(*, customer: Customer, context: Context, situation: Situation, now: datetime) -> Advice:
    """Decide, and keep moments and decisions where the answer is new; locks the customer.

    For doors at which somebody is met: messages are planned by the morning.
    """
    assert context.door != Door.EMAIL
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        advice = what_would_be_said(
            customer=customer, context=context, situation=situation, now=now
        )
        store_choices(choices=advice.choices, door=context.door, now=now)
        return Advice(advice.choices, advice.left_out, _newest(customer, advice.choices))


def what_would_be_said(
    *, customer: Customer, context: Context, situation: Situation, now: datetime
) -> Advice:
    """Decide, and keep nothing."""
    with supposed(customer=customer, situation=situation, now=now) as left_out:
        choices = decide(customers=[customer.pk], context=context, now=now)
    return Advice(choices, left_out, {})


def _newest(customer: Customer, choices: Sequence[Choice]) -> Mapping[Key, Decision]:
    rows = Decision.objects.filter(
        customer=customer,
        moment__kind__in={choice.moment for choice in choices},
        moment__subject_id__in={choice.subject_id for choice in choices},
        moment__cycle__in={choice.cycle for choice in choices},
    )
    newest = rows.order_by("moment_id", "campaign_id", "-decided_at", "-pk")
    return {
        (row.moment.kind, row.moment.subject_id, row.moment.cycle, row.campaign_id): row
        for row in newest.distinct("moment_id", "campaign_id").select_related("moment")
    }


def _key(choice: Choice) -> Key:
    return choice.moment, choice.subject_id, choice.cycle, choice.campaign.pk
