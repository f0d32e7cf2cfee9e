"""Guards: written, changed, switched on and off. Each of these is a version that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import Category, Guard, GuardVersion, Product
from profiles.queries.conditions import vocabulary_of
from profiles.rules.condition_words import checked, is_delicate
from profiles.rules.conditions import Condition, Wrong, questions, read, written
from profiles.rules.facts import Malformed, clean_text
from profiles.rules.guards import GuardKind, WhenUnknown, use_of

LONGEST_NOTE = 300


class ConditionRefused(DomainError):
    """The condition cannot be used; ``data["where"]`` names the part, ``data["reason"]`` is a stable code."""

    code = "condition_refused"


class NoteMalformed(DomainError):
    """The note is too long, or cannot be kept."""

    code = "note_malformed"


@dataclass(frozen=True)
class Wanted:
    """What a guard shall say; ``condition`` is JSON."""

    kind: GuardKind
    condition: Any
    when_unknown: WhenUnknown
    note: str = ""


def checked_condition(wanted: Wanted) -> Condition:
    """Read the condition, and refuse what cannot be asked or must not be used.

    Raises:
        ConditionRefused
    """
    try:
        condition = read(wanted.condition)
        vocabulary = vocabulary_of(question for question, _ in questions(condition))
        normal = checked(condition, vocabulary, use_of(wanted.kind))
    except Wrong as error:
        data = {"where": error.where, "reason": error.code}
        raise ConditionRefused(_told(error), data=data) from error
    if wanted.when_unknown == WhenUnknown.ASK and is_delicate(normal, vocabulary):
        words = "Staff do not ask for what is delicate. Choose what happens when it is not known."
        raise ConditionRefused(words, data={"where": "", "reason": "delicate_asked"})
    return normal


def _told(error: Wrong) -> str:
    """What is wrong, with the place where it is: whoever refuses something delicate says it in full."""
    return error.words if error.code in {"delicate", "gone"} else str(error)


def create(
    *, subject: Product | Category, wanted: Wanted, is_on: bool, by: User | None, now: datetime
) -> Guard:
    """Write a guard on a product or a category.

    Raises:
        ConditionRefused, NoteMalformed: nothing was written.
    """
    said = _said(wanted)
    with transaction.atomic():
        guard = Guard.objects.create(
            product=subject if isinstance(subject, Product) else None,
            category=subject if isinstance(subject, Category) else None,
            created_at=now,
        )
        _append(guard, 1, said, is_on=is_on, by=by, now=now)
    return guard


def change(*, guard_id: int, wanted: Wanted, by: User | None, now: datetime) -> GuardVersion:
    """Let a guard say something else from now on; said again, the version that says it is returned.

    Locks the guard.

    Raises:
        ConditionRefused, NoteMalformed: nothing was written.
    """
    said = _said(wanted)
    with transaction.atomic():
        guard, newest = _locked(guard_id)
        if all(getattr(newest, name) == value for name, value in said.items()):
            return newest
        return _append(guard, newest.number + 1, said, is_on=newest.is_on, by=by, now=now)


def switch(*, guard_id: int, is_on: bool, by: User | None, now: datetime) -> GuardVersion:
    """Switch a guard on or off. Locks it. Repeatable.

    Raises:
        ConditionRefused: what it asks for is gone or may not be used any more, so it cannot be switched on.
    """
    with transaction.atomic():
        guard, newest = _locked(guard_id)
        if newest.is_on == is_on:
            return newest
        said = {name: getattr(newest, name) for name in _SAID}
        if is_on:
            said = _said(Wanted(GuardKind(newest.kind), newest.condition,
                                WhenUnknown(newest.when_unknown), newest.note))  # fmt: skip
        return _append(guard, newest.number + 1, said, is_on=is_on, by=by, now=now)


_SAID = ("kind", "condition", "when_unknown", "note")


def _said(wanted: Wanted) -> dict[str, Any]:
    try:
        note = clean_text(wanted.note, LONGEST_NOTE)
    except Malformed as error:
        raise NoteMalformed(str(error), data={"reason": error.reason}) from error
    return {
        "kind": str(wanted.kind),
        "condition": written(checked_condition(wanted)),
        "when_unknown": str(wanted.when_unknown),
        "note": note,
    }


def _locked(guard_id: int) -> tuple[Guard, GuardVersion]:
    guard = Guard.objects.select_for_update(no_key=True).get(pk=guard_id)
    return guard, guard.versions.order_by("-number")[0]


def _append(
    guard: Guard, number: int, said: dict[str, Any], *, is_on: bool, by: User | None, now: datetime
) -> GuardVersion:
    return GuardVersion.objects.create(
        guard=guard, number=number, is_on=is_on, written_by=by, written_at=now, **said
    )
