"""What conditions mean: whether what they ask about is there and may be asked, and how they are said in words.

Special categories (GDPR, article 9): what a customer told for one use is used for that use alone. An attribute
may say that its use is to hold back what does not suit (``holds_back``), and a warning is always agreed to for
that. So such a question stands only in a condition that forbids something, and never turned round: it may keep a
product away from somebody, and never bring one to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from profiles.rules.cleanness import BIRTHDAY
from profiles.rules.conditions import (
    ANY_ALLERGEN,
    CUSTOMER,
    OPERATORS,
    Age,
    All,
    Any_,
    Asked,
    Bought,
    Condition,
    FactIs,
    InBasket,
    Minds,
    Not,
    Operand,
    Operator,
    Owns,
    Registered,
    Subject,
    Wrong,
    questions,
)
from profiles.rules.facts import Malformed, Schema, normal_value, value_in_words
from profiles.rules.households import ALLERGEN
from profiles.rules.names import Allergen, AttributeType, Sensitivity


class Use(StrEnum):
    """What a condition is for."""

    HOLD_BACK = "hold_back"
    CHOOSE = "choose"


@dataclass(frozen=True)
class Term:
    """An attribute as conditions know it."""

    name: str
    purpose: str
    schema: Schema
    holds_back: bool = False

    @property
    def is_delicate(self) -> bool:
        return self.schema.sensitivity == Sensitivity.SPECIAL


@dataclass(frozen=True)
class Thing:
    """A product or category by name; what is bought of a delicate category tells of health, faith or the like."""

    name: str
    is_delicate: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """Everything that a condition can name: attributes in use, products, categories, facts of other apps.

    ``registered``: by key, the values that can be asked for, each said of a customer ("has an open case").
    """

    attributes: Mapping[str, Term] = field(default_factory=dict)
    products: Mapping[int, Thing] = field(default_factory=dict)
    categories: Mapping[int, Thing] = field(default_factory=dict)
    registered: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def thing(self, subject: Subject) -> Thing | None:
        return (self.categories if subject.is_category else self.products).get(subject.id)


# --- whether it may be asked ----------------------------------------------------------------------


def checked(condition: Condition, vocabulary: Vocabulary, use: Use) -> Condition:
    """Return the condition with every value in its stored form.

    Raises:
        Wrong: something is not there, does not fit, or must not be used like this.
    """
    for question, turned in questions(condition):
        problem = wrong_with(question, vocabulary, use, turned=turned)
        if problem:
            raise problem
    return _normal(condition, vocabulary)


def wrong_with(
    question: Asked, vocabulary: Vocabulary, use: Use, *, turned: bool = False
) -> Wrong | None:
    """Say why a question cannot be asked, None where it can; ``turned``: a not stands before it."""
    found: Wrong | None = None
    match question:
        case FactIs():
            found = _wrong_with_fact(question, vocabulary, use, turned)
        case Bought(subject) | Owns(subject) | InBasket(subject):
            found = _wrong_with_thing(subject, vocabulary)
        case Age(of):
            found = _wrong_with_age(of, vocabulary)
        case Minds() if use != Use.HOLD_BACK or turned:
            words = "An allergy was told so that nothing harmful is offered. It may only forbid something."
            found = Wrong("minds", "delicate", words)
        case Registered(key, value) if value not in vocabulary.registered.get(key, {}):
            found = Wrong("registered", "gone", f"There is no “{key}” of “{value}”.")
    return found


def _wrong_with_fact(
    question: FactIs, vocabulary: Vocabulary, use: Use, turned: bool
) -> Wrong | None:
    term = vocabulary.attributes.get(question.attribute)
    if term is None:
        return Wrong(
            "fact", "gone", f"There is no attribute “{question.attribute}” in use any more."
        )
    where = f"fact “{term.name}”"
    if question.operator not in OPERATORS[term.schema.type]:
        fitting = ", ".join(OPERATORS[term.schema.type])
        return Wrong(where, "operator_misfits", f"Compare it by one of: {fitting}.")
    try:
        operand = _normal_operand(question, term)
    except Malformed as error:
        return Wrong(where, error.reason, str(error))
    turned = turned or operand is False
    return _delicate(term, use, turned=turned) if term.is_delicate else None


def _delicate(term: Term, use: Use, *, turned: bool) -> Wrong | None:
    told = f"“{term.name}” is a special category. Customers agreed to one use, {term.purpose.rstrip('.')}"
    if not term.holds_back:
        words = f"{told}, and to nothing else."
    elif use != Use.HOLD_BACK or turned:
        words = (
            f"{told}. It may only forbid something to whom it is true of, and never select anybody."
        )
    else:
        return None
    return Wrong("fact", "delicate", words)


def _wrong_with_thing(subject: Subject, vocabulary: Vocabulary) -> Wrong | None:
    thing = vocabulary.thing(subject)
    kind = "category" if subject.is_category else "product"
    if thing is None:
        return Wrong(kind, "gone", f"There is no such {kind} any more.")
    if thing.is_delicate:
        words = f"What is bought of “{thing.name}” tells of a special category, and is never used."
        return Wrong(kind, "delicate", words)
    return None


def _wrong_with_age(of: str, vocabulary: Vocabulary) -> Wrong | None:
    birthday = vocabulary.attributes.get(BIRTHDAY)
    if of != CUSTOMER:
        return None
    if birthday is None or birthday.schema.type != AttributeType.DATE:
        return Wrong("age", "gone", "There is no birthday among the attributes in use.")
    if birthday.is_delicate:
        return Wrong(
            "age", "delicate", f"Birthdays are kept {birthday.purpose} and for nothing else."
        )
    return None


def is_delicate(condition: Condition, vocabulary: Vocabulary) -> bool:
    """Tell whether a condition rests on something of a special category, a warning among them.

    What is no longer in use may have been delicate, and counts as if.
    """
    return any(_asks_delicately(one, vocabulary) for one, _ in questions(condition))


def _asks_delicately(question: Asked, vocabulary: Vocabulary) -> bool:
    if isinstance(question, FactIs):
        term = vocabulary.attributes.get(question.attribute)
        return term is None or term.is_delicate
    return isinstance(question, Minds)


def _normal(condition: Condition, vocabulary: Vocabulary) -> Condition:
    match condition:
        case All(parts):
            return All(tuple(_normal(part, vocabulary) for part in parts))
        case Any_(parts):
            return Any_(tuple(_normal(part, vocabulary) for part in parts))
        case Not(part):
            return Not(_normal(part, vocabulary))
        case FactIs(attribute, operator):
            operand = _normal_operand(condition, vocabulary.attributes[attribute])
            return FactIs(attribute, operator, operand)
        case _:
            return condition


def _normal_operand(question: FactIs, term: Term) -> Operand:
    """Bring a value to the form in which facts are stored; one of a list of choices is a choice."""
    if question.operator == Operator.KNOWN:
        return True
    if question.operator == Operator.ONE_OF:
        assert isinstance(question.operand, tuple)
        return tuple(_scalar(normal_value(one, term.schema)) for one in question.operand)
    if isinstance(question.operand, tuple):
        raise Malformed("not_a_value", "Write one value.")
    return _scalar(normal_value(question.operand, term.schema))


def _scalar(value: object) -> str:
    """A value as one operand: of several choices, there is one here."""
    if isinstance(value, list):
        if len(value) != 1:
            raise Malformed("not_a_choice", "Write one choice.")
        return str(value[0])
    return value  # type: ignore[return-value]  # a string, a number or a yes stays what it is


# --- in words -------------------------------------------------------------------------------------


def sentence(condition: Condition, vocabulary: Vocabulary) -> str:
    """Say a condition to managers; what is gone or broken says so.

    >>> words = Vocabulary({"owns_car": Term("Has a car", "to …", Schema(type=AttributeType.YES_NO))})
    >>> sentence(FactIs("owns_car", Operator.IS, True), words)
    '“Has a car” is yes'
    >>> sentence(Not(Age("child", under=3)), words)
    'not: a child under 3'
    """
    return _said(condition, vocabulary, is_inner=False)


def _said(condition: Condition, vocabulary: Vocabulary, *, is_inner: bool) -> str:
    match condition:
        case All(parts) | Any_(parts):
            between = ", and " if isinstance(condition, All) else ", or "
            joined = between.join(_said(part, vocabulary, is_inner=True) for part in parts)
            return f"({joined})" if is_inner and len(parts) > 1 else joined
        case Not(part):
            return f"not: {_said(part, vocabulary, is_inner=True)}"
        case _:
            return question_in_words(condition, vocabulary)


def question_in_words(question: Asked, vocabulary: Vocabulary) -> str:
    """Say one question as something that may be so of a customer."""
    match question:
        case FactIs():
            return _fact_said(question, vocabulary)
        case Bought(subject, within_days, times):
            often = {1: "", 2: " at least twice"}.get(times, f" at least {times} times")
            when = f" in the last {within_days} days" if within_days else ""
            return f"bought {_named(subject, vocabulary)}{often}{when}"
        case Owns(subject):
            return f"owns {_named(subject, vocabulary)}"
        case InBasket(subject):
            return f"has {_named(subject, vocabulary)} in the basket"
        case Age():
            return _age_said(question)
        case Minds(allergen):
            what = "anything" if allergen == ANY_ALLERGEN else ALLERGEN[Allergen(allergen)]
            return f"somebody in the household must avoid {what}"
        case Registered(key, value):
            return vocabulary.registered.get(key, {}).get(value, f"“{key}” is “{value}”")


def _fact_said(question: FactIs, vocabulary: Vocabulary) -> str:
    term = vocabulary.attributes.get(question.attribute)
    name = f"“{term.name}”" if term else f"“{question.attribute}” (no longer in use)"
    if question.operator == Operator.KNOWN:
        return f"{name} is known"
    return f"{name} {_COMPARED[question.operator]} {_operand_said(question, term)}"


_COMPARED = {
    Operator.IS: "is",
    Operator.ONE_OF: "is one of",
    Operator.INCLUDES: "includes",
    Operator.CONTAINS: "contains",
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.BEFORE: "is before",
    Operator.FROM: "is on or after",
}


def _operand_said(question: FactIs, term: Term | None) -> str:
    operand = question.operand
    if isinstance(operand, tuple):
        return ", ".join(operand)
    try:
        return value_in_words(operand, term.schema) if term else str(operand)
    except ValueError:  # a day that is none: said as it is written
        return str(operand)


def _named(subject: Subject, vocabulary: Vocabulary) -> str:
    thing = vocabulary.thing(subject)
    if thing is None:
        return "something that is gone"
    return f"anything of “{thing.name}”" if subject.is_category else f"“{thing.name}”"


def _age_said(question: Age) -> str:
    bounds = [
        f"from {question.at_least}" if question.at_least is not None else "",
        f"under {question.under}" if question.under is not None else "",
    ]
    years = " and ".join(bound for bound in bounds if bound)
    if question.of == CUSTOMER:
        return f"the customer’s age is {years}"
    return f"{'an' if question.of == 'adult' else 'a'} {question.of} {years}"
