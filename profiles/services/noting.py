"""Writes down what was told, seen or concluded of customers; nothing is overwritten.

Which version is believed is the rule in ``profiles.rules.facts``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from cxportal.lib.errors import DomainError
from profiles.models import Attribute, ConsentEntry, Customer, FactValue, Profile
from profiles.queries import agreements
from profiles.queries.facts import schema_of
from profiles.rules.facts import CUSTOMER, STAFF, Malformed, Value, key_of, normal_value
from profiles.rules.names import Manner, Sensitivity
from profiles.rules.purposes import special_wording

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
# Clocks of other systems run ahead a little; what they say of the future is not a time.
CLOCKS_DIFFER = timedelta(days=1)
# The same again within a day says nothing new, also where a value has to be renewed.
RENEWED_AFTER = timedelta(days=1)


class AttributeUnknown(DomainError):
    """There is no such attribute in use."""

    code = "attribute_unknown"


class CustomerUnknown(DomainError):
    """There is no such profile."""

    code = "customer_unknown"


class ValueMalformed(DomainError):
    """The value cannot be one of this attribute; ``data["reason"]`` says why."""

    code = "value_malformed"


class SpecialOnlyTold(DomainError):
    """A special category is never kept because we saw or concluded it."""

    code = "special_only_told"


class SpecialNeedsConsent(DomainError):
    """A special category is kept only with the customer's standing consent for that use."""

    code = "special_needs_consent"


class DeletionOnlyInPerson(DomainError):
    """Only a customer deletes a fact, alone or by asking our staff."""

    code = "deletion_only_in_person"


class ConfidenceImpossible(DomainError):
    """How sure we are lies above 0 and up to 1; of what was told it is 1."""

    code = "confidence_impossible"


class TimeImpossible(DomainError):
    """The time has no zone, is in the future or before 1900."""

    code = "time_impossible"


class StatementUnknown(DomainError):
    """This person made no such statement."""

    code = "statement_unknown"


@dataclass(frozen=True)
class Statement:
    """One thing said of the customer of a profile; ``value`` None deletes.

    ``attribute`` is a code, ``actor`` "customer", "staff:<id>", "file:<import>", "api:<key>" or "rule:<code>".
    """

    profile_id: int
    attribute: str
    value: Any
    manner: Manner
    actor: str
    occurred_at: datetime
    source_id: int | None = None
    confidence: float = 1.0
    consent_id: int | None = None


@dataclass(frozen=True)
class Noted:
    """What became of statements, by their place: the version that now says it, or why there is none.

    ``new`` are the places of those that made a version.
    """

    versions: Mapping[int, int]
    new: frozenset[int]
    refused: Mapping[int, DomainError]


@dataclass(frozen=True)
class _Known:
    """What statements are judged by, loaded once for all."""

    profiles: Mapping[int, int]
    attributes: Mapping[str, Attribute]
    consents: Mapping[int, ConsentEntry]
    standing: Set[int]
    now: datetime


def note(*, statement: Statement, now: datetime) -> FactValue:
    """Write one statement down; said again, the version that says it already is returned.

    Raises:
        AttributeUnknown, CustomerUnknown, ValueMalformed, SpecialOnlyTold, SpecialNeedsConsent,
        DeletionOnlyInPerson, ConfidenceImpossible, TimeImpossible: nothing was written.
    """
    noted = note_all(statements=[statement], now=now)
    if noted.refused:
        raise noted.refused[0]
    return FactValue.objects.get(pk=noted.versions[0])


def note_all(*, statements: Sequence[Statement], now: datetime) -> Noted:
    """Write many statements down at once; one that is refused stops no other.

    Locks the profiles, so that no merge moves them meanwhile. Repeatable: what stands as the newest word
    on a fact, or was written before with the same time and actor, makes no version.
    """
    with transaction.atomic():
        known = _load(statements, now)
        versions, refused = _judged(statements, known)
        before = _Before.of(versions.values())
        fresh: dict[int, FactValue] = {}
        stored: dict[int, FactValue] = {}
        for place, version in versions.items():
            stored[place] = before.already(version) or version
            if stored[place] is version:
                fresh[place] = version
                before.add(version)
        _store(list(fresh.values()))
    return Noted(
        versions={place: version.pk for place, version in stored.items()},
        new=frozenset(fresh),
        refused=refused,
    )


