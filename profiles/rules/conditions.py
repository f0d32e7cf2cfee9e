"""Conditions on a customer: one small language for guards, rules, segments and moments of managers' own.

A condition is kept as JSON and read into a typed tree: questions (``Asked``) joined by all, any and not. Each
is answered yes, no or unknown, and the answers are joined by Kleene's strong logic of three values (S. C. Kleene,
Introduction to Metamathematics, 1952, § 64), so that not knowing never turns into a no by itself.

    {"fact": "drinks_coffee", "is": true}           {"bought": {"product": 7, "within_days": 90, "times": 2}}
    {"fact": "diet", "one_of": ["vegan"]}           {"owns": {"category": 3}}
    {"fact": "income", "at_least": 2000}            {"age": {"of": "child", "under": 3}}
    {"fact": "birthday", "known": true}             {"minds": "nuts"}
    {"registered": "tier", "is": "gold"}            {"in_basket": {"product": 7}}
    {"all": […]}   {"any": […]}   {"not": {…}}

``profiles.queries.conditions`` answers the questions for one customer or for thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.rules.names import Allergen, AttributeType, MemberRole

MOST_DEPTH, MOST_PARTS = 4, 30
LONGEST_DAYS, MOST_TIMES, OLDEST = 3650, 1000, 120
LONGEST_CODE, LONGEST_VALUE = 60, 500

Truths = NDArray[np.int8]
Longs = NDArray[np.int64]
Scalar = str | int | float | bool
# A list of choices is kept as a tuple, so that a question can be a key.
Operand = Scalar | tuple[str, ...]


class Truth(IntEnum):
    """In Kleene's order, so that "all" is the least and "any" the greatest."""

    NO = 0
    UNKNOWN = 1
    YES = 2


class Operator(StrEnum):
    """How a fact is compared; which fit, its type says."""

    IS = "is"
    ONE_OF = "one_of"
    INCLUDES = "includes"
    CONTAINS = "contains"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BEFORE = "before"
    FROM = "from"
    KNOWN = "known"


OPERATORS: Mapping[AttributeType, tuple[Operator, ...]] = {
    AttributeType.TEXT: (Operator.IS, Operator.CONTAINS, Operator.KNOWN),
    AttributeType.NUMBER: (Operator.AT_LEAST, Operator.AT_MOST, Operator.IS, Operator.KNOWN),
    AttributeType.YES_NO: (Operator.IS, Operator.KNOWN),
    AttributeType.DATE: (Operator.BEFORE, Operator.FROM, Operator.KNOWN),
    AttributeType.CHOICE: (Operator.IS, Operator.ONE_OF, Operator.KNOWN),
    AttributeType.CHOICES: (Operator.INCLUDES, Operator.KNOWN),
}
# Of whose age is asked: the customer's own, or that of somebody who lives with them and is no customer.
CUSTOMER = "customer"
WHOSE = (CUSTOMER, *(str(role) for role in MemberRole))
ANY_ALLERGEN = "any"


class Wrong(ValueError):
    """A condition cannot be read: ``where`` is the part that is wrong, ``code`` is stable."""

    def __init__(self, where: str, code: str, words: str) -> None:
        super().__init__(f"{where}: {words}" if where else words)
        self.where, self.code, self.words = where, code, words


# --- the tree -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FactIs:
    """What is believed of the customer, compared."""

    attribute: str
    operator: Operator
    operand: Operand


@dataclass(frozen=True)
class Subject:
    """A product or a whole category, by its key."""

    is_category: bool
    id: int


@dataclass(frozen=True)
class Bought:
    """Bought in at least so many purchases, within so many days of 24 hours (None: ever), returned or not."""

    subject: Subject
    within_days: int | None = None
    times: int = 1


@dataclass(frozen=True)
class Owns:
    """Bought, and not all of it returned."""

    subject: Subject


@dataclass(frozen=True)
class InBasket:
    """Lies in the basket that is being filled."""

    subject: Subject


@dataclass(frozen=True)
class Age:
    """An age in full years: from ``at_least``, below ``under``."""

    of: str
    at_least: int | None = None
    under: int | None = None


@dataclass(frozen=True)
class Minds:
    """Somebody in the household must not get this allergen, or anything that was told ("any")."""

    allergen: str


@dataclass(frozen=True)
class Registered:
    """A fact of another app has this value."""

    key: str
    value: str


Asked = FactIs | Bought | Owns | InBasket | Age | Minds | Registered


