"""What customers agreed to elsewhere before they were known here, brought over as a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import ConsentEntry, ConsentWording, Customer, Profile
from profiles.rules.names import Channel, ConsentState

_ROWS = 1_000


class AgreedTwice(DomainError):
    """One customer is said to have agreed to the same twice, so it is not clear what holds."""

    code = "agreed_twice"


@dataclass(frozen=True)
class Agreed:
    """A yes that was proven where it was given, and the no that followed, if one did."""

    profile: Profile
    wording: ConsentWording
    given_at: datetime
    withdrawn_at: datetime | None = None


def carry_over(*, agreed: Sequence[Agreed], channel: Channel, door: str, actor: str) -> int:
    """Write down what these profiles' customers said on a channel; return how many statements.

    Whoever has said anything on the purpose and channel here is left alone: it is newer, and this is no
    answer to it. So it is repeatable. All customers are locked, in the order of their keys.

    Raises:
        AgreedTwice: nothing was written.
    """
    customers = {said.profile.customer_id for said in agreed}
    asked = [(said.profile.customer_id, said.wording.purpose) for said in agreed]
    if len(set(asked)) != len(asked):
        raise AgreedTwice("A customer agreed twice to the same.")
    with transaction.atomic():
        list(
            Customer.objects.filter(pk__in=customers).order_by("pk").select_for_update(no_key=True)
        )
        spoken = set(
            ConsentEntry.objects.filter(customer__in=customers, channel=channel).values_list(
                "customer_id", "purpose"
            )
        )
        new = [s for s in agreed if (s.profile.customer_id, s.wording.purpose) not in spoken]
        entries = [entry for said in new for entry in _entries(said, channel, door, actor)]
        ConsentEntry.objects.bulk_create(entries, batch_size=_ROWS)
        return len(entries)


def _entries(said: Agreed, channel: Channel, door: str, actor: str) -> list[ConsentEntry]:
    statements = [(ConsentState.GRANTED, said.given_at)]
    if said.withdrawn_at:
        statements.append((ConsentState.WITHDRAWN, said.withdrawn_at))
    return [
        ConsentEntry(
            customer_id=said.profile.customer_id,
            origin_profile=said.profile,
            purpose=said.wording.purpose,
            channel=channel,
            state=state,
            occurred_at=at,
            door=door,
            actor=actor,
            wording=said.wording if state == ConsentState.GRANTED else None,
        )
        for state, at in statements
    ]
