"""Moments that no message answers: kept when they occur, so that one which nobody met counts as missed.

A campaign without words speaks where the customer is met. Whether that happened is known once the moment has
passed: with a decision it was caught or kept silent about, without one it was missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from campaigns.models import Campaign, Moment
from campaigns.queries.moments import known_moments
from profiles.models import Customer
from profiles.queries.company import company_day


def wordless(*, customers: Sequence[int], now: datetime, by_event: bool = False) -> list[Moment]:
    """Find the moments that have begun for these customers and that only campaigns without words answer.

    What the detecting app doubts is no moment.
    """
    live = Campaign.objects.filter(is_live=True)
    spoken = set(live.filter(templates__isnull=False).values_list("moment", flat=True))
    kinds = sorted(set(live.filter(templates=None).values_list("moment", flat=True)) - spoken)
    moments = known_moments() if kinds else {}
    asked = [moments[kind] for kind in kinds if kind in moments]
    if not asked:
        return []
    present = list(Customer.objects.present().filter(pk__in=customers).values_list("pk", flat=True))
    today = np.datetime64(company_day(now), "D")
    rows = []
    for moment in asked:
        if by_event and not moment.is_decided_at_once:
            continue
        found = moment.detect(present, now)
        has_begun = found.doubt == ""
        if found.opens is not None:
            has_begun &= found.opens <= today
        begun = found.only(has_begun)
        rows += [
            Moment(
                customer_id=customer,
                kind=moment.key,
                subject_id=subject,
                cycle=cycle,
                until=until,
                seen_at=now,
            )
            for customer, subject, cycle, until in zip(
                begun.customer_id.tolist(),
                begun.subject_id.tolist(),
                begun.cycle.tolist(),
                begun.until.tolist(),
                strict=True,
            )
        ]
    return rows


def keep(moments: Sequence[Moment]) -> None:
    """Write them; one that is known stays as it was first seen."""
    Moment.objects.bulk_create(moments, ignore_conflicts=True)
