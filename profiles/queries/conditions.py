"""Answers the questions of conditions, for one customer or for thousands, in a fixed number of queries.

Each kind of question costs one query whatever its number, and each fact of another app what its app needs.
An answer comes with the row that it rests on, by key only: what an erasure takes is gone from every reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Q

from cxportal.lib.registry import registry
from profiles.models import Attribute, Category, Product
from profiles.queries.at_hand import in_baskets
from profiles.queries.company import company_day
from profiles.queries.facts import Believed, believed, schema_of
from profiles.queries.households import Relative, minded, relatives
from profiles.rules.cleanness import BIRTHDAY, doubt_of_birthday
from profiles.rules.condition_words import Term, Thing, Use, Vocabulary, wrong_with
from profiles.rules.conditions import (
    ANY_ALLERGEN,
    CUSTOMER,
    Age,
    Asked,
    Bought,
    Condition,
    FactIs,
    InBasket,
    Minds,
    Operator,
    Owns,
    Registered,
    Truth,
    Truths,
    Wrong,
    grounds,
    joined,
    questions,
)
from profiles.rules.households import age_on
from profiles.rules.names import Manner

# A conclusion that is less sure than this is not knowing: our own figure.
SURE_ENOUGH = 0.7

# Returns are lines of negative quantity. What is asked of a category is asked of its products together.
_PURCHASES = """
    WITH wanted AS MATERIALIZED (
        SELECT w.n, w.since, p.id AS product_id
        FROM unnest(%(ns)s::int[], %(products)s::bigint[], %(since)s::timestamptz[]) AS w(n, product, since)
        JOIN profiles_product p ON p.id = w.product
        UNION ALL
        SELECT w.n, w.since, p.id
        FROM unnest(%(ns)s::int[], %(categories)s::bigint[], %(since)s::timestamptz[]) AS w(n, category, since)
        JOIN profiles_product p ON p.category_id = w.category)
    SELECT w.n, l.customer_id,
           count(DISTINCT l.purchase_id) FILTER (WHERE l.quantity > 0), sum(l.quantity),
           (array_agg(l.id ORDER BY l.occurred_at DESC, l.id DESC) FILTER (WHERE l.quantity > 0))[1]
    FROM profiles_purchaseline l JOIN wanted w ON w.product_id = l.product_id
    WHERE l.customer_id = ANY(%(customers)s) AND l.occurred_at <= %(now)s
      AND (w.since IS NULL OR l.occurred_at > w.since)
    GROUP BY 1, 2
