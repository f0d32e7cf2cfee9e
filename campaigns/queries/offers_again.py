"""Whether offers that are on their way still hold: asked again of messages at the instant of sending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from campaigns.models import Delivery
from campaigns.queries.offered import Fit
from campaigns.queries.rule_base import assortment
from campaigns.queries.told_offers import left
from campaigns.rules.codes import REFUSAL_BIT, Refusal
from profiles.queries.having import bought_since


def refusals(due: Sequence[Delivery], now: datetime) -> list[int]:
    """Mask of what came in between: over, none left, bought, dismissed, or it does not fit any more."""
    masks = [0] * len(due)
    at = [n for n, delivery in enumerate(due) if delivery.decision.product_id is not None]
    if not at:
        return masks
    shelf = assortment(now)
    fit = Fit([due[n].customer_id for n in at], shelf, now, is_on_its_way=True)
    stock = left({due[n].campaign.offer_id or 0 for n in at}, but_planned=False)
    pairs = [(due[n].customer_id, due[n].decision.product_id or 0) for n in at]
    customers, products = [one for one, _ in pairs], [product for _, product in pairs]
    bought = bought_since(customers, products, [due[n].decision.decided_at for n in at], now)
    for place, n in enumerate(at):
        offer_id = due[n].campaign.offer_id or 0
        if offer_id not in shelf.offers:
            masks[n] |= REFUSAL_BIT[Refusal.OFFER_OVER]
        elif place in bought:
            masks[n] |= REFUSAL_BIT[Refusal.BOUGHT]
        elif not _fits(fit, offer_id, *pairs[place]):
            masks[n] |= REFUSAL_BIT[Refusal.NOTHING_FITS]
        if stock.get(offer_id, 1) <= 0:
            masks[n] |= REFUSAL_BIT[Refusal.OUT_OF_STOCK]
    return masks


def _fits(fit: Fit, offer_id: int, customer: int, product: int) -> bool:
    column = np.flatnonzero(fit.shelf.products == product)
    level = fit.of_offer(offer_id)[fit.places[customer]]
    return bool(len(column)) and bool(level[column[0]] > 0)
