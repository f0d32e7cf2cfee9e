"""The rule base: rules are written, changed, switched on and off. Each of these is a version that stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Rule, RuleVersion
from campaigns.rules.offers import Weight
from cxportal.lib.errors import DomainError
from profiles.queries.conditions import vocabulary_of
from profiles.queries.product_terms import shelf_of
from profiles.rules import conditions, product_terms
from profiles.rules.condition_words import Use, checked
from profiles.rules.facts import Malformed, clean_text

LONGEST_NAME, LONGEST_NOTE = 120, 300


class RuleRefused(DomainError):
    """The rule cannot be used; ``data["where"]`` names the part, ``data["reason"]`` is a stable code."""

    code = "rule_refused"


@dataclass(frozen=True)
class Wanted:
    """What a rule shall say; ``condition`` and ``terms`` are JSON."""

    name: str
    condition: Any
    terms: Any
    weight: Weight
    note: str = ""


def use_of(weight: str) -> Use:
    """What a rule's condition is for: what does not fit only ever holds back."""
    return Use.HOLD_BACK if weight == Weight.NOT else Use.CHOOSE


def create(*, wanted: Wanted, is_on: bool, by: User | None, now: datetime) -> Rule:
    """Write a rule.

    Raises:
        RuleRefused: nothing was written.
    """
    said = said_by(wanted)
    with transaction.atomic():
        rule = Rule.objects.create(created_at=now)
        _append(rule, 1, said, is_on=is_on, by=by, now=now)
    return rule


def change(*, rule_id: int, wanted: Wanted, by: User | None, now: datetime) -> RuleVersion:
    """Let a rule say something else from now on; said again, the version that says it is returned. Locks the rule.

    Raises:
        RuleRefused: nothing was written.
    """
    said = said_by(wanted)
    with transaction.atomic():
        rule, newest = _locked(rule_id)
        if all(getattr(newest, name) == value for name, value in said.items()):
            return newest
        return _append(rule, newest.number + 1, said, is_on=newest.is_on, by=by, now=now)


def switch(*, rule_id: int, is_on: bool, by: User | None, now: datetime) -> RuleVersion:
    """Switch a rule on or off. Locks it. Repeatable.

    Raises:
        RuleRefused: what it asks for is gone or may not be used any more, so it cannot be switched on.
    """
    with transaction.atomic():
        rule, newest = _locked(rule_id)
        if newest.is_on == is_on:
            return newest
        wanted = Wanted(
            newest.name, newest.condition, newest.terms, Weight(newest.weight), newest.note
        )
        said = said_by(wanted) if is_on else {name: getattr(newest, name) for name in vars(wanted)}
        return _append(rule, newest.number + 1, said, is_on=is_on, by=by, now=now)


def said_by(wanted: Wanted) -> dict[str, Any]:
    """Return the columns of a rule, every value in its stored form.

    Raises:
        RuleRefused
    """
    try:
        name = clean_text(wanted.name, LONGEST_NAME)
        note = clean_text(wanted.note, LONGEST_NOTE)
    except Malformed as error:
        raise RuleRefused(str(error), data={"where": "name", "reason": error.reason}) from error
    if not name:
        data = {"where": "name", "reason": "empty"}
        raise RuleRefused("Give the rule a name.", data=data)
    try:
        condition = checked_condition(wanted.condition, use_of(wanted.weight))
        terms = checked_terms(wanted.terms)
    except conditions.Wrong as error:
        words = error.words if error.code in {"delicate", "gone"} else str(error)
        data = {"where": error.where, "reason": error.code}
        raise RuleRefused(words, data=data) from error
    return {
        "name": name,
        "condition": conditions.written(condition),
        "terms": product_terms.written(terms),
        "weight": str(wanted.weight),
        "note": note,
    }


def checked_condition(raw: Any, use: Use) -> conditions.Condition:
    """Read for whom something is; raises ``Wrong``."""
    condition = conditions.read(raw)
    vocabulary = vocabulary_of(question for question, _ in conditions.questions(condition))
    return checked(condition, vocabulary, use)


def checked_terms(raw: Any) -> product_terms.Terms:
    """Read which products something is about; raises ``Wrong``."""
    terms = product_terms.read(raw)
    return product_terms.checked(terms, shelf_of([terms]))


def _locked(rule_id: int) -> tuple[Rule, RuleVersion]:
    rule = Rule.objects.select_for_update(no_key=True).get(pk=rule_id)
    return rule, rule.versions.order_by("-number")[0]


def _append(
    rule: Rule, number: int, said: dict[str, Any], *, is_on: bool, by: User | None, now: datetime
) -> RuleVersion:
    return RuleVersion.objects.create(
        rule=rule, number=number, is_on=is_on, written_by=by, written_at=now, **said
    )