"""


class Row(StrEnum):
    """Where a row stands that an answer rests on."""

    FACT = "fact"
    LINE = "line"
    MEMBER = "member"
    WARNING = "warning"


@dataclass(frozen=True)
class Evidence:
    """The row that an answer rests on."""

    row: Row
    id: int


@dataclass(frozen=True)
class Answers:
    """Answers to all questions of some conditions, of the same customers.

    ``broken``: questions that cannot be asked any more, and why; their answer is unknown.
    """

    places: Mapping[int, int]
    truths: Mapping[Asked, Truths]
    evidence: Mapping[Asked, Mapping[int, Evidence]]
    broken: Mapping[Asked, Wrong]
    vocabulary: Vocabulary

    def of(self, condition: Condition) -> Truths:
        """Answer a condition for all customers, in their order."""
        return joined(condition, self.truths)

    def grounds(
        self, condition: Condition, customer_id: int
    ) -> tuple[Truth, Sequence[tuple[Asked, Evidence | None]]]:
        """Answer a condition for one customer, with the questions and rows that it rests on."""
        place = self.places[customer_id]
        truth, asked = grounds(condition, lambda one: Truth(int(self.truths[one][place])))
        return truth, [(one, self.evidence.get(one, {}).get(customer_id)) for one in asked]


def answers(
    conditions: Iterable[Condition], customer_ids: Sequence[int], now: datetime, *, use: Use
) -> Answers:
    """Answer every question of these conditions for these customers."""
    conditions = list(conditions)
    asked = [one for condition in conditions for one in questions(condition)]
    vocabulary = vocabulary_of(question for question, _ in asked)
    broken = {
        question: problem
        for question, turned in asked
        if (problem := wrong_with(question, vocabulary, use, turned=turned))
    }
    found = _Found(list(dict.fromkeys(customer_ids)), now)
    wanted = {question for question, _ in asked} - broken.keys()
    for kind, answer in _ANSWER:
        if of_kind := [question for question in wanted if isinstance(question, kind)]:
            answer(found, of_kind)
    for question in broken:
        found.column(question, Truth.UNKNOWN)
    return Answers(found.places, found.truths, found.evidence, broken, vocabulary)


# --- what can be asked about ----------------------------------------------------------------------


def vocabulary_of(asked: Iterable[Asked]) -> Vocabulary:
    """Load what these questions name, in three queries at most and one for each app that is asked."""
    asked = set(asked)
    subjects = {one.subject for one in asked if isinstance(one, Bought | Owns | InBasket)}
    products = {one.id for one in subjects if not one.is_category}
    categories = {one.id for one in subjects if one.is_category}
    codes = {one.attribute for one in asked if isinstance(one, FactIs)}
    codes |= {BIRTHDAY for one in asked if isinstance(one, Age) and one.of == CUSTOMER}
    keys = {one.key for one in asked if isinstance(one, Registered)}
    return Vocabulary(
        attributes=_terms(Q(code__in=codes)) if codes else {},
        products=_products(products) if products else {},
        categories=_categories(Q(pk__in=categories)) if categories else {},
        registered=_registered_values(keys),
    )


def whole_vocabulary() -> Vocabulary:
    """Load all that a condition can name, but products: of these there are too many."""
    return Vocabulary(
        attributes=_terms(Q()),
        categories=_categories(Q()),
        registered=_registered_values(registry.facts),
    )


def _terms(wanted: Q) -> Mapping[str, Term]:
    found = Attribute.objects.filter(wanted, is_active=True).order_by("name", "pk")
    return {one.code: Term(one.name, one.purpose, schema_of(one), one.holds_back) for one in found}


def _products(ids: Iterable[int]) -> Mapping[int, Thing]:
    rows = Product.objects.filter(pk__in=list(ids))
    named = rows.values_list("pk", "name", "code", "category__is_delicate")
    return {pk: Thing(name or code, bool(delicate)) for pk, name, code, delicate in named}


def _categories(wanted: Q) -> Mapping[int, Thing]:
    rows = Category.objects.filter(wanted).order_by("name")
    named = rows.values_list("pk", "name", "is_delicate")
    return {pk: Thing(name, delicate) for pk, name, delicate in named}


def _registered_values(keys: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
    known = [registry.facts[key] for key in keys if key in registry.facts]
    return {fact.key: values for fact in known if (values := fact.asked())}


# --- answering ------------------------------------------------------------------------------------


class _Found:
    """What was answered so far."""

    def __init__(self, customers: Sequence[int], now: datetime) -> None:
        self.customers, self.now = customers, now
        self.places = {customer: place for place, customer in enumerate(customers)}
        self.truths: dict[Asked, Truths] = {}
        self.evidence: dict[Asked, dict[int, Evidence]] = {}

    def column(self, question: Asked, otherwise: Truth) -> Truths:
        """Begin the answers to a question with what holds where nothing is found."""
        column = np.full(len(self.customers), otherwise, dtype=np.int8)
        self.truths[question] = column
        self.evidence[question] = {}
        return column

    def say(
        self, question: Asked, customer: int, truth: Truth, evidence: Evidence | None = None
    ) -> None:
        self.truths[question][self.places[customer]] = truth
        if evidence:
            self.evidence[question][customer] = evidence


def _facts(found: _Found, asked: Sequence[FactIs]) -> None:
    by_code: dict[str, list[FactIs]] = {}
    for question in asked:
        by_code.setdefault(question.attribute, []).append(question)
        is_known = question.operator == Operator.KNOWN
        found.column(question, Truth.NO if is_known else Truth.UNKNOWN)
    for one in sure(believed(found.customers, list(by_code), found.now)):
        for question in by_code[one.code]:
            truth = Truth.YES if holds(one.value, question) else Truth.NO
            evidence = Evidence(Row.FACT, one.version_id)
            found.say(question, one.customer_id, truth, evidence)


def sure(known: Iterable[Believed]) -> Iterable[Believed]:
    """Leave out what we only concluded, and are not sure of."""
    return (one for one in known if one.manner != Manner.CONCLUDED or one.confidence >= SURE_ENOUGH)


def holds(value: Any, question: FactIs) -> bool:
    """Tell whether a value is as the question asks; it has the type of its attribute."""
    return _COMPARE[question.operator](value, question.operand)


def _same(value: Any, operand: Any) -> bool:
    """Text is the same whatever its case; a yes is no number."""
    if isinstance(value, str) and isinstance(operand, str):
        return value.casefold() == operand.casefold()
    return bool(value == operand) and isinstance(value, bool) == isinstance(operand, bool)


_COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.IS: _same,
    Operator.ONE_OF: lambda value, operand: value in operand,
    Operator.INCLUDES: lambda value, operand: operand in value,
    Operator.CONTAINS: lambda value, operand: operand.casefold() in value.casefold(),
    Operator.AT_LEAST: lambda value, operand: value >= operand,
    Operator.AT_MOST: lambda value, operand: value <= operand,
    # Days as ISO text sort as days do.
    Operator.BEFORE: lambda value, operand: value < operand,
    Operator.FROM: lambda value, operand: value >= operand,
    Operator.KNOWN: lambda value, operand: True,
}


def _purchases(found: _Found, asked: Sequence[Bought | Owns]) -> None:
    for question in asked:
        found.column(question, Truth.NO)
    with connection.cursor() as cursor:
        cursor.execute(_PURCHASES, _wanted(found, asked))
        for n, customer, times, quantity, line in cursor.fetchall():
            question = asked[n]
            enough = quantity > 0 if isinstance(question, Owns) else times >= question.times
            evidence = Evidence(Row.LINE, line) if line else None
            found.say(question, customer, Truth.YES if enough else Truth.NO, evidence)


def _wanted(found: _Found, asked: Sequence[Bought | Owns]) -> dict[str, Any]:
    within = [one.within_days if isinstance(one, Bought) else None for one in asked]
    return {
        "ns": list(range(len(asked))),
        "products": [None if one.subject.is_category else one.subject.id for one in asked],
        "categories": [one.subject.id if one.subject.is_category else None for one in asked],
        "since": [found.now - timedelta(days=days) if days else None for days in within],
        "customers": list(found.customers),
        "now": found.now,
    }


def _baskets(found: _Found, asked: Sequence[InBasket]) -> None:
    for question in asked:
        found.column(question, Truth.NO)
    for customer, products in in_baskets(found.customers, found.now).items():
        for question in asked:
            of = {one.category_id if question.subject.is_category else one.id for one in products}
            if question.subject.id in of:
                found.say(question, customer, Truth.YES)


def _ages(found: _Found, asked: Sequence[Age]) -> None:
    own = [question for question in asked if question.of == CUSTOMER]
    of_others = [question for question in asked if question.of != CUSTOMER]
    today = company_day(found.now)
    for question in asked:
        found.column(question, Truth.UNKNOWN)
    if own:
        for one in sure(believed(found.customers, [BIRTHDAY], found.now)):
            born_on = date.fromisoformat(str(one.value))
            if doubt_of_birthday(born_on, today) is None:
                for question in own:
                    truth = Truth.YES if _is_of_age(born_on, question, today) else Truth.NO
                    evidence = Evidence(Row.FACT, one.version_id)
                    found.say(question, one.customer_id, truth, evidence)
    if of_others:
        for customer, people in relatives(found.customers).items():
            for question in of_others:
                found.say(question, customer, *_age_of_some(people, question, today))


def _is_of_age(born_on: date, question: Age, today: date) -> bool:
    age = age_on(born_on, today)
    return (question.at_least or 0) <= age and (question.under is None or age < question.under)


def _age_of_some(
    people: Sequence[Relative], question: Age, today: date
) -> tuple[Truth, Evidence | None]:
    """One who is of the age is enough; no is certain only where some were told, and the age of each."""
    asked = [one for one in people if one.role == question.of]
    for one in asked:
        if one.born_on and _is_of_age(one.born_on, question, today):
            return Truth.YES, Evidence(Row.MEMBER, one.member_id)
    if asked and all(one.born_on for one in asked):
        return Truth.NO, Evidence(Row.MEMBER, asked[-1].member_id)
    return Truth.UNKNOWN, None


def _warnings(found: _Found, asked: Sequence[Minds]) -> None:
    for question in asked:
        found.column(question, Truth.UNKNOWN)  # nobody told of an allergy: that is not "none"
    for customer, told in minded(found.customers, found.now).items():
        for question in asked:
            is_any = question.allergen == ANY_ALLERGEN
            warning = min(told.values()) if is_any else told.get(question.allergen)
            if warning:
                found.say(question, customer, Truth.YES, Evidence(Row.WARNING, warning))


def _of_apps(found: _Found, asked: Sequence[Registered]) -> None:
    for question in asked:
        found.column(question, Truth.NO)
    for key in {question.key for question in asked}:
        for customer, value in registry.facts[key].load(found.customers, found.now).items():
            said = "yes" if value is True else str(value)
            for question in asked:
                if question.key == key and question.value == said:
                    found.say(question, customer, Truth.YES)


_ANSWER: Sequence[tuple[Any, Callable[[_Found, Sequence[Any]], None]]] = (
    (FactIs, _facts),
    (Bought | Owns, _purchases),
    (InBasket, _baskets),
    (Age, _ages),
    (Minds, _warnings),
    (Registered, _of_apps),
)
