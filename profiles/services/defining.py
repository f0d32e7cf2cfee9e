"""Moments of managers' own: written, changed, switched on and off; each of these is a version that stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from cxportal.lib.errors import DomainError
from profiles.models import Attribute, MomentDefinition, MomentVersion
from profiles.queries.conditions import vocabulary_of
from profiles.queries.facts import schema_of
from profiles.rules.condition_words import Use, checked
from profiles.rules.conditions import Condition, FactIs, Wrong, questions, read, written
from profiles.rules.contradictions import never_so
from profiles.rules.facts import Malformed, clean_text
from profiles.rules.own_moments import (
    LONGEST_BECAUSE,
    LONGEST_LASTS,
    LONGEST_NAME,
    PREFIX,
    Again,
    Chance,
    DateNears,
    EventCame,
    FactBecame,
    Trigger,
    placeholders,
    read_trigger,
    written_trigger,
    wrong_with_date,
)

LONGEST_KEY = 60


class MomentRefused(DomainError):
    """The moment cannot be so; ``data["where"]`` names the part, ``data["reason"]`` is a stable code."""

    code = "moment_refused"


@dataclass(frozen=True)
class Wanted:
    """What a moment shall be; ``trigger`` and ``audience`` are JSON, an audience of None is everybody."""

    name: str
    trigger: Any
    because: str
    lasts: timedelta
    again: Again = Again.DAY
    chance: Chance = Chance.HALF
    audience: Any = None
    is_urgent: bool = False
    sells: bool = True


def create(*, wanted: Wanted, by: User | None, now: datetime) -> MomentDefinition:
    """Write a moment; it is kept switched off, to be tried first.

    Raises:
        MomentRefused: nothing was written.
    """
    said = _said(wanted)
    with transaction.atomic():
        definition = MomentDefinition.objects.create(key=_free_key(said["name"]), created_at=now)
        _append(definition, 1, said, is_on=False, by=by, now=now)
    return definition


def change(*, definition_id: int, wanted: Wanted, by: User | None, now: datetime) -> MomentVersion:
    """Let a moment be something else from now on; said again, the version that says it is returned. Locks it.

    Raises:
        MomentRefused: nothing was written.
    """
    said = _said(wanted)
    with transaction.atomic():
        definition, newest = _locked(definition_id)
        if all(getattr(newest, name) == value for name, value in said.items()):
            return newest
        return _append(definition, newest.number + 1, said, is_on=newest.is_on, by=by, now=now)


def switch(*, definition_id: int, is_on: bool, by: User | None, now: datetime) -> MomentVersion:
    """Switch a moment on or off. Locks it. Repeatable.

    Raises:
        MomentRefused: what it asks for is gone or may not be used any more, so it cannot be switched on.
    """
    with transaction.atomic():
        definition, newest = _locked(definition_id)
        if newest.is_on == is_on:
            return newest
        said = {name: getattr(newest, name) for name in _SAID}
        if is_on:
            said = _said(wanted_of(newest))
        return _append(definition, newest.number + 1, said, is_on=is_on, by=by, now=now)


def wanted_of(version: MomentVersion) -> Wanted:
    """What a version says, as it would be written again."""
    return Wanted(
        name=version.name,
        trigger=version.trigger,
        because=version.because,
        lasts=timedelta(minutes=version.lasts_minutes),
        again=Again(version.again),
        chance=Chance(version.chance),
        audience=version.audience,
        is_urgent=version.is_urgent,
        sells=version.sells,
    )


_SAID = (
    "name", "trigger", "audience", "because", "lasts_minutes", "again", "chance", "is_urgent", "sells",
)  # fmt: skip


def _said(wanted: Wanted) -> dict[str, Any]:
    """Put everything in the form in which it is stored, or refuse it."""
    try:
        name = clean_text(wanted.name, LONGEST_NAME)
        because = clean_text(wanted.because, LONGEST_BECAUSE)
        trigger = _checked_trigger(wanted.trigger)
        audience = None if wanted.audience is None else _checked(read(wanted.audience), "audience")
    except Malformed as error:
        raise MomentRefused(str(error), data={"where": "name", "reason": error.reason}) from error
    except Wrong as error:
        told = error.words if error.code in {"delicate", "gone", "contradictory"} else str(error)
        raise MomentRefused(told, data={"where": error.where, "reason": error.code}) from error
    _fits_together(wanted, name, because, trigger)
    return {
        "name": name,
        "trigger": written_trigger(trigger),
        "audience": None if audience is None else written(audience),
        "because": because,
        "lasts_minutes": int(wanted.lasts.total_seconds() // 60),
        "again": str(wanted.again),
        "chance": str(wanted.chance),
        "is_urgent": wanted.is_urgent,
        "sells": wanted.sells,
    }


def _fits_together(wanted: Wanted, name: str, because: str, trigger: Trigger) -> None:
    refusals = {
        "name": "" if name else "Give it a name.",
        "because": "" if because else "Say what the customer reads after “because”.",
        "lasts": ""
        if timedelta(minutes=1) <= wanted.lasts <= LONGEST_LASTS
        else "It matters for a minute to 90 days.",
        "is_urgent": "Only what the customer is doing is urgent: an event."
        if wanted.is_urgent and not isinstance(trigger, EventCame)
        else "",
    }
    wrong = next((where for where, words in refusals.items() if words), "")
    if wrong:
        raise MomentRefused(refusals[wrong], data={"where": wrong, "reason": "malformed"})
    known = {EventCame: None, FactBecame: {"value", "on"}, DateNears: {"day", "on"}}[type(trigger)]
    strange = [one for one in placeholders(because) if known is not None and one not in known]
    if strange:
        words = f"There is no “{strange[0]}” here: braces take {' and '.join(sorted(known or ()))}."
        raise MomentRefused(words, data={"where": "because", "reason": "unknown_placeholder"})


def _checked_trigger(raw: Any) -> Trigger:
    trigger = read_trigger(raw)
    if isinstance(trigger, FactBecame):
        question = _checked(trigger.question, "becomes")
        assert isinstance(question, FactIs)
        return FactBecame(question)
    if isinstance(trigger, DateNears):
        attribute = Attribute.objects.filter(code=trigger.attribute, is_active=True).first()
        kind = schema_of(attribute) if attribute else None
        if problem := wrong_with_date(trigger.attribute, kind):
            raise problem
    return trigger


def _checked(condition: Condition, where: str) -> Condition:
    """Refuse what cannot be asked, must not be used, or is never so of anybody."""
    vocabulary = vocabulary_of(question for question, _ in questions(condition))
    normal = checked(condition, vocabulary, Use.CHOOSE)
    if why := never_so(normal, vocabulary):
        raise Wrong(where, "contradictory", why)
    return normal


def _free_key(name: str) -> str:
    """A key from a name; a second moment of the same name gets a number."""
    stem = PREFIX + (slugify(name).replace("-", "_") or "moment")[: LONGEST_KEY - 12]
    taken = set(MomentDefinition.objects.filter(key__startswith=stem).values_list("key", flat=True))
    numbered = (f"{stem}_{n}" for n in range(2, len(taken) + 3))
    return stem if stem not in taken else next(key for key in numbered if key not in taken)


def _locked(definition_id: int) -> tuple[MomentDefinition, MomentVersion]:
    definition = MomentDefinition.objects.select_for_update(no_key=True).get(pk=definition_id)
    return definition, definition.versions.order_by("-number")[0]


def _append(
    definition: MomentDefinition,
    number: int,
    said: dict[str, Any],
    *,
    is_on: bool,
    by: User | None,
    now: datetime,
) -> MomentVersion:
    return MomentVersion.objects.create(
        definition=definition, number=number, is_on=is_on, written_by=by, written_at=now, **said
    )