@dataclass(frozen=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Any_:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    part: Condition


Condition = Asked | All | Any_ | Not


def questions(condition: Condition) -> Iterator[tuple[Asked, bool]]:
    """Yield every question in order, each with whether an odd number of nots turns it round."""
    yield from _questions(condition, turned=False)


def _questions(condition: Condition, *, turned: bool) -> Iterator[tuple[Asked, bool]]:
    if isinstance(condition, Not):
        yield from _questions(condition.part, turned=not turned)
    elif isinstance(condition, All | Any_):
        for part in condition.parts:
            yield from _questions(part, turned=turned)
    else:
        yield condition, turned


# --- reading --------------------------------------------------------------------------------------


def read(raw: Any) -> Condition:
    """Read a condition from its JSON.

    Raises:
        Wrong: it is none; the error names the part.

    >>> read({"fact": "owns_car", "is": True})
    FactIs(attribute='owns_car', operator=<Operator.IS: 'is'>, operand=True)
    >>> read({"all": [{"owns": {"product": "seven"}}]})
    Traceback (most recent call last):
    profiles.rules.conditions.Wrong: all[1].owns.product: Write the number of a product.
    """
    found = _read(raw, "", depth=1)
    if sum(1 for _ in questions(found)) > MOST_PARTS:
        raise Wrong("", "too_large", f"A condition asks at most {MOST_PARTS} questions.")
    return found


def _read(raw: Any, where: str, *, depth: int) -> Condition:
    if not isinstance(raw, dict) or not raw or not all(isinstance(key, str) for key in raw):
        raise Wrong(where, "not_a_condition", "Write one condition here.")
    if depth > MOST_DEPTH:
        raise Wrong(where, "too_deep", f"Conditions nest at most {MOST_DEPTH} deep.")
    kind = next((name for name in _READ if name in raw), "")
    if not kind:
        raise Wrong(where, "unknown_kind", f"Begin with one of: {', '.join(_READ)}.")
    return _READ[kind](raw, _at(where, kind), depth)


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _only(raw: Mapping[str, Any], where: str, *names: str) -> None:
    surplus = sorted(str(name)[:LONGEST_CODE] for name in raw if name not in names)
    if surplus:
        raise Wrong(where, "unknown_part", f"Leave this out: {', '.join(surplus)}.")


def _joined(raw: Mapping[str, Any], where: str, depth: int) -> tuple[Condition, ...]:
    (name,) = [name for name in ("all", "any") if where.endswith(name)]
    _only(raw, where, name)
    parts = raw[name]
    if not isinstance(parts, list) or not parts:
        raise Wrong(where, "empty", "Write a list of at least one condition.")
    if len(parts) > MOST_PARTS:
        raise Wrong(where, "too_large", f"A condition asks at most {MOST_PARTS} questions.")
    return tuple(_read(part, f"{where}[{n}]", depth=depth + 1) for n, part in enumerate(parts, 1))


def _not(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    _only(raw, where, "not")
    return Not(_read(raw["not"], where, depth=depth + 1))


def _fact(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    code = _code(raw["fact"], where)
    given = [operator for operator in Operator if operator in raw]
    if len(given) != 1:
        raise Wrong(where, "no_operator", f"Compare it by one of: {', '.join(Operator)}.")
    _only(raw, where, "fact", given[0])
    return FactIs(code, given[0], _operand(raw[given[0]], given[0], _at(where, given[0])))


def _operand(raw: Any, operator: Operator, where: str) -> Operand:
    if operator == Operator.KNOWN:
        if raw is not True:
            raise Wrong(where, "not_true", "“known” is true; put it into “not” for the contrary.")
        return True
    if operator == Operator.ONE_OF:
        if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_PARTS:
            raise Wrong(where, "empty", "Write a list of choices.")
        return tuple(_code(one, where, LONGEST_VALUE) for one in raw)
    if isinstance(raw, str):
        return _code(raw, where, LONGEST_VALUE)
    if not isinstance(raw, bool | int | float):
        raise Wrong(where, "not_a_value", "Write one value.")
    return raw


def _code(raw: Any, where: str, longest: int = LONGEST_CODE) -> str:
    if not isinstance(raw, str) or not raw.strip() or len(raw) > longest or "\0" in raw:
        raise Wrong(where, "not_text", f"Write it as text of at most {longest} letters.")
    return raw


def _bought(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    _only(raw, where.rpartition(".")[0], "bought")
    inner = _inner(raw["bought"], where, "product", "category", "within_days", "times")
    return Bought(
        subject=_subject(inner, where),
        within_days=_number(inner, where, "within_days", 1, LONGEST_DAYS),
        times=_number(inner, where, "times", 1, MOST_TIMES) or 1,
    )


def _owns(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    _only(raw, where.rpartition(".")[0], "owns")
    return Owns(_subject(_inner(raw["owns"], where, "product", "category"), where))


def _in_basket(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    _only(raw, where.rpartition(".")[0], "in_basket")
    return InBasket(_subject(_inner(raw["in_basket"], where, "product", "category"), where))


def _inner(raw: Any, where: str, *names: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise Wrong(where, "not_parts", f"Write its parts: {', '.join(names)}.")
    _only(raw, where, *names)
    return raw


def _subject(raw: Mapping[str, Any], where: str) -> Subject:
    named = [name for name in ("product", "category") if name in raw]
    if len(named) != 1:
        raise Wrong(where, "no_subject", "Name either a product or a category.")
    number = raw[named[0]]
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**63:
        raise Wrong(_at(where, named[0]), "not_a_key", f"Write the number of a {named[0]}.")
    return Subject(named[0] == "category", number)


def _number(raw: Mapping[str, Any], where: str, name: str, low: int, high: int) -> int | None:
    number = raw.get(name)
    if name not in raw:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise Wrong(_at(where, name), "out_of_range", f"Write a whole number, {low} to {high}.")
    return number


def _age(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    _only(raw, where.rpartition(".")[0], "age")
    inner = _inner(raw["age"], where, "of", "at_least", "under")
    if inner.get("of") not in WHOSE:
        raise Wrong(_at(where, "of"), "unknown_person", f"Write one of: {', '.join(WHOSE)}.")
    low = _number(inner, where, "at_least", 0, OLDEST)
    high = _number(inner, where, "under", 1, OLDEST)
    if low is None and high is None:
        raise Wrong(where, "no_bound", "Write “at_least”, “under” or both.")
    if low is not None and high is not None and low >= high:
        raise Wrong(where, "empty_range", "No age lies between these.")
    return Age(inner["of"], low, high)


def _minds(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    _only(raw, where.rpartition(".")[0], "minds")
    known = (ANY_ALLERGEN, *(str(allergen) for allergen in Allergen))
    if raw["minds"] not in known:
        raise Wrong(where, "unknown_allergen", f"Write one of: {', '.join(known)}.")
    return Minds(raw["minds"])


def _registered(raw: Mapping[str, Any], where: str, depth: int) -> Condition:
    _only(raw, where, "registered", "is")
    if "is" not in raw:
        raise Wrong(where, "no_operator", "Say what it “is”.")
    return Registered(_code(raw["registered"], where), _code(raw["is"], _at(where, "is")))


_READ: Mapping[str, Callable[[Mapping[str, Any], str, int], Condition]] = {
    "all": lambda raw, where, depth: All(_joined(raw, where, depth)),
    "any": lambda raw, where, depth: Any_(_joined(raw, where, depth)),
    "not": _not,
    "fact": _fact,
    "bought": _bought,
    "owns": _owns,
    "in_basket": _in_basket,
    "age": _age,
    "minds": _minds,
    "registered": _registered,
}


def written(condition: Condition) -> dict[str, Any]:
    """Write a condition as JSON, such that ``read`` returns it again."""
    match condition:
        case All(parts):
            return {"all": [written(part) for part in parts]}
        case Any_(parts):
            return {"any": [written(part) for part in parts]}
        case Not(part):
            return {"not": written(part)}
        case FactIs(attribute, operator, operand):
            value = list(operand) if isinstance(operand, tuple) else operand
            return {"fact": attribute, str(operator): value}
        case Bought(subject, within_days, times):
            parts_of = {"within_days": within_days, "times": times if times > 1 else None}
            return {"bought": _named(subject) | _given(parts_of)}
        case Owns(subject):
            return {"owns": _named(subject)}
        case InBasket(subject):
            return {"in_basket": _named(subject)}
        case Age(of, at_least, under):
            return {"age": {"of": of} | _given({"at_least": at_least, "under": under})}
        case Minds(allergen):
            return {"minds": allergen}
        case Registered(key, value):
            return {"registered": key, "is": value}


def _named(subject: Subject) -> dict[str, Any]:
    return {"category" if subject.is_category else "product": subject.id}


def _given(parts: Mapping[str, int | None]) -> dict[str, Any]:
    return {name: number for name, number in parts.items() if number is not None}


# --- joining answers ------------------------------------------------------------------------------


def joined(condition: Condition, answers: Mapping[Asked, Truths]) -> Truths:
    """Join the answers of many customers, each an array over the same customers."""
    match condition:
        case All(parts):
            least: Truths = np.minimum.reduce([joined(part, answers) for part in parts])
            return least
        case Any_(parts):
            greatest: Truths = np.maximum.reduce([joined(part, answers) for part in parts])
            return greatest
        case Not(part):
            return (Truth.YES - joined(part, answers)).astype(np.int8)
        case _:
            return answers[condition]


def grounds(
    condition: Condition, answer: Callable[[Asked], Truth]
) -> tuple[Truth, tuple[Asked, ...]]:
    """Join the answers of one customer, and name the questions that the result rests on.

    >>> car, coffee = (FactIs(code, Operator.IS, True) for code in ("owns_car", "drinks_coffee"))
    >>> truth, why = grounds(All((car, Not(coffee))), {car: Truth.YES, coffee: Truth.YES}.__getitem__)
    >>> truth.name, [one.attribute for one in why]
    ('NO', ['drinks_coffee'])
    """
    match condition:
        case All(parts) | Any_(parts):
            found = [grounds(part, answer) for part in parts]
            join = min if isinstance(condition, All) else max
            result = join(truth for truth, _ in found)
            return result, tuple(one for truth, why in found if truth == result for one in why)
        case Not(part):
            truth, why = grounds(part, answer)
            return Truth(Truth.YES - truth), why
        case _:
            return answer(condition), (condition,)
