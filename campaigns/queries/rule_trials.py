"""What a rule or an offer would come to: tried on the customers who are there before it holds for anybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import F, Value
from django.db.models.functions import Mod

from campaigns.models import OfferVersion, RuleVersion
from campaigns.queries.holding_back import held_products
from campaigns.queries.offer_words import offers_said
from campaigns.queries.offered import Fit
from campaigns.queries.rule_base import (
    LiveRule,
    assortment_of,
    is_broken,
    live,
    live_rules,
    products_by,
)
from campaigns.rules.codes import Door
from campaigns.rules.offers import Weight, best
from campaigns.rules.reasons import Reader
from cxportal.lib.registry import Longs
from profiles.models import Customer, Product
from profiles.queries.conditions import Answers, answers
from profiles.queries.guard_trials import BATCH, MOST_TRIED, SHOWN, Example, examples_of
from profiles.queries.product_terms import shelf_of
from profiles.rules.condition_words import Use, is_delicate
from profiles.rules.conditions import Truth
from profiles.rules.names import ProductKind


@dataclass(frozen=True)
class Overlap:
    """Another rule that is live, with how many of those tried and of the products it has in common."""

    rule_id: int
    name: str
    customers: int
    products: int
    contradicts: bool


@dataclass(frozen=True)
class RuleTrial:
    """Of how many tried a rule holds, with some of them, its products, what it overlaps, and what is odd."""

    tried: int
    customers: int
    holds: int
    unknown: int
    products: int
    goods: int
    named: Sequence[str]
    examples: Sequence[Example]
    overlaps: Sequence[Overlap]
    warnings: Sequence[str]
    is_delicate: bool

    @property
    def is_sample(self) -> bool:
        return self.tried < self.customers


@dataclass(frozen=True)
class OfferTrial:
    """For how many of those tried something of an offer fits, from how many it is kept back, with some of them."""

    tried: int
    customers: int
    fits: int
    kept_back: int
    products: int
    examples: Sequence[Example]
    warnings: Sequence[str]

    @property
    def is_sample(self) -> bool:
        return self.tried < self.customers


def drawn() -> tuple[int, Longs]:
    """How many customers there are, and those who are tried: of many every so-manieth."""
    customers = Customer.objects.present().count()
    step = -(-customers // MOST_TRIED) or 1
    rows = Customer.objects.present().alias(place=Mod(F("pk"), Value(step))).filter(place=0)
    return customers, np.array(rows.order_by("pk").values_list("pk", flat=True), dtype=np.int64)


def _batches(ids: Longs) -> Iterator[list[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH].tolist()


def rule_trial(version: RuleVersion, now: datetime) -> RuleTrial:
    """Try a rule; reads only, some thousands at a time."""
    rule = live(version)
    others = [other for other in live_rules() if other.rule_id != rule.rule_id]
    customers, ids = drawn()
    products = products_by([rule.terms, *(other.terms for other in others)])
    shared = np.zeros(len(others), dtype=np.int64)
    holds = unknown = 0
    shown: list[Example] = []
    delicate = False
    for batch in _batches(ids):
        found = answers([rule.condition], batch, now, use=_use(rule))
        delicate = is_delicate(rule.condition, found.vocabulary)
        truths = found.of(rule.condition)
        at = np.flatnonzero(truths == Truth.YES)
        holds += len(at)
        unknown += int((truths == Truth.UNKNOWN).sum())
        shared += _shared(others, batch, at, now)
        if not delicate and len(shown) < SHOWN:
            named = [batch[n] for n in at[: SHOWN - len(shown)].tolist()]
            shown += examples_of(named, rule.condition, found, now)
    goods = Product.objects.filter(kind=ProductKind.GOODS).count()
    overlaps = [
        Overlap(
            other.rule_id, other.name, int(count), len(own & products[0]), _contradict(rule, other)
        )
        for other, count, own in zip(others, shared.tolist(), products[1:], strict=True)
        if count and own & products[0]
    ]
    named_products = Product.objects.filter(pk__in=sorted(products[0])[:SHOWN]).order_by("pk")
    return RuleTrial(
        tried=len(ids),
        customers=customers,
        holds=holds,
        unknown=unknown,
        products=len(products[0]),
        goods=goods,
        named=[product.name or product.code for product in named_products],
        examples=shown,
        overlaps=overlaps,
        warnings=[
            *_odd(rule, holds, len(ids), len(products[0]), goods),
            *(_contradiction(one) for one in overlaps if one.contradicts),
        ],
        is_delicate=delicate,
    )


def _shared(others: Sequence[LiveRule], batch: Sequence[int], at: Longs, now: datetime) -> Longs:
    """How many of those at ``at`` each of the other rules holds for, too."""
    counts = np.zeros(len(others), dtype=np.int64)
    for use in {_use(other) for other in others} if len(at) else ():
        of_use = [n for n, other in enumerate(others) if _use(other) == use]
        chosen = [batch[n] for n in at.tolist()]
        known: Answers = answers([others[n].condition for n in of_use], chosen, now, use=use)
        for n in of_use:
            counts[n] = int((known.of(others[n].condition) == Truth.YES).sum())
    return counts


def _use(rule: LiveRule) -> Use:
    return Use.HOLD_BACK if rule.weight == Weight.NOT else Use.CHOOSE


def _contradict(rule: LiveRule, other: LiveRule) -> bool:
    return (rule.weight == Weight.NOT) != (other.weight == Weight.NOT)


def _contradiction(one: Overlap) -> str:
    return (
        f"It contradicts “{one.name}”: {one.customers:,} customers and {one.products:,} products are in both, and "
        "one says that they fit, the other that they do not. What does not fit is not offered."
    )


def _odd(rule: LiveRule, holds: int, tried: int, products: int, goods: int) -> Iterator[str]:
    if is_broken(rule.terms, shelf_of([rule.terms])):
        yield "It asks for a characteristic, category or product that is gone, so no product fits."
    elif not products:
        yield "No product is like this, so it does nothing."
    elif products == goods and goods > 1:
        yield "Every product is like this: it says nothing about products."
    if tried and not holds:
        yield "It holds for nobody."
    elif tried > 1 and holds == tried:
        yield "It holds for everybody: it says nothing about customers."


def offer_trial(version: OfferVersion, now: datetime) -> OfferTrial:
    """Try an offer as if it were on, by the rules that are; reads only, some thousands at a time."""
    shelf = assortment_of(version, now)
    offer = shelf.offers[version.offer_id]
    customers, ids = drawn()
    fits = kept_back = 0
    facts: list[tuple[int, dict[str, object]]] = []
    for batch in _batches(ids):
        fit = Fit(batch, shelf, now)
        found = best(fit.of_offer(version.offer_id), most=1)
        at = np.flatnonzero(found.levels > 0)
        if not len(at):
            continue
        places = found.places[at, 0]
        whom = np.array(batch, dtype=np.int64)[at]
        held = held_products(whom, shelf.products[places], Door.EMAIL, now)
        fits += len(at)
        kept_back += int((held.mask > 0).sum())
        for customer, place in list(zip(whom.tolist(), places.tolist(), strict=True))[
            : SHOWN - len(facts)
        ]:
            facts.append((customer, {"offer": fit.because(customer, place, offer)}))
    products = int(shelf.targets[version.offer_id].sum())
    return OfferTrial(
        tried=len(ids),
        customers=customers,
        fits=fits,
        kept_back=kept_back,
        products=products,
        examples=_examples(facts),
        warnings=list(_odd_offer(version, shelf.rules, products, fits, len(ids))),
    )


def _examples(facts: Sequence[tuple[int, dict[str, object]]]) -> Sequence[Example]:
    names = dict(
        Customer.objects.filter(pk__in=[one for one, _ in facts]).values_list("pk", "name")
    )
    said = offers_said([each for _, each in facts], Door.COUNTER, Reader.MANAGER)
    return [
        Example(
            one,
            names[one] or f"customer {one}",
            "; ".join(part for part in (words.product, words.because) if part) if words else "",
        )
        for (one, _), words in zip(facts, said, strict=True)
    ]


def _odd_offer(
    version: OfferVersion, rules: Sequence[LiveRule], products: int, fits: int, tried: int
) -> Iterator[str]:
    if not products:
        yield "No product is like this, or what it asks for is gone: nothing would be offered."
    elif tried and not fits:
        by_rules = version.condition is None and version.kind != "guidance"
        no_rule = by_rules and not rules
        why = (
            "It leaves to the rule base for whom it is, and no rule is on."
            if no_rule
            else "It fits nobody by now: they have it, or nothing says that it is for them."
        )
        yield why
    elif tried > 1 and fits == tried:
        yield "It fits everybody: think of for whom it is worth being disturbed."
