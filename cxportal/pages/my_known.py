"""What a customer's own page says of facts and of the household: where from, how sure, and how to change it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from profiles.models import Customer
from profiles.queries.facts import Known, sheet
from profiles.queries.households import Member, household
from profiles.rules.facts import day_in_words, origin_in_words
from profiles.rules.households import ALLERGEN
from profiles.rules.names import AttributeType, MemberRole
from profiles.rules.purposes import WARNINGS_WORDING, special_wording
from profiles.rules.telling import chance_in_words

ROLE = {MemberRole.ADULT: "adult", MemberRole.CHILD: "child", MemberRole.PET: "pet"}
_INPUT = {AttributeType.NUMBER: "number", AttributeType.DATE: "date"}
DOOR, ACTOR = "page", "customer"


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Agreement:
    """A sentence to agree to, and the mark by which its tick is known to stand under it."""

    text: str

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class FactCard:
    """One fact as the customer sees it; ``statement_id`` is what an undo takes back, 0 for nothing.

    ``options`` are there where one chooses, ``input`` is the type of the field elsewhere.
    """

    id: int
    name: str
    value: str
    raw: str
    origin: str
    purpose: str
    input: str
    unit: str
    options: Sequence[Option]
    has_several: bool
    agreement: Agreement | None
    statement_id: int
    may_change: bool


@dataclass(frozen=True)
class Person:
    """Somebody of the household, as the customer sees them."""

    id: int
    name: str
    role: str
    is_self: bool
    warnings: Sequence[Option]


@dataclass(frozen=True)
class MyKnown:
    """The parts "What we know about you" and "People in your household".

    ``left_id`` and ``ended_id``: who was just removed, and which warning, to offer the way back.
    """

    facts: Sequence[FactCard]
    untold: Sequence[FactCard]
    deleted: Sequence[FactCard]
    people: Sequence[Person]
    allergens: Sequence[Option]
    roles: Sequence[Option]
    warnings_agreement: Agreement
    has_special: bool
    has_just_deleted: bool
    left_id: int
    ended_id: int

    @property
    def is_alone(self) -> bool:
        """Nobody but the customer, without anything to mind."""
        return not any(not person.is_self or person.warnings for person in self.people)


def my_known(
    *,
    customer: Customer,
    zone: ZoneInfo,
    now: datetime,
    just: Mapping[str, str],
    actor: str = ACTOR,
) -> MyKnown:
    """Bring facts and household together in two queries; ``just`` says what was changed a moment ago.

    For an ``actor`` of our staff, only the facts that staff should know.
    """
    changed = number(just.get("fact", ""))
    known = [one for one in sheet(customer.pk, now) if one.is_for_staff or actor == ACTOR]
    members = household(customer.pk, now)
    today = now.astimezone(zone).date()
    return MyKnown(
        facts=[fact_card(one, zone, actor, changed) for one in known if one.version],
        untold=[fact_card(one, zone, actor) for one in known if one.is_active and not one.version],
        deleted=[fact_card(one, zone, actor) for one in known if one.deletion_id],
        people=[_person(member, today) for member in members],
        allergens=[Option(code.value, words) for code, words in ALLERGEN.items()],
        roles=[Option(role.value, words) for role, words in ROLE.items()],
        warnings_agreement=Agreement(WARNINGS_WORDING),
        has_special=any(one.is_special and one.version for one in known)
        or any(member.warnings for member in members),
        has_just_deleted=any(one.deletion_id == changed for one in known),
        left_id=max(number(just.get("left", "")), 0),
        ended_id=max(number(just.get("ended", "")), 0),
    )


def number(text: str) -> int:
    """Read an id; -1, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else -1


def agreement_of(name: str, purpose: str) -> Agreement:
    """What a customer agrees to before a special-category fact is kept."""
    return Agreement(special_wording(name, purpose))


def fact_card(one: Known, zone: ZoneInfo, actor: str, changed: int = 0) -> FactCard:
    """Show one fact to an ``actor``, and offer to take back what they said in the version ``changed``."""
    version, kind = one.version, one.schema.type
    return FactCard(
        id=one.attribute_id,
        name=one.name,
        value=one.words,
        raw=str(version.value) if version and kind in _PLAIN else "",
        origin=_origin(one, zone),
        purpose=one.purpose,
        input=_INPUT.get(kind, "text"),
        unit=one.schema.unit,
        options=_options(one),
        has_several=kind == AttributeType.CHOICES,
        agreement=agreement_of(one.name, one.purpose) if one.is_special else None,
        statement_id=_own_statement(one, actor, changed),
        may_change=one.is_active,
    )


def _own_statement(one: Known, actor: str, changed: int) -> int:
    """What this actor may take back: their deletion, or what they said a moment ago."""
    if one.deletion_id:
        return one.deletion_id if one.deleted_by == actor else 0
    version = one.version
    return version.id if version and version.id == changed and version.actor == actor else 0


_PLAIN = {AttributeType.TEXT, AttributeType.NUMBER, AttributeType.DATE}


def _origin(one: Known, zone: ZoneInfo) -> str:
    if one.version is None:
        day = one.deleted_at.astimezone(zone).date() if one.deleted_at else None
        who = "by you" if one.deleted_by == ACTOR else "by our staff, for you,"
        return f"Deleted {who} on {day_in_words(day)}." if day else ""
    return origin_in_words(
        one.version,
        source=one.source,
        chance=chance_in_words(one.confidence),
        day=one.version.occurred_at.astimezone(zone).date(),
    )


def _options(one: Known) -> Sequence[Option]:
    value = one.version.value if one.version else None
    if one.schema.type == AttributeType.YES_NO:
        return [Option("yes", "yes", value is True), Option("no", "no", value is False)]
    chosen = value if isinstance(value, list) else [value]
    return [Option(choice, choice, choice in chosen) for choice in one.schema.choices]


def _person(member: Member, today: date) -> Person:
    return Person(
        id=member.id,
        name=member.words(today),
        role=ROLE[MemberRole(member.role)],
        is_self=member.is_self,
        warnings=[Option(str(warning.id), warning.words) for warning in member.warnings],
    )
