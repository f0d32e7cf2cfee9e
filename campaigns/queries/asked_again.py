"""What is asked again of deliveries that are due: whatever came in between wins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from campaigns.models import Delivery
from campaigns.queries import eligibility, offers_again
from campaigns.queries.holding_back import about_products, held_products
from campaigns.queries.moments import known_moments
from campaigns.rules.codes import REFUSAL_BIT, Door, Refusal
from cxportal.lib.registry import Days, Longs


def ended(due: Sequence[Delivery], now: datetime) -> list[str]:
    """Ask each delivery's moment whether it is over, once per kind of moment; "" while it is not."""
    why = [""] * len(due)
    moments = known_moments()
    for kind in {delivery.decision.moment.kind for delivery in due} & moments.keys():
        at = [n for n, delivery in enumerate(due) if delivery.decision.moment.kind == kind]
        answers = moments[kind].ended(*_columns([due[n] for n in at]), now)
        for n, answer in zip(at, answers.tolist(), strict=True):
            why[n] = answer
    return why


def refusals(due: Sequence[Delivery], now: datetime) -> list[int]:
    """Mask of what the customer answered since, and of what guards and allergies say by now."""
    customers, subjects, _ = _columns(due)
    kinds = [delivery.decision.moment.kind for delivery in due]
    offered = np.array([delivery.decision.product_id or 0 for delivery in due], dtype=np.int64)
    products = np.where(offered > 0, offered, about_products(kinds, subjects))
    held = held_products(customers, products, Door.EMAIL, now).mask.tolist()
    together = zip(_answered(due, now), held, offers_again.refusals(due, now), strict=True)
    return [said | kept | over for said, kept, over in together]


def _answered(due: Sequence[Delivery], now: datetime) -> list[int]:
    """What the customer answered since; that this very message is planned is no refusal."""
    moments = [delivery.decision.moment for delivery in due]
    customers, subjects, cycles = _columns(due)
    masks = eligibility.answered(customers, [m.kind for m in moments], subjects, cycles, now)
    said = eligibility.said_by_staff([m.pk for m in moments])
    already = REFUSAL_BIT[Refusal.ALREADY_SAID]
    return [
        int(mask) & ~already | (already if moment.pk in said else 0)
        for mask, moment in zip(masks, moments, strict=True)
    ]


def _columns(due: Sequence[Delivery]) -> tuple[Longs, Longs, Days]:
    moments = [delivery.decision.moment for delivery in due]
    return (
        np.array([m.customer_id for m in moments], dtype=np.int64),
        np.array([m.subject_id for m in moments], dtype=np.int64),
        np.array([m.cycle for m in moments], dtype="datetime64[D]"),
    )
