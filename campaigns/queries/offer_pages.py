"""Rules and offers as their pages show them: each in a sentence, and whether it still can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from campaigns.models import Offer, OfferVersion, Rule, RuleVersion
from campaigns.queries.naming import kind_in_words
from campaigns.queries.rule_base import holds
from campaigns.rules.codes import Door
from campaigns.rules.offers import DOOR_IN_WORDS, KIND_IN_WORDS, WEIGHT_IN_WORDS, OfferKind, Weight
from profiles.queries.conditions import vocabulary_of
from profiles.queries.product_terms import shelf_of
from profiles.rules import conditions, product_terms
from profiles.rules.condition_words import Use, Vocabulary, sentence, wrong_with
from profiles.rules.conditions import Condition
from profiles.rules.product_terms import Shelf, Terms


@dataclass(frozen=True)
class RuleRow:
    """One version of a rule in words; ``broken`` says what it asks for and cannot any more."""

    version: RuleVersion
    whom: str
    what: str
    weight: str
    broken: str
    who: str

    @property
    def state(self) -> tuple[str, str]:
        """Its state and the colour of its mark."""
        if self.broken:
            return "Broken", "warn"
        return ("On", "good") if self.version.is_on else ("Off", "")


@dataclass(frozen=True)
class OfferRow:
    """One version of an offer in words; ``left`` how many there are, "" for as many as are wanted."""

    version: OfferVersion
    kind: str
    whom: str
    what: str
    moments: Sequence[str]
    doors: Sequence[str]
    left: str
    broken: str
    who: str
    has_begun: bool
    is_over: bool

    @property
    def state(self) -> tuple[str, str]:
        """Its state and the colour of its mark."""
        if self.broken:
            return "Broken", "warn"
        if not self.version.is_on:
            return "Off", ""
        if self.is_over:
            return "Over", ""
        if not self.has_begun:
            return "To come", "accent"
        return ("None left", "warn") if self.left == "0" else ("On", "good")


def rule_rows() -> Sequence[RuleRow]:
    """All rules by name, each as it stands now."""
    newest = RuleVersion.objects.order_by("rule_id", "-number").distinct("rule_id")
    rows = _rules(list(newest.select_related("written_by")))
    return sorted(rows, key=lambda row: (row.version.name.casefold(), row.version.rule_id))


def rule_history(rule: Rule) -> Sequence[RuleRow]:
    """Every version of a rule, the newest first."""
    return _rules(list(rule.versions.select_related("written_by").order_by("-number")))


def offer_rows(now: datetime) -> Sequence[OfferRow]:
    """All offers by name, each as it stands now."""
    newest = OfferVersion.objects.order_by("offer_id", "-number").distinct("offer_id")
    rows = _offers(list(newest.select_related("written_by", "offer")), now)
    return sorted(rows, key=lambda row: (row.version.name.casefold(), row.version.offer_id))


def offer_history(offer: Offer, now: datetime) -> Sequence[OfferRow]:
    """Every version of an offer, the newest first."""
    versions = offer.versions.select_related("written_by", "offer").order_by("-number")
    return _offers(list(versions), now)


def _rules(versions: Sequence[RuleVersion]) -> Sequence[RuleRow]:
    read = [(conditions.read(one.condition), product_terms.read(one.terms)) for one in versions]
    vocabulary = _vocabulary(condition for condition, _ in read)
    shelf = shelf_of([terms for _, terms in read])
    return [
        RuleRow(
            version=version,
            whom=sentence(condition, vocabulary),
            what=product_terms.sentence(terms, shelf),
            weight=WEIGHT_IN_WORDS[Weight(version.weight)],
            broken=broken(condition, terms, vocabulary, shelf, _use(version.weight)),
            who=_who(version.written_by),
        )
        for version, (condition, terms) in zip(versions, read, strict=True)
    ]


def _offers(versions: Sequence[OfferVersion], now: datetime) -> Sequence[OfferRow]:
    read = [
        (
            None if one.condition is None else conditions.read(one.condition),
            product_terms.read(one.terms),
        )
        for one in versions
    ]
    vocabulary = _vocabulary(condition for condition, _ in read if condition is not None)
    shelf = shelf_of([terms for _, terms in read])
    return [
        OfferRow(
            version=version,
            kind=KIND_IN_WORDS[OfferKind(version.kind)],
            whom=_whom(version, condition, vocabulary),
            what=product_terms.sentence(terms, shelf),
            moments=[kind_in_words(kind) for kind in version.moments],
            doors=[DOOR_IN_WORDS[Door(door)] for door in version.doors],
            left="" if version.offer.stock is None else f"{version.offer.stock:,}",
            broken=broken(condition, terms, vocabulary, shelf, Use.CHOOSE),
            who=_who(version.written_by),
            has_begun=version.starts_at <= now,
            is_over=version.starts_at <= now and not holds(version, now),
        )
        for version, (condition, terms) in zip(versions, read, strict=True)
    ]


def _whom(version: OfferVersion, condition: Condition | None, vocabulary: Vocabulary) -> str:
    if condition is not None:
        return sentence(condition, vocabulary)
    return "who owns it" if version.kind == OfferKind.GUIDANCE else "whom it fits by the rule base"


def _vocabulary(found: Iterable[Condition]) -> Vocabulary:
    return vocabulary_of(
        question for condition in found for question, _ in conditions.questions(condition)
    )


def _use(weight: str) -> Use:
    return Use.HOLD_BACK if weight == Weight.NOT else Use.CHOOSE


def broken(
    condition: Condition | None, terms: Terms, vocabulary: Vocabulary, shelf: Shelf, use: Use
) -> str:
    """Say what cannot be asked any more, of customers or of products; "" where all can."""
    asked = conditions.questions(condition) if condition is not None else ()
    of_customers = (wrong_with(one, vocabulary, use, turned=turned) for one, turned in asked)
    of_products = (product_terms.wrong_with(term, shelf) for term in product_terms.leaves(terms))
    found = [problem.words for problem in (*of_customers, *of_products) if problem]
    return " ".join(dict.fromkeys(found))


def _who(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else "first start"
