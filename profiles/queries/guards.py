"""What keeps products from customers: guards, and the allergies of their households. Over pairs, set-based."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from cxportal.lib.registry import Longs
from profiles.queries.conditions import Answers, Row, answers
from profiles.queries.households import minded
from profiles.rules.condition_words import Use
from profiles.rules.conditions import Condition, Truths, questions, read
from profiles.rules.guards import GuardKind, Held, WhenUnknown, held, use_of

# The newest version of each guard says what holds.
_STATED = """
    SELECT p.id, p.allergens, g.version_id, g.kind, g.condition::text, g.when_unknown
    FROM profiles_product p
    LEFT JOIN (
        SELECT DISTINCT ON (g.id) g.product_id, g.category_id, v.id AS version_id, v.kind, v.condition,
               v.when_unknown, v.is_on
        FROM profiles_guard g JOIN profiles_guardversion v ON v.guard_id = g.id
        ORDER BY g.id, v.number DESC) g
      ON g.is_on AND (g.product_id = p.id OR g.category_id = p.category_id)
    WHERE p.id = ANY(%(products)s) AND (p.allergens <> '{}' OR g.version_id IS NOT NULL)
    ORDER BY p.id, g.version_id
"""


@dataclass(frozen=True)
class Rule:
    """One guard as it stands; ``version_id`` names it in reasons."""

    version_id: int
    kind: GuardKind
    condition: Condition
    when_unknown: WhenUnknown

    @property
    def use(self) -> Use:
        return use_of(self.kind)


@dataclass(frozen=True)
class Stated:
    """What stands on some products: their guards and allergens."""

    rules: Mapping[int, Sequence[Rule]]
    allergens: Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Guarded:
    """What keeps the product of each row from its customer: bits of ``Held``, and why."""

    held: Longs
    reasons: Mapping[int, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def why(self, row: int) -> Sequence[Mapping[str, Any]]:
        """The reasons of one row, by keys only, as a decision keeps them."""
        return self.reasons.get(row, ())


def stated(product_ids: Iterable[int]) -> Stated:
    """Load what stands on these products, in one query."""
    rules: dict[int, list[Rule]] = {}
    allergens: dict[int, frozenset[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_STATED, {"products": list(product_ids)})
        for product, carried, version_id, kind, condition, when_unknown in cursor.fetchall():
            if carried:
                allergens[product] = frozenset(carried)
            if version_id:
                rule = _rule(version_id, kind, condition, when_unknown)
                rules.setdefault(product, []).append(rule)
    return Stated(rules, allergens)


def _rule(version_id: int, kind: str, condition: str, when_unknown: str) -> Rule:
    kept = read(json.loads(condition))
    return Rule(version_id, GuardKind(kind), kept, WhenUnknown(when_unknown))


def guarded(customer_ids: Longs, product_ids: Longs, now: datetime) -> Guarded:
    """Say for each pair of customer and product whether something keeps them apart.

    Allergies always hold: there is no switch for them. The number of queries is fixed: one for what stands on
    the products, and where something does, those of its questions.
    """
    bits = np.zeros(len(customer_ids), dtype=np.int64)
    stand = stated(np.unique(product_ids).tolist()) if len(product_ids) else Stated({}, {})
    reasons: dict[int, list[Mapping[str, Any]]] = {}
    _hold_for_allergies(customer_ids, product_ids, stand, now, bits, reasons)
    rules = {rule.version_id: rule for each in stand.rules.values() for rule in each}
    by_use = _answers(list(rules.values()), customer_ids, product_ids, stand, now)
    for rule in rules.values():
        carrying = [product for product, each in stand.rules.items() if rule in each]
        rows = np.flatnonzero(np.isin(product_ids, carrying))
        _hold_for(rule, rows, customer_ids, by_use[rule.use], bits, reasons)
    return Guarded(bits, reasons)


def _answers(
    rules: Sequence[Rule], customer_ids: Longs, product_ids: Longs, stand: Stated, now: datetime
) -> Mapping[Use, Answers]:
    """Answer the conditions of all guards together, of the customers whom they concern."""
    concerned = customer_ids[np.isin(product_ids, list(stand.rules))]
    customers = np.unique(concerned).tolist()
    return {
        use: answers([r.condition for r in rules if r.use == use], customers, now, use=use)
        for use in {rule.use for rule in rules}
    }


def _hold_for(
    rule: Rule,
    rows: Longs,
    customer_ids: Longs,
    known: Answers,
    bits: Longs,
    reasons: dict[int, list[Mapping[str, Any]]],
) -> None:
    truths: Truths = known.of(rule.condition)
    places = [known.places[customer] for customer in customer_ids[rows].tolist()]
    found = held(rule.kind, rule.when_unknown, truths[places])
    bits[rows] |= found
    for row in rows[found > 0].tolist():
        reasons.setdefault(row, []).append(_reason(rule, known, int(customer_ids[row])))


def _reason(rule: Rule, known: Answers, customer_id: int) -> Mapping[str, Any]:
    truth, grounds = known.grounds(rule.condition, customer_id)
    order = [question for question, _ in questions(rule.condition)]
    return {
        "guard": rule.version_id,
        "answer": truth.name.lower(),
        "asked": sorted({order.index(question) for question, _ in grounds}),
        "rows": [[str(one.row), one.id] for _, one in grounds if one],
    }


def _hold_for_allergies(
    customer_ids: Longs,
    product_ids: Longs,
    stand: Stated,
    now: datetime,
    bits: Longs,
    reasons: dict[int, list[Mapping[str, Any]]],
) -> None:
    rows = np.flatnonzero(np.isin(product_ids, list(stand.allergens)))
    if not len(rows):
        return
    told = minded(np.unique(customer_ids[rows]).tolist(), now)
    for row in rows.tolist():
        avoided = told.get(int(customer_ids[row]), {})
        carried = stand.allergens[int(product_ids[row])]
        warnings = sorted(key for allergen, key in avoided.items() if allergen in carried)
        if warnings:
            bits[row] |= int(Held.ALLERGY)
            pairs = [[str(Row.WARNING), key] for key in warnings]
            reasons.setdefault(row, []).append({"allergy": True, "rows": pairs})
