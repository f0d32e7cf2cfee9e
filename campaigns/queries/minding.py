"""Ranks customers by who would mind an offer least, with the reasons, in a fixed number of queries.

What is delicate selects nobody, and whoever has a complaint open is not asked for a favour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from campaigns.queries import eligibility
from campaigns.queries.policy import sending_policy
from campaigns.rules.codes import OutcomeKind
from campaigns.rules.minding import ranked, scores
from profiles.models import Customer, Identifier, Profile
from profiles.queries.conditions import answers, vocabulary_of
from profiles.rules.condition_words import Use, checked, sentence
from profiles.rules.conditions import Condition, Truth, questions, read

# So far back an answer still tells how somebody takes such things.
ANSWERS_DAYS = 365
WELCOMED = (OutcomeKind.HELPFUL, OutcomeKind.BUY_AGAIN)
DISMISSED = (OutcomeKind.NOT_RELEVANT, OutcomeKind.LESS, OutcomeKind.TOO_PERSONAL)

_ANSWERS = """
    SELECT customer_id, count(*) FILTER (WHERE kind = ANY(%(welcomed)s)),
           count(*) FILTER (WHERE kind = ANY(%(dismissed)s))
    FROM campaigns_outcome
    WHERE customer_id = ANY(%(ids)s) AND occurred_at > %(since)s AND occurred_at <= %(now)s
      AND taken_back_at IS NULL
    GROUP BY 1
"""


@dataclass(frozen=True)
class Criterion:
    """Something that speaks for asking a customer, or against it, by so much."""

    condition: Condition
    weight: int


@dataclass(frozen=True)
class Ranked:
    """One of the few to ask, with what speaks for it and against."""

    customer_id: int
    name: str
    score: float
    reasons: Sequence[str]
    against: Sequence[str]


@dataclass(frozen=True)
class Ranking:
    """The few, best first; of ``asked`` customers ``complaining`` are left out."""

    ranked: Sequence[Ranked]
    asked: int
    complaining: int


def criterion_of(raw: Any, weight: int) -> Criterion:
    """Read a criterion from JSON.

    Raises:
        Wrong: it cannot be asked, or must not be used to choose somebody.
    """
    condition = read(raw)
    vocabulary = vocabulary_of(one for one, _ in questions(condition))
    return Criterion(checked(condition, vocabulary, Use.CHOOSE), weight)


def named_customers(names: Sequence[str]) -> tuple[Sequence[int], Sequence[str]]:
    """Find customers by their numbers, e-mail addresses and phones; and say what named nobody, or several."""
    found: dict[str, set[int]] = {name: set() for name in names}
    known = Profile.objects.filter(external_id__in=names, customer__in=Customer.objects.present())
    for number, customer in known.values_list("external_id", "customer_id"):
        found[number].add(customer)
    lower = {name.lower(): name for name in names}
    contacts = Identifier.objects.filter(value__in=lower, customer__in=Customer.objects.present())
    for value, customer in contacts.values_list("value", "customer_id"):
        found[lower[value]].add(customer)
    clear = dict.fromkeys(next(iter(ids)) for ids in found.values() if len(ids) == 1)
    return list(clear), [name for name, ids in found.items() if len(ids) != 1]


def least_minding(
    *, customers: Sequence[int], criteria: Sequence[Criterion], most: int, now: datetime
) -> Ranking:
    """Rank these customers, and say of the first why."""
    ids = list(dict.fromkeys(customers))
    asked = answers([one.condition for one in criteria], ids, now, use=Use.CHOOSE)
    holds = np.array([asked.of(one.condition) == Truth.YES for one in criteria], dtype=bool)
    stands = eligibility.standings(ids, sending_policy(), now)
    said = np.array([stands[one].said for one in ids], dtype=np.int64)
    before = _answers(ids, now)
    welcomed, dismissed = (
        np.array([before.get(one, (0, 0))[n] for one in ids], dtype=np.int64) for n in (0, 1)
    )
    weights = np.array([one.weight for one in criteria], dtype=np.float64)
    score = scores(holds, weights, welcomed, dismissed, said)
    complaining = np.array([stands[one].selling_forbidden for one in ids], dtype=bool)
    first = ranked(score, ~complaining, most).tolist()
    names = dict(Customer.objects.filter(pk__in=[ids[n] for n in first]).values_list("pk", "name"))
    words = [sentence(one.condition, asked.vocabulary) for one in criteria]

    def of(place: int) -> Ranked:
        told = [
            (one.weight, text)
            for one, text, row in zip(criteria, words, holds, strict=True)
            if row[place]
        ]
        told += [(1, "took up a suggestion before")] if welcomed[place] else []
        told += [(-1, "said that a suggestion was not for them")] if dismissed[place] else []
        told += [(-1, "was written to this week")] if said[place] else []
        return Ranked(
            ids[place],
            names[ids[place]] or f"customer {ids[place]}",
            round(float(score[place]), 2),
            [text for weight, text in told if weight > 0],
            [text for weight, text in told if weight < 0],
        )

    return Ranking([of(place) for place in first], len(ids), int(complaining.sum()))


def _answers(ids: Sequence[int], now: datetime) -> dict[int, tuple[int, int]]:
    scope: dict[str, Any] = {
        "ids": list(ids), "now": now, "since": now - timedelta(days=ANSWERS_DAYS),
        "welcomed": [str(one) for one in WELCOMED], "dismissed": [str(one) for one in DISMISSED],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, scope)
        return {row[0]: row[1:] for row in cursor.fetchall()}