def _store(versions: Sequence[FactValue]) -> None:
    """Insert versions, and give each its key.

    One statement over columns: files bring facts by the million, and a row of placeholders each costs more
    than the row.
    """
    if not versions:
        return
    columns = [[getattr(version, name) for version in versions] for name in _STORED]
    values = [None if one.value is None else json.dumps(one.value) for one in versions]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*columns, values])
        for version, (key,) in zip(versions, cursor.fetchall(), strict=True):
            version.pk = key


_STORED = (
    "attribute_id",
    "customer_id",
    "origin_profile_id",
    "manner",
    "confidence",
    "source_id",
    "actor",
    "consent_id",
    "occurred_at",
)
# Ids are drawn first, in the order of the statements: the newest of two of one time is the later one.
_INSERT = f"""
    WITH new AS MATERIALIZED (
        SELECT n.*, nextval(pg_get_serial_sequence('profiles_factvalue', 'id')) AS id
          FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::float8[], %s::bigint[],
                      %s::text[], %s::bigint[], %s::timestamptz[], %s::jsonb[])
               WITH ORDINALITY n ({", ".join(_STORED)}, value, place)
    ), stored AS (
        INSERT INTO profiles_factvalue (id, {", ".join(_STORED)}, value)
        SELECT id, {", ".join(_STORED)}, value FROM new ORDER BY place RETURNING id
    )
    SELECT id FROM new, (SELECT count(*) FROM stored) s ORDER BY place
"""


def take_back(*, customer: Customer, version_id: int, actor: str, now: datetime) -> FactValue:
    """Undo a statement: what stood before it stands again. Repeatable.

    Raises:
        StatementUnknown: this actor made no such statement of this customer.
    """
    with transaction.atomic():
        said = FactValue.objects.select_for_update(no_key=True, of=("self",)).filter(
            pk=version_id, customer=customer, actor=actor
        )
        version = said.select_related("attribute").first()
        if version is None:
            raise StatementUnknown("There is nothing to undo here.")
        if version.taken_back_at is None:
            version.taken_back_at = now
            version.save(update_fields=["taken_back_at"])
        return version


# --- judging --------------------------------------------------------------------------------------


def _load(statements: Sequence[Statement], now: datetime) -> _Known:
    profile_ids = {one.profile_id for one in statements}
    profiles = Profile.objects.select_for_update(no_key=True).filter(pk__in=profile_ids)
    owners = dict(profiles.order_by("pk").values_list("pk", "customer_id"))
    attributes = Attribute.objects.filter(code__in={one.attribute for one in statements})
    consent_ids = {one.consent_id for one in statements if one.consent_id}
    consents = ConsentEntry.objects.select_related("wording").filter(pk__in=consent_ids)
    return _Known(
        profiles=owners,
        attributes={attribute.code: attribute for attribute in attributes},
        consents={entry.pk: entry for entry in consents} if consent_ids else {},
        standing=agreements.standing(consent_ids, now) if consent_ids else frozenset(),
        now=now,
    )


def _judged(
    statements: Sequence[Statement], known: _Known
) -> tuple[dict[int, FactValue], dict[int, DomainError]]:
    versions: dict[int, FactValue] = {}
    refused: dict[int, DomainError] = {}
    for place, statement in enumerate(statements):
        try:
            versions[place] = _version(statement, known)
        except DomainError as error:
            refused[place] = error
    return versions, refused


def _version(one: Statement, known: _Known) -> FactValue:
    attribute = known.attributes.get(one.attribute)
    if attribute is None or not (attribute.is_active or one.value is None):
        raise AttributeUnknown("There is no such attribute. Choose one of those in use.")
    if one.profile_id not in known.profiles:
        raise CustomerUnknown("There is no such customer.", data={"profile": one.profile_id})
    version = FactValue(
        attribute=attribute,
        customer_id=known.profiles[one.profile_id],
        origin_profile_id=one.profile_id,
        manner=Manner(one.manner).value,
        value=_value(one, attribute),
        confidence=_confidence(one),
        source_id=one.source_id,
        actor=one.actor,
        consent_id=one.consent_id,
        occurred_at=_time(one.occurred_at, known.now),
    )
    if attribute.sensitivity == Sensitivity.SPECIAL and one.value is not None:
        _check_special(version, attribute, known)
    return version


