"""What offers come to in moments: the product that fits each customer best, by the rule base, and why.

All moments of some customers are crossed with the products of all live offers at once: each condition is answered
once for these customers, which products a rule is about is known for the whole run, and who fits what is a product
of two matrices. The number of queries does not depend on how many customers, offers or rules there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaigns.models import Campaign
from campaigns.queries.holding_back import held_products
from campaigns.queries.rule_base import Assortment, LiveOffer, assortment
from campaigns.queries.told_offers import Told, left, told
from campaigns.rules.codes import REFUSAL_BIT, Door, Refusal
from campaigns.rules.offers import (
    CHANCE,
    FITS,
    FITS_WELL,
    KEPT_AWAY,
    MOST_WEIGHED,
    NOTHING,
    Best,
    Levels,
    OfferKind,
    Weight,
    best,
    contending,
    levels,
)
from cxportal.lib.registry import Longs, Occurrences
from profiles.queries.conditions import Answers, answers
from profiles.queries.having import Having, having
from profiles.rules.condition_words import Use
from profiles.rules.conditions import Truth

# The moment "something new that fits" is about what came out on one day, and about nothing else.
NEWS_MOMENT = "something_new"
# Where nothing fits, every other answer to the moment stands before.
_LEAST = -1.0

Bools = NDArray[np.bool_]
Reasons = Mapping[int, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Crossed:
    """What one campaign of an offer comes to: its occurrences, the product of each (0: none), what is against."""

    campaign: Campaign
    occurrences: Occurrences
    product: Longs
    mask: Longs
    held: Reasons
    group: str = ""


class Fit:
    """How well the products of live offers fit some customers.

    ``is_on_its_way``: asked of what is planned already, so that it was said is nothing against it.
    """

    def __init__(
        self,
        customers: Sequence[int],
        shelf: Assortment,
        now: datetime,
        *,
        is_on_its_way: bool = False,
    ) -> None:
        self.customers, self.shelf = list(dict.fromkeys(customers)), shelf
        self.places = {customer: place for place, customer in enumerate(self.customers)}
        self._known, self._holds = _answered(shelf, self.customers, now)
        self.levels = levels(self._holds, shelf.fits, shelf.weights)
        self.having: Having = having(self.customers, shelf.products.tolist(), now)
        self.told: Told = told(self.customers, now)
        self._unwanted = self.told.refused if is_on_its_way else self.told.silenced
        self._levels: dict[int, Levels] = {}

    def of_offer(self, offer_id: int) -> Levels:
        """How well each product of an offer fits each customer: customers × products of the assortment."""
        if offer_id not in self._levels:
            self._levels[offer_id] = self._of(self.shelf.offers[offer_id])
        return self._levels[offer_id]

    def _of(self, offer: LiveOffer) -> Levels:
        version = offer.version
        is_guidance = version.kind == OfferKind.GUIDANCE
        fit = self.levels.copy()
        if offer.condition is not None or is_guidance:
            fit[fit == NOTHING] = FITS
        if offer.condition is not None:
            truths = self._known[Use.CHOOSE].of(offer.condition)
            fit[truths != Truth.YES] = KEPT_AWAY
        if is_guidance:
            fit[~self.having.owned] = KEPT_AWAY
        else:
            fit[self.having.at_hand | (self.having.owned & self.shelf.is_kept)] = KEPT_AWAY
        is_out = ~np.isnat(self.shelf.came_out[version.offer_id])
        fit[:, ~(self.shelf.targets[version.offer_id] & is_out)] = KEPT_AWAY
        for customer, offer_id, product in self._unwanted:
            if offer_id == version.offer_id:
                fit[self.places[customer], self.shelf.products == product] = KEPT_AWAY
        return fit

    def because(self, customer: int, place: int, offer: LiveOffer) -> dict[str, Any]:
        """Why this product: the version of the offer, the rule that speaks for it, the rows that it rests on."""
        at = self.places[customer]
        speaking = self._holds[at] & self.shelf.fits[:, place]
        scores = [
            _SCORE[rule.weight] if speaks else 0
            for rule, speaks in zip(self.shelf.rules, speaking.tolist(), strict=True)
        ]
        found = max(range(len(scores)), key=scores.__getitem__, default=-1)
        rule = self.shelf.rules[found] if found >= 0 and scores[found] else None
        conditions = [rule.condition] if rule else []
        conditions += [offer.condition] if offer.condition is not None else []
        known = self._known[Use.CHOOSE]
        grounds = [one for condition in conditions for one in known.grounds(condition, customer)[1]]
        rows = dict.fromkeys((str(one.row), one.id) for _, one in grounds if one)
        return {
            "version": offer.version.pk,
            "rule": rule.version_id if rule else None,
            "product": int(self.shelf.products[place]),
            "rows": [list(row) for row in rows],
        }


_SCORE = {Weight.WELL: FITS_WELL, Weight.FITS: FITS, Weight.NOT: NOTHING}


def _answered(
    shelf: Assortment, customers: Sequence[int], now: datetime
) -> tuple[Mapping[Use, Answers], Bools]:
    """Answer every condition once: of the rules that choose and the offers, and of those that hold back."""
    choosing = [rule.condition for rule in shelf.rules if rule.weight != Weight.NOT]
    choosing += [one.condition for one in shelf.offers.values() if one.condition is not None]
    holding = [rule.condition for rule in shelf.rules if rule.weight == Weight.NOT]
    known = {Use.CHOOSE: answers(choosing, customers, now, use=Use.CHOOSE)}
    if holding:
        known[Use.HOLD_BACK] = answers(holding, customers, now, use=Use.HOLD_BACK)
    holds = np.zeros((len(customers), len(shelf.rules)), dtype=bool)
    for column, rule in enumerate(shelf.rules):
        use = Use.HOLD_BACK if rule.weight == Weight.NOT else Use.CHOOSE
        holds[:, column] = known[use].of(rule.condition) == Truth.YES
    return known, holds


@dataclass
class _Weighed:
    """An offer in a moment: of each occurrence the products that fit best, and whether it contends there."""

    campaign: Campaign
    offer: LiveOffer
    found: Occurrences
    best: Best
    contends: Bools


def crossed(
    asked: Sequence[tuple[Campaign, Occurrences]], door: Door, now: datetime
) -> Sequence[Crossed]:
    """Cross moments with the offers that answer them.

    In each occurrence the offers that promise most contend, each with the product that fits best and is not kept
    back; where none fits anything, one of them says so.
    """
    asked = [(campaign, found) for campaign, found in asked if len(found)]
    if not asked:
        return []
    shelf = assortment(now)
    open_here = [
        (campaign, found)
        for campaign, found in asked
        if (offer := shelf.offers.get(campaign.offer_id or 0)) and door in offer.version.doors
    ]
    if not open_here:
        return []
    customers = np.unique(np.concatenate([found.customer_id for _, found in open_here])).tolist()
    fit = Fit(customers, shelf, now)
    weighed = list(_weighed(open_here, fit))
    chosen = [*_chosen(weighed, fit, door, now), *_without_any(weighed)]
    return _in_stock(chosen, fit, door)


def _weighed(asked: Sequence[tuple[Campaign, Occurrences]], fit: Fit) -> Iterator[_Weighed]:
    for kind in dict.fromkeys(campaign.moment for campaign, _ in asked):
        of_kind = [(campaign, found) for campaign, found in asked if campaign.moment == kind]
        found = of_kind[0][1]
        rows = np.array([fit.places[one] for one in found.customer_id.tolist()], dtype=np.int64)
        parts = []
        for campaign, _ in of_kind:
            offer = fit.shelf.offers[campaign.offer_id or 0]
            key = offer.version.offer_id
            level = fit.of_offer(key)[rows]
            if kind == NEWS_MOMENT:
                is_of_day = fit.shelf.came_out[key][None, :] == found.cycle[:, None]
                level = np.where(is_of_day, level, KEPT_AWAY).astype(np.int8)
            parts.append((campaign, offer, best(level)))
        potential = np.column_stack(
            [CHANCE[one.levels] * offer.version.worth for _, offer, one in parts]
        )
        contends = contending(potential)
        for column, (campaign, offer, one) in enumerate(parts):
            yield _Weighed(campaign, offer, found, one, contends[:, column])


def _chosen(weighed: Sequence[_Weighed], fit: Fit, door: Door, now: datetime) -> Iterator[Crossed]:
    """Choose the first product that nothing keeps back; guards and allergies are asked once, of all together."""
    rows = [np.flatnonzero(one.contends) for one in weighed]
    places = [one.best.places[at] for one, at in zip(weighed, rows, strict=True)]
    customers = [one.found.customer_id[at] for one, at in zip(weighed, rows, strict=True)]
    flat = np.concatenate([part.ravel() for part in places])
    products = np.where(flat >= 0, fit.shelf.products[flat], 0)
    held = held_products(np.repeat(np.concatenate(customers), MOST_WEIGHED), products, door, now)
    start = 0
    for one, at, part in zip(weighed, rows, places, strict=True):
        size = len(at) * MOST_WEIGHED
        masks = held.mask[start : start + size].reshape(len(at), MOST_WEIGHED)
        is_free = (masks == 0) & (part >= 0)
        pick = np.where(is_free.any(axis=1), is_free.argmax(axis=1), 0)
        line = np.arange(len(at))
        why = {
            row: held.reasons[start + row * MOST_WEIGHED + n]
            for row, n in enumerate(pick.tolist())
            if start + row * MOST_WEIGHED + n in held.reasons
        }
        yield _crossed(one, at, part[line, pick], masks[line, pick], why, fit)
        start += size


def _crossed(
    one: _Weighed, rows: Longs, places: Longs, mask: Longs, held: Reasons, fit: Fit
) -> Crossed:
    found = one.found.only(one.contends)
    version, group = one.offer.version, one.offer.version.exclusivity
    because = np.empty(len(rows), dtype=object)
    mask = mask.copy()
    for n, (customer, place) in enumerate(
        zip(found.customer_id.tolist(), places.tolist(), strict=True)
    ):
        because[n] = fit.because(customer, place, one.offer)
        if fit.told.excludes(customer, version.offer_id, group):
            mask[n] |= REFUSAL_BIT[Refusal.EXCLUSIVE]
    return Crossed(
        one.campaign,
        replace(
            found,
            likelihood=found.likelihood * CHANCE[one.best.levels[rows]],
            facts={**found.facts, "offer": because},
        ),
        fit.shelf.products[places],
        mask,
        held,
        group,
    )


def _without_any(weighed: Sequence[_Weighed]) -> Iterator[Crossed]:
    """Of occurrences in which no offer contends, the first offer says that nothing fits."""
    answered: dict[str, Bools] = {}
    for one in weighed:
        kind = one.campaign.moment
        answered[kind] = answered.get(kind, np.zeros(len(one.found), dtype=bool)) | one.contends
    for kind, is_answered in answered.items():
        first = next(one for one in weighed if one.campaign.moment == kind)
        found = first.found.only(~is_answered)
        if len(found):
            nothing = np.full(len(found), REFUSAL_BIT[Refusal.NOTHING_FITS], dtype=np.int64)
            value = np.full(len(found), _LEAST)
            none = np.zeros(len(found), dtype=np.int64)
            yield Crossed(first.campaign, replace(found, value=value), none, nothing, {})


def _in_stock(chosen: Sequence[Crossed], fit: Fit, door: Door) -> Sequence[Crossed]:
    """Refuse what is not there any more: the worthiest are told as long as the stock lasts."""
    offers = {one.campaign.offer_id or 0 for one in chosen}
    for offer, number in left(offers, but_planned=door == Door.EMAIL).items():
        parts = [one for one in chosen if one.campaign.offer_id == offer]
        worth = np.concatenate([one.occurrences.likelihood for one in parts])
        is_open = np.concatenate([one.mask for one in parts]) == 0
        order = np.lexsort((np.arange(len(worth)), -worth, ~is_open))
        late = np.zeros(len(worth), dtype=bool)
        late[order[max(number, 0) :]] = True
        late &= is_open
        start = 0
        for one in parts:
            one.mask[late[start : start + len(one.mask)]] |= REFUSAL_BIT[Refusal.OUT_OF_STOCK]
            start += len(one.mask)
    return chosen
