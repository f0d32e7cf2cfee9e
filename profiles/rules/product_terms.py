"""Terms for products: "small and light", "anything of this category but that". Conditions, of products.

Terms are kept as JSON and read into a typed tree, joined by all, any and not. A product that lacks a
characteristic fits no term about it, nor one that turns such a term round: "not over 1 kg" asks for a weight, too.

    {"product": 7}    {"category": 3}    {"has": "weight", "at_most": 1000}    {"has": "use", "includes": "hiking"}
    {"all": […]}      {"any": […]}       {"not": {…}}

``profiles.queries.product_terms`` answers them in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from profiles.rules.characteristics import Trait
from profiles.rules.conditions import LONGEST_CODE, LONGEST_VALUE, MOST_DEPTH, MOST_PARTS, Wrong
from profiles.rules.facts import Malformed, normal_value, value_in_words
from profiles.rules.names import AttributeType


class Compare(StrEnum):
    """How a characteristic is compared."""

    IS = "is"
    INCLUDES = "includes"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    KNOWN = "known"


COMPARISONS: Mapping[AttributeType, tuple[Compare, ...]] = {
    AttributeType.NUMBER: (Compare.AT_MOST, Compare.AT_LEAST, Compare.KNOWN),
    AttributeType.YES_NO: (Compare.IS, Compare.KNOWN),
    AttributeType.CHOICE: (Compare.IS, Compare.KNOWN),
    AttributeType.CHOICES: (Compare.INCLUDES, Compare.KNOWN),
}


@dataclass(frozen=True)
class IsProduct:
    id: int
    is_turned: bool = False


@dataclass(frozen=True)
class OfCategory:
    id: int
    is_turned: bool = False


@dataclass(frozen=True)
class Has:
    """A characteristic, compared. Turned round, it still has to be there."""

    code: str
    compare: Compare
    operand: str | float | bool
    is_turned: bool = False


Term = IsProduct | OfCategory | Has


@dataclass(frozen=True)
class AllTerms:
    parts: tuple[Terms, ...]


@dataclass(frozen=True)
class AnyTerms:
    parts: tuple[Terms, ...]


Terms = Term | AllTerms | AnyTerms


@dataclass(frozen=True)
class Shelf:
    """What terms can name: characteristics, products and categories by name."""

    traits: Mapping[str, Trait]
    products: Mapping[int, str]
    categories: Mapping[int, str]


def leaves(terms: Terms) -> Iterator[Term]:
    """Yield every single term, in order."""
    if isinstance(terms, AllTerms | AnyTerms):
        for part in terms.parts:
            yield from leaves(part)
    else:
        yield terms


# --- reading --------------------------------------------------------------------------------------


def read(raw: Any) -> Terms:
    """Read terms from their JSON; each not is carried inward to the terms that it turns.

    Raises:
        Wrong: they are none; the error names the part.

    >>> read({"not": {"any": [{"product": 7}, {"has": "weight", "at_least": 1000}]}})
    AllTerms(parts=(IsProduct(id=7, is_turned=True), Has(code='weight', compare=<Compare.AT_LEAST: 'at_least'>, \
operand=1000, is_turned=True)))
    """
    found = _read(raw, "", depth=1, turned=False)
    if sum(1 for _ in leaves(found)) > MOST_PARTS:
        raise Wrong("", "too_large", f"Write at most {MOST_PARTS} terms.")
    return found


def _read(raw: Any, where: str, *, depth: int, turned: bool) -> Terms:
    if not isinstance(raw, dict) or not raw:
        raise Wrong(where, "not_terms", "Write one term here.")
    if depth > MOST_DEPTH:
        raise Wrong(where, "too_deep", f"Terms nest at most {MOST_DEPTH} deep.")
    match raw:
        case {"not": inner, **rest} if not rest:
            return _read(inner, f"{where}not", depth=depth + 1, turned=not turned)
        case {"all": list(parts), **rest} if parts and not rest:
            return (AnyTerms if turned else AllTerms)(_parts(parts, where, depth, turned))
        case {"any": list(parts), **rest} if parts and not rest:
            return (AllTerms if turned else AnyTerms)(_parts(parts, where, depth, turned))
        case {"product": int(key), **rest} if not rest and _is_key(key):
            return IsProduct(key, turned)
        case {"category": int(key), **rest} if not rest and _is_key(key):
            return OfCategory(key, turned)
        case {"has": str(code), **rest} if code.strip() and len(code) <= LONGEST_CODE:
            return _has(code, rest, where, turned)
    words = "Write a product, a category, or what it has, joined by all, any and not."
    raise Wrong(where, "not_terms", words)


def _parts(parts: list[Any], where: str, depth: int, turned: bool) -> tuple[Terms, ...]:
    if len(parts) > MOST_PARTS:
        raise Wrong(where, "too_large", f"Write at most {MOST_PARTS} terms.")
    return tuple(
        _read(part, f"{where}[{n}]", depth=depth + 1, turned=turned)
        for n, part in enumerate(parts, 1)
    )


def _is_key(number: int) -> bool:
    return not isinstance(number, bool) and 0 < number < 2**63


def _has(code: str, rest: dict[str, Any], where: str, turned: bool) -> Has:
    given = [compare for compare in Compare if compare in rest]
    if len(given) != 1 or len(rest) != 1:
        raise Wrong(where, "no_comparison", f"Compare it by one of: {', '.join(Compare)}.")
    operand = rest[given[0]]
    is_text = isinstance(operand, str) and 0 < len(operand) <= LONGEST_VALUE
    if not (is_text or isinstance(operand, bool | int | float)):
        raise Wrong(where, "not_a_value", "Write one value.")
    if given[0] == Compare.KNOWN and operand is not True:
        raise Wrong(where, "not_true", "“known” is true.")
    return Has(code, given[0], operand, turned)


def written(terms: Terms) -> dict[str, Any]:
    """Write terms as JSON, such that ``read`` returns them again.

    >>> written(Has("weight", Compare.AT_MOST, 1000))
    {'has': 'weight', 'at_most': 1000}
    """
    match terms:
        case AllTerms(parts):
            return {"all": [written(part) for part in parts]}
        case AnyTerms(parts):
            return {"any": [written(part) for part in parts]}
        case IsProduct(key):
            raw: dict[str, Any] = {"product": key}
        case OfCategory(key):
            raw = {"category": key}
        case Has(code, compare, operand):
            raw = {"has": code, str(compare): operand}
    return {"not": raw} if terms.is_turned else raw


# --- whether they can be asked --------------------------------------------------------------------


def checked(terms: Terms, shelf: Shelf) -> Terms:
    """Return the terms with every value in its stored form.

    Raises:
        Wrong: something is not there, or does not fit.
    """
    for term in leaves(terms):
        problem = wrong_with(term, shelf)
        if problem:
            raise problem
    return _normal(terms, shelf)


def wrong_with(term: Term, shelf: Shelf) -> Wrong | None:
    """Say why a term cannot be asked, None where it can."""
    match term:
        case IsProduct(key) if key not in shelf.products:
            return Wrong("product", "gone", "There is no such product any more.")
        case OfCategory(key) if key not in shelf.categories:
            return Wrong("category", "gone", "There is no such category any more.")
        case Has(code):
            return _wrong_with_trait(term, shelf.traits.get(code))
    return None


def _wrong_with_trait(term: Has, trait: Trait | None) -> Wrong | None:
    if trait is None:
        return Wrong("has", "gone", f"There is no characteristic “{term.code}” any more.")
    if term.compare not in COMPARISONS[trait.type]:
        fitting = ", ".join(COMPARISONS[trait.type])
        return Wrong(f"“{trait.name}”", "misfits", f"Compare it by one of: {fitting}.")
    try:
        _normal_operand(term, trait)
    except Malformed as error:
        return Wrong(f"“{trait.name}”", error.reason, str(error))
    return None


def _normal(terms: Terms, shelf: Shelf) -> Terms:
    match terms:
        case AllTerms(parts):
            return AllTerms(tuple(_normal(part, shelf) for part in parts))
        case AnyTerms(parts):
            return AnyTerms(tuple(_normal(part, shelf) for part in parts))
        case Has(code):
            return replace(terms, operand=_normal_operand(terms, shelf.traits[code]))
        case _:
            return terms


def _normal_operand(term: Has, trait: Trait) -> str | float | bool:
    if term.compare == Compare.KNOWN:
        return True
    value = normal_value(term.operand, trait.schema)
    return value[0] if isinstance(value, list) else value


# --- in words -------------------------------------------------------------------------------------


def sentence(terms: Terms, shelf: Shelf) -> str:
    """Say terms to managers; what is gone says so."""
    return _said(terms, shelf, is_inner=False)


def _said(terms: Terms, shelf: Shelf, *, is_inner: bool) -> str:
    if isinstance(terms, AllTerms | AnyTerms):
        between = ", and " if isinstance(terms, AllTerms) else ", or "
        joined = between.join(_said(part, shelf, is_inner=True) for part in terms.parts)
        return f"({joined})" if is_inner and len(terms.parts) > 1 else joined
    words = _term_said(terms, shelf)
    return f"not: {words}" if terms.is_turned else words


def _term_said(term: Term, shelf: Shelf) -> str:
    match term:
        case IsProduct(key):
            return f"“{shelf.products[key]}”" if key in shelf.products else "a product that is gone"
        case OfCategory(key):
            gone = "a category that is gone"
            return f"anything of “{shelf.categories[key]}”" if key in shelf.categories else gone
        case Has(code, compare, operand):
            trait = shelf.traits.get(code)
            if trait is None:
                return f"“{code}” (no longer there)"
            if compare == Compare.KNOWN:
                return f"“{trait.name}” is known"
            return f"“{trait.name}” {_COMPARED[compare]} {value_in_words(operand, trait.schema)}"


_COMPARED = {
    Compare.IS: "is",
    Compare.INCLUDES: "includes",
    Compare.AT_LEAST: "is at least",
    Compare.AT_MOST: "is at most",
}
