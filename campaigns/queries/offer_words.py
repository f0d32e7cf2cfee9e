"""What an offer says and why, in words: made when somebody reads them, so that nothing erased since is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import OfferVersion, RuleVersion
from campaigns.rules.codes import Door
from campaigns.rules.reasons import Reader
from profiles.models import FactValue, Product, PurchaseLine
from profiles.queries.company import company_zone
from profiles.queries.conditions import Row
from profiles.queries.facts import schema_of
from profiles.queries.product_terms import traits, values_of
from profiles.rules import product_terms
from profiles.rules.characteristics import Trait, said
from profiles.rules.facts import Value, day_in_words, value_in_words
from profiles.rules.names import Manner, Sensitivity
from profiles.rules.product_terms import Has, leaves

MOST_ROWS, MOST_TRAITS = 2, 3


@dataclass(frozen=True)
class OfferSaid:
    """The product of an offer by name and code, its words for a door, and why it came up; "" for none."""

    product: str
    code: str
    words: str
    because: str

    @property
    def title(self) -> str:
        return ": ".join(part for part in (self.product, self.words) if part)


def offers_said(
    facts: Sequence[Mapping[str, Any]], door: Door, reader: Reader
) -> Sequence[OfferSaid | None]:
    """Put the offers of decisions into words, in a fixed number of queries; None for what is no offer."""
    offers = [each.get("offer") for each in facts]
    known = [one for one in offers if one]
    if not known:
        return [None] * len(offers)
    versions = OfferVersion.objects.in_bulk({one["version"] for one in known})
    rules = RuleVersion.objects.in_bulk({one["rule"] for one in known if one["rule"]})
    products = Product.objects.in_bulk({one["product"] for one in known})
    like = values_of(list(products))
    shelf = traits()
    rows = _rows({tuple(row) for one in known for row in one["rows"]}, reader)

    def told(one: Mapping[str, Any]) -> OfferSaid:
        version, rule = versions[one["version"]], rules.get(one["rule"])
        product = products.get(one["product"])
        traits_of = _traits_of(rule, version, shelf, like.get(one["product"], {}))
        known_of = [rows[tuple(row)] for row in one["rows"] if tuple(row) in rows][:MOST_ROWS]
        return OfferSaid(
            product=(product.name or product.code) if product else "",
            code=product.code if product else "",
            words=_words(version, door),
            because=_because(known_of, traits_of, rule, reader),
        )

    return [told(one) if one else None for one in offers]


def offer_said(facts: Mapping[str, Any], door: Door, reader: Reader) -> OfferSaid | None:
    """Put the offer of one decision into words."""
    return offers_said([facts], door, reader)[0]


def _words(version: OfferVersion, door: Door) -> str:
    by_door = {Door.COUNTER: version.counter_words, Door.PAGE: version.page_words}
    return by_door.get(door) or version.name


def _traits_of(
    rule: RuleVersion | None,
    version: OfferVersion,
    shelf: Mapping[str, Trait],
    like: Mapping[str, Value],
) -> Sequence[str]:
    """What the product is like, of all that it was chosen by."""
    terms = [product_terms.read(one.terms) for one in (rule, version) if one]
    codes = [leaf.code for each in terms for leaf in leaves(each) if isinstance(leaf, Has)]
    return [
        said(shelf[code], like[code])
        for code in dict.fromkeys(codes)
        if code in shelf and code in like
    ][:MOST_TRAITS]


def _because(
    known: Sequence[str], like: Sequence[str], rule: RuleVersion | None, reader: Reader
) -> str:
    """Say it as one sentence: on what it rests, and what the product is like.

    >>> _because(["you told us on 3 March 2026: “Hikes”"], ["weight 900 g"], None, Reader.CUSTOMER)
    'you told us on 3 March 2026: “Hikes”; it fits by its weight 900 g'
    """
    fits = f"it fits by its {', '.join(like)}" if like else ""
    parts = [*known, fits]
    if reader == Reader.MANAGER and rule is not None:
        parts.append(f"rule “{rule.name}”")
    return "; ".join(part for part in parts if part)


def _rows(keys: set[Any], reader: Reader) -> Mapping[tuple[str, int], str]:
    """Say what the rows tell on which an offer rests: what was told, and what was bought."""
    by_kind: dict[str, set[int]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, set()).add(key)
    who = "you" if reader == Reader.CUSTOMER else "they"
    facts = FactValue.objects.filter(pk__in=by_kind.get(Row.FACT, ())).select_related("attribute")
    lines = PurchaseLine.objects.filter(pk__in=by_kind.get(Row.LINE, ())).select_related("product")
    found = {(str(Row.FACT), one.pk): words for one in facts if (words := _fact(one, who))}
    return found | {(str(Row.LINE), one.pk): _line(one, who) for one in lines}


def _fact(one: FactValue, who: str) -> str:
    if one.value is None or one.attribute.sensitivity == Sensitivity.SPECIAL:
        return ""
    how = f"{who} told us on {_day(one.occurred_at)}" if one.manner == Manner.TOLD else "we know"
    if one.value is True:
        return f"{how}: {one.attribute.name.lower()}"
    return (
        f"{how}: {one.attribute.name.lower()} {value_in_words(one.value, schema_of(one.attribute))}"
    )


def _line(one: PurchaseLine, who: str) -> str:
    return f"{who} bought {one.product.name or one.product.code} on {_day(one.occurred_at)}"


def _day(at: datetime) -> str:
    return day_in_words(at.astimezone(company_zone()).date())
