"""Which moments cannot wait for the morning: urgent ones, of customers who are awake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campaigns.queries.moments import moment_of
from profiles.queries.at_hand import awake
from profiles.queries.own_moments import awaited_events


def urgent(customers: Sequence[int], kinds: Sequence[str], now: datetime) -> Sequence[bool]:
    """Say of each pair of customer and kind of moment whether quiet hours do not hold it back.

    Whoever sleeps is in the middle of nothing: the same moment waits for their morning. Asks nothing where no
    kind is urgent.
    """
    is_urgent = {
        kind: (moment := moment_of(kind)) is not None and moment.is_urgent for kind in set(kinds)
    }
    asked = {one for one, kind in zip(customers, kinds, strict=True) if is_urgent[kind]}
    active = awake(sorted(asked), awaited_events(urgent_only=True).keys(), now) if asked else set()
    return [is_urgent[kind] and one in active for one, kind in zip(customers, kinds, strict=True)]
