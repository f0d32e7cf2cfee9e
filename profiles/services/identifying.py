"""Makes customers known: a profile for each source and number, and by what else they are found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, transaction

from cxportal.lib.errors import DomainError, violated_constraint
from profiles.models import Customer, Identifier, Place, Profile, Source
from profiles.queries.company import company
from profiles.rules.confusables import is_confusable
from profiles.rules.names import IdentifierKind, folded, normal_identifier
from profiles.rules.privacy import EXTERNAL
from profiles.services import suppressing
from profiles.services.resolving import present_rules


class IdentifierMalformed(DomainError):
    """What was given cannot be an address or number of its kind; ``data["kind"]`` says which."""

    code = "identifier_malformed"


class IdentifierTaken(DomainError):
    """Another customer is known by it; ``data["customer"]`` says who."""

    code = "identifier_taken"


class CustomerTimeZoneUnknown(DomainError):
    """There is no time zone of that name."""

    code = "time_zone_unknown"


class ExternalIdMissing(DomainError):
    """The source did not say who this is."""

    code = "external_id_missing"


class IdentifiesNobody(DomainError):
    """A value that systems write where they know none: whoever comes with it would be one customer."""

    code = "identifies_nobody"


_MALFORMED = {
    IdentifierKind.EMAIL: "This is no e-mail address. It needs a name, @ and a domain.",
    IdentifierKind.PHONE: "This is no phone number. Write it with its country code.",
    IdentifierKind.CARD: "This is no card number. It needs letters or digits.",
    IdentifierKind.SOCIAL: "This is no handle. Write it without spaces.",
    IdentifierKind.DEVICE: "This device id is too long.",
    IdentifierKind.ANONYMOUS: "This anonymous id is too long.",
}


def enrol(
    *,
    source: Source,
    external_id: str,
    name: str = "",
    identifiers: Mapping[IdentifierKind, str] | None = None,
    language: str = "",
    time_zone: str = "",
    home_place: Place | None = None,
    by: str,
    now: datetime,
) -> Profile:
    """Make somebody known whom this source knows by ``external_id``.

    Repeatable by source and number: known already, the first profile is returned as it is. ``by`` is
    the actor, as consent writes it ("staff:4"). Never creates a consent.

    Raises:
        ExternalIdMissing, IdentifiesNobody, IdentifierMalformed, CustomerTimeZoneUnknown: nothing was stored.
        IdentifierTaken: somebody else is known by an address or number; nothing was stored.
        ErasedPerson: they asked to be erased; nothing was stored.
    """
    external_id = external_id.strip()
    if not external_id:
        raise ExternalIdMissing("Say by which number this source knows the customer.")
    if present_rules()[EXTERNAL].blocks(external_id):
        raise IdentifiesNobody("This number stands for nobody. Send the number of one customer.")
    known = Profile.objects.filter(source=source, external_id=external_id)
    if profile := known.select_related("customer").first():
        return profile
    normal = {kind: _normal(kind, value) for kind, value in (identifiers or {}).items() if value}
    check_zone(time_zone)
    try:
        with transaction.atomic():
            suppressing.hold_off_erasures()
            number = (EXTERNAL, str(source.pk), external_id)
            suppressing.check(asked=[number, *((k.value, "", v) for k, v in normal.items())])
            name = " ".join(name.split())[:200]
            customer = Customer.objects.create(
                name=name,
                search_name=folded(name)[:200],
                language=language,
                time_zone=time_zone,
                home_place=home_place,
                created_at=now,
            )
            profile = Profile.objects.create(
                customer=customer, source=source, external_id=external_id, created_at=now
            )
            for kind, value in normal.items():
                _add(profile, kind, value, now)
    except IntegrityError as error:
        # Another door enrolled the same person in the meantime: theirs is the profile.
        if violated_constraint(error) != "profiles_profile_once_per_source":
            raise
        return known.select_related("customer").get()
    return profile


def add_identifier(
    *, profile: Profile, kind: IdentifierKind, value: str, now: datetime | None = None
) -> Identifier:
    """Let a customer be found by an address or number. Repeatable.

    ``now`` is when it was first seen; without it, the database's clock says.

    Raises:
        IdentifierMalformed: it cannot be one. IdentifierTaken: it is somebody else's.
        ErasedPerson: somebody who had it asked to be erased.
    """
    normal = _normal(kind, value)
    with transaction.atomic():
        suppressing.hold_off_erasures()
        suppressing.check(asked=[(kind.value, "", normal)])
        return _add(profile, kind, normal, now)


def _normal(kind: IdentifierKind, value: str) -> str:
    normal = normal_identifier(kind, value, company().phone_region)
    if not normal or "\0" in normal:
        raise IdentifierMalformed(_MALFORMED[kind], data={"kind": str(kind)})
    return normal


def _add(profile: Profile, kind: IdentifierKind, value: str, now: datetime | None) -> Identifier:
    seen = {"first_seen_at": now} if now else {}
    identifier, _ = Identifier.objects.get_or_create(
        kind=kind,
        scope="",
        value=value,
        defaults={
            "customer_id": profile.customer_id,
            "origin_profile": profile,
            "is_confusable": is_confusable(kind, value),
            **seen,
        },
    )
    if identifier.customer_id != profile.customer_id:
        raise IdentifierTaken(
            f"Another customer is known by this {_WORDS[kind]}.",
            data={"kind": str(kind), "customer": identifier.customer_id},
        )
    return identifier


_WORDS = {
    IdentifierKind.EMAIL: "e-mail address",
    IdentifierKind.PHONE: "phone number",
    IdentifierKind.CARD: "card number",
    IdentifierKind.SOCIAL: "handle",
    IdentifierKind.DEVICE: "device",
    IdentifierKind.ANONYMOUS: "anonymous id",
}


def check_zone(name: str) -> None:
    """Pass for a time zone that is known, and for none.

    Raises:
        CustomerTimeZoneUnknown
    """
    if not name:
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"There is no time zone “{name}”. Write it as Europe/Vienna."
        raise CustomerTimeZoneUnknown(message) from error