def _value(one: Statement, attribute: Attribute) -> Value | None:
    if one.value is None:
        if one.manner != Manner.TOLD or not _is_in_person(one.actor):
            raise DeletionOnlyInPerson("Only the customer deletes a fact.")
        return None
    try:
        return normal_value(one.value, schema_of(attribute))
    except Malformed as error:
        raise ValueMalformed(
            str(error), data={"attribute": attribute.code, "reason": error.reason}
        ) from error


def _is_in_person(actor: str) -> bool:
    return actor == CUSTOMER or actor.startswith(STAFF)


def _confidence(one: Statement) -> float:
    told_doubtfully = one.manner == Manner.TOLD and one.confidence != 1
    if told_doubtfully or not math.isfinite(one.confidence) or not 0 < one.confidence <= 1:
        raise ConfidenceImpossible("Say how sure: above 0 and up to 1; what was told is 1.")
    return one.confidence


def _time(occurred_at: datetime, now: datetime) -> datetime:
    """The time as it is kept: what other clocks place a little ahead of us is now."""
    if occurred_at.tzinfo is None:
        raise TimeImpossible("Write the time with its zone.")
    if not EARLIEST <= occurred_at <= now + CLOCKS_DIFFER:
        raise TimeImpossible("Write a time from 1900 to now.")
    return min(occurred_at, now)


def _check_special(version: FactValue, attribute: Attribute, known: _Known) -> None:
    """Refuse what the law forbids to keep (GDPR, article 9): not told, or without consent for this use."""
    if version.manner != Manner.TOLD:
        raise SpecialOnlyTold(
            "This is of a special category. It is kept only when the customer tells it.",
            data={"attribute": attribute.code, "manner": version.manner},
        )
    entry = known.consents.get(version.consent_id or 0)
    agreed = (
        entry is not None
        and entry.pk in known.standing
        and entry.customer_id == version.customer_id
        and entry.wording is not None
        and entry.wording.text == special_wording(attribute.name, attribute.purpose)
    )
    if not agreed:
        raise SpecialNeedsConsent(
            "This is of a special category. It is kept only with consent for this use.",
            data={"attribute": attribute.code},
        )


# --- said before ----------------------------------------------------------------------------------

_Key = tuple[int, int]


@dataclass
class _Before:
    """What was written before, for telling what is new: each exact statement, and the newest of each fact."""

    exact: dict[tuple[Any, ...], FactValue]
    newest: dict[_Key, FactValue]

    @classmethod
    def of(cls, versions: Iterable[FactValue]) -> _Before:
        """Load what stands of the facts that these versions are about."""
        asked = list(versions)
        of_facts = FactValue.objects.filter(
            customer_id__in={one.customer_id for one in asked},
            attribute_id__in={one.attribute_id for one in asked},
        ).select_related("attribute")
        times = {one.occurred_at for one in asked}
        newest = (
            of_facts.filter(taken_back_at__isnull=True)
            .order_by("customer_id", "attribute_id", "-occurred_at", "-pk")
            .distinct("customer_id", "attribute_id")
        )
        return cls(
            exact={
                _exactly(one, at=one.occurred_at): one
                for one in of_facts.filter(occurred_at__in=times)
            },
            newest={_fact_of(one): one for one in newest},
        )

    def already(self, version: FactValue) -> FactValue | None:
        """Return the version that says the same already."""
        found = self.exact.get(_exactly(version, at=version.occurred_at))
        return found or self._unchanged(version)

    def _unchanged(self, version: FactValue) -> FactValue | None:
        newest = self.newest.get(_fact_of(version))
        if newest is None or _exactly(newest, at=None) != _exactly(version, at=None):
            return None
        age = version.occurred_at - newest.occurred_at
        has_to_be_renewed = version.attribute.holds_days is not None and age >= RENEWED_AFTER
        return newest if age >= timedelta() and not has_to_be_renewed else None

    def add(self, version: FactValue) -> None:
        self.exact[_exactly(version, at=version.occurred_at)] = version
        newest = self.newest.get(_fact_of(version))
        if newest is None or newest.occurred_at <= version.occurred_at:
            self.newest[_fact_of(version)] = version


_SAID = ("manner", "actor", "source_id", "confidence", "consent_id", "origin_profile_id")


def _fact_of(version: FactValue) -> _Key:
    return version.customer_id, version.attribute_id


def _exactly(version: FactValue, *, at: datetime | None) -> tuple[Any, ...]:
    """What a version says, by whom and how; with ``at``, also when."""
    said = (getattr(version, field) for field in _SAID)
    return *_fact_of(version), at, key_of(version.value), *said
