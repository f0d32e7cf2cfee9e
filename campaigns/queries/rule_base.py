"""The rules and offers that are live, and the products that they are about: read once for a run or an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import IntegerField, Value
from numpy.typing import NDArray

from campaigns.models import OfferVersion, RuleVersion
from campaigns.rules.offers import Weight
from cxportal.lib.registry import Days, Longs
from profiles.models import Product
from profiles.queries.company import company_zone
from profiles.queries.product_terms import shelf_of, where
from profiles.rules import conditions, product_terms
from profiles.rules.conditions import Condition
from profiles.rules.names import ProductKind
from profiles.rules.product_terms import Shelf, Terms, leaves, wrong_with

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LiveRule:
    """A rule as it stands; ``version_id`` names it in reasons."""

    rule_id: int
    version_id: int
    name: str
    condition: Condition
    terms: Terms
    weight: Weight


@dataclass(frozen=True)
class LiveOffer:
    """An offer as it stands; ``condition`` None: the rule base says for whom."""

    version: OfferVersion
    terms: Terms
    condition: Condition | None


@dataclass(frozen=True)
class Assortment:
    """What live offers are about: products in columns, and which of them each offer and each rule is about.

    ``came_out``: the day from which a product counts as new by an offer; NaT for one that is not out yet.
    ``is_kept``: things that one buys to keep.
    """

    offers: Mapping[int, LiveOffer]
    rules: Sequence[LiveRule]
    products: Longs
    targets: Mapping[int, Bools]
    came_out: Mapping[int, Days]
    fits: Bools
    is_kept: Bools

    @property
    def weights(self) -> Sequence[Weight]:
        return [rule.weight for rule in self.rules]


_kept: ContextVar[dict[datetime, Assortment] | None] = ContextVar("assortment", default=None)


@contextmanager
def assortment_kept() -> Iterator[None]:
    """Read rules, offers and products at most once inside, for each instant that is asked for."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def assortment(now: datetime) -> Assortment:
    """Read what is live at ``now``: five queries, and those that name what is asked for."""
    kept = _kept.get()
    if kept is None:
        return _read(now)
    if now not in kept:
        kept[now] = _read(now)
    return kept[now]


def live_rules() -> Sequence[LiveRule]:
    """The newest versions of the rules that are on."""
    newest = RuleVersion.objects.order_by("rule_id", "-number").distinct("rule_id")
    return [live(version) for version in newest if version.is_on]


def live(version: RuleVersion) -> LiveRule:
    """Read a version of a rule."""
    return LiveRule(
        version.rule_id,
        version.pk,
        version.name,
        conditions.read(version.condition),
        product_terms.read(version.terms),
        Weight(version.weight),
    )


def live_offers(now: datetime) -> Mapping[int, LiveOffer]:
    """The newest versions of the offers that are on and hold at ``now``, by offer."""
    newest = OfferVersion.objects.order_by("offer_id", "-number").distinct("offer_id")
    found = newest.select_related("offer")
    return {
        version.offer_id: _live_offer(version)
        for version in found
        if version.is_on and holds(version, now)
    }


def _live_offer(version: OfferVersion) -> LiveOffer:
    whom = None if version.condition is None else conditions.read(version.condition)
    return LiveOffer(version, product_terms.read(version.terms), whom)


def holds(version: OfferVersion, now: datetime) -> bool:
    """Tell whether the time of an offer has come and is not over."""
    return version.starts_at <= now and (version.ends_at is None or now < version.ends_at)


def assortment_of(version: OfferVersion, now: datetime) -> Assortment:
    """What one version of an offer would be about if it were live, by the rules that are."""
    return _assembled({version.offer_id: _live_offer(version)}, now)


def _read(now: datetime) -> Assortment:
    return _assembled(live_offers(now), now)


def _assembled(offers: Mapping[int, LiveOffer], now: datetime) -> Assortment:
    rules = live_rules() if offers else []
    by_offer = products_by([offer.terms for offer in offers.values()])
    products = np.array(sorted(set().union(*by_offer)), dtype=np.int64)
    by_rule = products_by([rule.terms for rule in rules], within=products)
    today = now.astimezone(company_zone()).date()
    released, kept = _about(products)
    fits = np.zeros((len(rules), len(products)), dtype=bool)
    for row, found in enumerate(by_rule):
        fits[row] = np.isin(products, list(found))
    return Assortment(
        offers=offers,
        rules=rules,
        products=products,
        targets={
            key: np.isin(products, list(found)) for key, found in zip(offers, by_offer, strict=True)
        },
        came_out={
            key: _came_out(offer.version, released, np.datetime64(today, "D"))
            for key, offer in offers.items()
        },
        fits=fits,
        is_kept=kept,
    )


def _about(products: Longs) -> tuple[Days, Bools]:
    rows = Product.objects.filter(pk__in=products.tolist()).order_by("pk")
    known = list(rows.values_list("released_on", "category__lasts_years"))
    released = np.array([day for day, _ in known], dtype="datetime64[D]")
    return released, np.array([years is not None for _, years in known], dtype=bool)


def _came_out(version: OfferVersion, released: Days, today: np.datetime64) -> Days:
    """A product is new from the day on which it or its offer comes out, whichever is later."""
    started = np.datetime64(version.starts_at.astimezone(company_zone()).date(), "D")
    out = np.where(np.isnat(released), started, np.maximum(released, started))
    return np.where(out > today, np.datetime64("NaT"), out).astype("datetime64[D]")


def products_by(terms: Sequence[Terms], within: Longs | None = None) -> Sequence[set[int]]:
    """The goods that fit each of these terms, in one query; nothing fits what cannot be asked any more."""
    shelf = shelf_of(terms)
    goods = Product.objects.filter(kind=ProductKind.GOODS)
    if within is not None:
        goods = goods.filter(pk__in=within.tolist())
    parts = [
        goods.filter(where(each, shelf))
        .annotate(n=Value(n, output_field=IntegerField()))
        .values_list("n", "pk")
        for n, each in enumerate(terms)
        if not is_broken(each, shelf)
    ]
    found: list[set[int]] = [set() for _ in terms]
    if parts:
        for n, product in parts[0].union(*parts[1:], all=True):
            found[n].add(product)
    return found


def is_broken(terms: Terms, shelf: Shelf) -> bool:
    """Tell whether terms ask for what is gone."""
    return any(wrong_with(term, shelf) for term in leaves(terms))
