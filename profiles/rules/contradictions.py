"""Conditions that are never so of anybody, found before they go live.

Only what can be proved is named: what is asked of one fact, age or product within parts that must all be so.
Whatever else matches nobody shows when it is tried on the customers who are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from profiles.rules.condition_words import Vocabulary, question_in_words
from profiles.rules.conditions import (
    Age,
    All,
    Any_,
    Asked,
    Condition,
    FactIs,
    Not,
    Operator,
    Registered,
)

Part = tuple[Asked, bool]


def never_so(condition: Condition, vocabulary: Vocabulary) -> str:
    """Say which parts exclude each other; "" where nothing was found.

    >>> car = FactIs("owns_car", Operator.IS, True)
    >>> never_so(All((car, Not(car))), Vocabulary())
    '“owns_car” (no longer in use) is True, and not so: nobody can be both.'
    >>> never_so(Any_((car, Not(car))), Vocabulary())
    ''
    """
    match condition:
        case All(parts):
            inner = next(filter(None, (never_so(part, vocabulary) for part in parts)), "")
            return inner or _clash(list(_together(parts)), vocabulary)
        case Any_(parts):
            found = [never_so(part, vocabulary) for part in parts]
            return found[0] if all(found) else ""
        case _:
            return ""


def _together(parts: Sequence[Condition]) -> Iterator[Part]:
    """The questions that must all be answered alike: yes, or no where a not stands before."""
    for part in parts:
        match part:
            case All(inner):
                yield from _together(inner)
            case Not(inner) if not isinstance(inner, All | Any_ | Not):
                yield inner, False
            case All() | Any_() | Not():
                continue
            case _:
                yield part, True


def _clash(parts: Sequence[Part], vocabulary: Vocabulary) -> str:
    for n, (one, is_so) in enumerate(parts):
        for other, other_is_so in parts[:n]:
            first, second = question_in_words(other, vocabulary), question_in_words(one, vocabulary)
            if one == other and is_so != other_is_so:
                return f"{first}, and not so: nobody can be both."
            if is_so and other_is_so and _exclude(one, other):
                return f"{first} and {second}: nobody can be both."
    return ""


def _exclude(one: Asked, other: Asked) -> bool:
    match one, other:
        case FactIs(), FactIs() if one.attribute == other.attribute:
            return _facts_exclude(one, other) or _facts_exclude(other, one)
        case Registered(key, value), Registered(same, another):
            return key == same and value != another
        case Age(), Age() if one.of == other.of == "customer":
            return _ages_exclude(one, other) or _ages_exclude(other, one)
    return False


def _facts_exclude(one: FactIs, other: FactIs) -> bool:
    a, b = one.operand, other.operand
    match one.operator, other.operator:
        case (Operator.AT_LEAST, Operator.AT_MOST):
            return float(a) > float(b)  # type: ignore[arg-type]  # numbers, by the operator
        case (Operator.FROM, Operator.BEFORE):
            return str(a) >= str(b)
        case (Operator.IS, Operator.IS):
            return str(a).casefold() != str(b).casefold()
        case (Operator.IS, Operator.ONE_OF):
            return isinstance(b, tuple) and a not in b
        case (Operator.IS, Operator.AT_LEAST):
            return float(a) < float(b)  # type: ignore[arg-type]
        case (Operator.IS, Operator.AT_MOST):
            return float(a) > float(b)  # type: ignore[arg-type]
    return False


def _ages_exclude(one: Age, other: Age) -> bool:
    return one.at_least is not None and other.under is not None and one.at_least >= other.under
