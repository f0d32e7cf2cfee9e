"""The moment "something new that fits": it begins on the day on which an offer or its product comes out.

Of each customer it is about the products of one day that fit them by the rule base; which of them is said, the
offers that answer it decide among themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from campaigns.models import Campaign
from campaigns.queries.offered import NEWS_MOMENT, Fit
from campaigns.queries.rule_base import Assortment, LiveOffer, assortment
from cxportal.lib.registry import Found, Occurrences
from profiles.models import Customer
from profiles.queries.company import company_day

# For so long something is new. The chance that a word of it helps whom it fits is a prior of ours until the
# control group says more: lower than of what a customer is in the middle of.
NEWS_DAYS = 14
NEWS_LIKELIHOOD = 0.4


def news(customer_ids: Sequence[int], now: datetime) -> Occurrences:
    """Find for whom something fits that came out within the last days."""
    shelf = assortment(now)
    today = company_day(now)
    offers = _with_news(shelf, today)
    if not (offers and customer_ids):
        return Occurrences.of([], likelihood=NEWS_LIKELIHOOD)
    customers = list(dict.fromkeys(customer_ids))
    fit = Fit(customers, shelf, now)
    days = sorted({day for offer in offers for day in _days(shelf, offer, today)})
    is_fitting = {day: np.zeros(len(customers), dtype=bool) for day in days}
    for offer in offers:
        level = fit.of_offer(offer.version.offer_id)
        out = shelf.came_out[offer.version.offer_id]
        for day in _days(shelf, offer, today):
            is_fitting[day] |= (level[:, out == np.datetime64(day, "D")] > 0).any(axis=1)
    found = [
        Found(
            customer_id=customers[at],
            subject_id=0,
            cycle=day,
            until=day + timedelta(days=NEWS_DAYS),
            facts={"out_on": day.isoformat()},
        )
        for day in days
        for at in np.flatnonzero(is_fitting[day]).tolist()
    ]
    return Occurrences.of(found, likelihood=NEWS_LIKELIHOOD)


def awaiting_news(now: datetime) -> Iterable[int]:
    """Yield everybody while something is new, and else nobody; ascending."""
    if not _with_news(assortment(now), company_day(now)):
        return
    present = Customer.objects.present().order_by("pk").values_list("pk", flat=True)
    yield from present.iterator(chunk_size=10_000)


def news_because(facts: Mapping[str, Any], reader: str) -> str:
    """Say since when there is something new.

    >>> news_because({"out_on": "2026-03-09"}, "customer")
    'it is new, since 9 March'
    """
    day = date.fromisoformat(facts["out_on"])
    return f"it is new, since {day.day} {day:%B}"


def _with_news(shelf: Assortment, today: date) -> Sequence[LiveOffer]:
    live = Campaign.objects.filter(is_live=True, moment=NEWS_MOMENT, offer__isnull=False)
    offers = [
        shelf.offers[key] for key in live.values_list("offer_id", flat=True) if key in shelf.offers
    ]
    return [offer for offer in offers if _days(shelf, offer, today)]


def _days(shelf: Assortment, offer: LiveOffer, today: date) -> Sequence[date]:
    """The days of the last weeks on which something of an offer came out."""
    key = offer.version.offer_id
    out = np.unique(shelf.came_out[key][shelf.targets[key]])
    first = np.datetime64(today - timedelta(days=NEWS_DAYS), "D")
    days: list[date] = out[~np.isnat(out) & (out >= first)].astype(object).tolist()
    return days
