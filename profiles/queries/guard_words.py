"""Why a product was kept from a customer, in words for staff and managers.

Reasons are kept as keys; the words are made when somebody reads them, so that what was erased since is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from profiles.models import FactValue, GuardVersion, HouseholdMember, HouseholdWarning, PurchaseLine
from profiles.queries.company import company_day, company_zone
from profiles.queries.conditions import Row, vocabulary_of
from profiles.queries.facts import schema_of
from profiles.rules.condition_words import (
    Vocabulary,
    is_delicate,
    question_in_words,
    sentence,
)
from profiles.rules.conditions import Asked, Condition, questions, read
from profiles.rules.facts import day_in_words, value_in_words
from profiles.rules.guards import summary
from profiles.rules.households import person_in_words, warning_in_words
from profiles.rules.names import Manner, Sensitivity

Key = tuple[str, int]
NOT_SHOWN = "it rests on what is delicate, or is asked no more, and is not shown"
_MANNER = {Manner.TOLD: "told", Manner.SEEN: "seen", Manner.CONCLUDED: "concluded by us"}


@dataclass(frozen=True)
class Said:
    """One reason in words; ``question``: what staff should ask first, "" for nothing.

    ``is_delicate``: it rests on a special category, so nothing of it is said.
    """

    text: str
    question: str = ""
    is_delicate: bool = False


def said(reasons: Sequence[Mapping[str, Any]], now: datetime) -> Sequence[Said]:
    """Put each reason into words, all in a fixed number of queries; no customer reads these."""
    versions = _versions(reason["guard"] for reason in reasons if "guard" in reason)
    words = evidence_in_words(
        ((row, key) for reason in reasons for row, key in reason["rows"]), now
    )
    conditions = {key: read(version.condition) for key, version in versions.items()}
    asked = [one for condition in conditions.values() for one, _ in questions(condition)]
    vocabulary = vocabulary_of(asked)
    return [
        _of_guard(reason, versions[reason["guard"]], conditions[reason["guard"]], vocabulary, words)
        if "guard" in reason
        else _of_allergy(reason, words)
        for reason in reasons
    ]


def _versions(ids: Iterable[int]) -> Mapping[int, GuardVersion]:
    wanted = set(ids)
    if not wanted:
        return {}
    found = GuardVersion.objects.select_related("guard__product", "guard__category")
    return found.in_bulk(wanted)


def _of_allergy(reason: Mapping[str, Any], words: Mapping[Key, str]) -> Said:
    known = [words[row, key] for row, key in reason["rows"] if (row, key) in words]
    return Said("; ".join(known) or "somebody in the household must avoid what is in it")


def _of_guard(
    reason: Mapping[str, Any],
    version: GuardVersion,
    condition: Condition,
    vocabulary: Vocabulary,
    words: Mapping[Key, str],
) -> Said:
    if is_delicate(condition, vocabulary):
        return Said(NOT_SHOWN, is_delicate=True)
    order = [question for question, _ in questions(condition)]
    on = [order[n] for n in reason["asked"] if n < len(order)]
    stated = f"“{subject_name(version)}” {summary(version.kind, sentence(condition, vocabulary))}"
    if reason["answer"] == "unknown":
        unknown = question_of(on, vocabulary)
        return Said(f"{stated}. Not known: {unknown}", question=unknown)
    known = [words[row, key] for row, key in reason["rows"] if (row, key) in words]
    return Said(f"{stated}. Known: {'; '.join(known)}" if known else stated)


def question_of(asked: Iterable[Asked], vocabulary: Vocabulary) -> str:
    """Name what is not known, each once."""
    return "; ".join(dict.fromkeys(question_in_words(one, vocabulary) for one in asked))


def subject_name(version: GuardVersion) -> str:
    """Name what a guard is on."""
    guard = version.guard
    if guard.product:
        return guard.product.name or guard.product.code
    return guard.category.name if guard.category else ""


# --- rows in words --------------------------------------------------------------------------------


def evidence_in_words(keys: Iterable[Key], now: datetime) -> Mapping[Key, str]:
    """Say what rows tell, by kind and key; rows that are gone are left out. One query for each kind."""
    by_row: dict[str, set[int]] = {}
    for row, key in keys:
        by_row.setdefault(row, set()).add(key)
    return {
        (row, key): text
        for row, ids in by_row.items()
        for key, text in _SAY[Row(row)](ids, now).items()
    }


def _facts(ids: set[int], now: datetime) -> Mapping[int, str]:
    found = FactValue.objects.filter(pk__in=ids).select_related("attribute")
    return {one.pk: _fact(one) for one in found}


def _fact(one: FactValue) -> str:
    name = f"“{one.attribute.name}”"
    day = day_in_words(one.occurred_at.astimezone(company_zone()).date())
    how = f"{_MANNER[Manner(one.manner)]} on {day}"
    if one.value is None or one.attribute.sensitivity == Sensitivity.SPECIAL:
        return f"{name}, {how}"
    return f"{name}: {value_in_words(one.value, schema_of(one.attribute))}, {how}"


def _lines(ids: set[int], now: datetime) -> Mapping[int, str]:
    found = PurchaseLine.objects.filter(pk__in=ids).select_related("product")
    return {one.pk: _line(one) for one in found}


def _line(one: PurchaseLine) -> str:
    day = day_in_words(one.occurred_at.astimezone(company_zone()).date())
    return f"“{one.product.name or one.product.code}” bought on {day}"


def _members(ids: set[int], now: datetime) -> Mapping[int, str]:
    today = company_day(now)
    found = HouseholdMember.objects.filter(pk__in=ids)
    return {one.pk: person_in_words(one.name, one.born_on, today) for one in found}


def _warnings(ids: set[int], now: datetime) -> Mapping[int, str]:
    found = HouseholdWarning.objects.filter(pk__in=ids).select_related("member__customer")
    return {one.pk: _warning(one) for one in found}


def _warning(one: HouseholdWarning) -> str:
    member = one.member
    who = (member.customer.name if member.customer else member.name) or "somebody in the household"
    return f"{who} must avoid: {warning_in_words(one.allergen, one.text)}"


_SAY = {Row.FACT: _facts, Row.LINE: _lines, Row.MEMBER: _members, Row.WARNING: _warnings}
