"""People come in by themselves: a sign-up page, a shop's checkout, and the counter that enrols them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import ConsentEntry, ConsentWording, Customer, Identifier, Place, Source
from profiles.queries.company import company
from profiles.rules.names import (
    IdentifierKind,
    PlaceKind,
    Purpose,
    SourceKind,
    normal_identifier,
)
from profiles.rules.purposes import BOXES
from profiles.services import consenting, identifying, suppressing

SIGN_UP, COUNTER = "sign-up", "counter"
_DOORS = {SIGN_UP: ("Sign-up page", SourceKind.PAGE), COUNTER: ("Counter", SourceKind.COUNTER)}


class ContactMissing(DomainError):
    """Without an address or number nobody can be recognised the next time."""

    code = "contact_missing"


@dataclass(frozen=True)
class Joining:
    """Somebody at a door: a name, one contact, and the wordings that were agreed to.

    ``door`` is the code of the source that brings them.
    """

    source: Source
    name: str
    contact: str
    wordings: Sequence[ConsentWording]
    actor: str
    evidence: consenting.Evidence
    place: Place | None = None


@dataclass(frozen=True)
class Joined:
    """Who it is, and by which address; ``is_new`` is for our own eyes, no door tells it to a stranger."""

    customer: Customer
    identifier: Identifier
    is_new: bool
    said: Sequence[ConsentEntry]


def door(code: str) -> Source:
    """The source of a door of our own."""
    name, kind = _DOORS[code]
    return Source.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})[0]


def kind_of(contact: str) -> IdentifierKind:
    """What somebody typed into the one field for a contact."""
    return IdentifierKind.EMAIL if "@" in contact else IdentifierKind.PHONE


def join(*, who: Joining, now: datetime) -> Joined:
    """Make somebody known who came by themselves; whoever is known already stays one customer.

    What a stranger says in the name of somebody known counts only when that mailbox confirms it, and
    changes nothing else of theirs.

    Raises:
        ContactMissing, IdentifierMalformed: nothing was stored.
        ErasedPerson: they were erased, and agreed to nothing now; nothing was stored.
    """
    kind, value = _contact(who.contact)
    known = _known(kind, value)
    if known is None:
        try:
            return _let_in(who, (kind, "", value), now)
        except identifying.IdentifierTaken:  # by another request, just now
            known = _known(kind, value)
            if known is None:
                raise
    proof = kind == IdentifierKind.EMAIL
    said = _agree(who, known, now, is_proven=False) if proof else []
    return Joined(known.customer, known, False, said)


def _let_in(who: Joining, by: tuple[str, str, str], now: datetime) -> Joined:
    """Make somebody known; who was erased comes back by agreeing to something themselves, and only so.

    Anybody could have typed their address: their yes waits for its confirmation, whatever the purpose asks.
    """
    with transaction.atomic():
        lifted = suppressing.lift(identifiers=[by], now=now) if who.wordings and by[2] else 0
        return _enrolled(who, now, is_proven=False if lifted else None)


def enrol_at_counter(*, who: Joining, now: datetime) -> Joined:
    """Enrol somebody face to face; never twice.

    Raises:
        ContactMissing, IdentifierMalformed: nothing was stored.
        IdentifierTaken: somebody is known by it, ``data["customer"]`` says who; nothing was stored.
        ErasedPerson: they asked to be erased, and come back only by themselves; nothing was stored.
    """
    _contact(who.contact)
    return _enrolled(who, now)


def agreed_to(keys: Sequence[str]) -> Sequence[ConsentWording]:
    """The wordings that a form names: each by its number, or as "offers.en.2"; what is none is left out.

    An older version is one, too: it is what stood there when the page was opened.
    """
    found = [_wording(key) for key in dict.fromkeys(keys)]
    return [wording for wording in found if wording and wording.purpose in _CHANNELS]


_CHANNELS = dict(BOXES)


def _wording(key: str) -> ConsentWording | None:
    wordings = ConsentWording.objects.all()
    if key.isascii() and key.isdigit() and len(key) <= 18:
        return wordings.filter(pk=int(key)).first()
    purpose, _, rest = key.partition(".")
    language, _, version = rest.rpartition(".")
    if not (version.isascii() and version.isdigit() and len(version) <= 9) or "\0" in key:
        return None
    return wordings.filter(purpose=purpose, language=language, version=int(version)).first()


def _contact(text: str) -> tuple[IdentifierKind, str]:
    if not text.strip():
        raise ContactMissing("An e-mail address or a phone number is needed.")
    kind = kind_of(text)
    return kind, normal_identifier(kind, text, company().phone_region)


def _known(kind: IdentifierKind, value: str) -> Identifier | None:
    found = Identifier.objects.select_related("customer", "origin_profile")
    return found.filter(kind=kind, scope="", value=value).first() if value else None


def _enrolled(who: Joining, now: datetime, *, is_proven: bool | None = None) -> Joined:
    kind = kind_of(who.contact)
    store = who.place if who.place and who.place.kind == PlaceKind.STORE else None
    with transaction.atomic():
        profile = identifying.enrol(
            source=who.source,
            external_id=str(uuid.uuid4()),
            name=who.name,
            identifiers={kind: who.contact},
            language=_language(who.wordings),
            home_place=store,
            by=who.actor,
            now=now,
        )
        identifier = Identifier.objects.select_related("origin_profile").get(origin_profile=profile)
        said = _agree(who, identifier, now, is_proven=is_proven)
    return Joined(profile.customer, identifier, True, said)


def _language(wordings: Sequence[ConsentWording]) -> str:
    """The language somebody read us in; empty where it is the house's own."""
    read = next((wording.language for wording in wordings), "")
    return "" if read == company().language else read


def _agree(
    who: Joining, identifier: Identifier, now: datetime, *, is_proven: bool | None
) -> Sequence[ConsentEntry]:
    is_address = identifier.kind == IdentifierKind.EMAIL
    return [
        consenting.grant(
            customer=identifier.customer,
            purpose=Purpose(wording.purpose),
            channel=_CHANNELS[Purpose(wording.purpose)],
            wording=wording,
            door=who.source.code[:20],
            actor=who.actor,
            occurred_at=now,
            evidence=who.evidence,
            identifier=identifier if is_address else None,
            is_proven=is_proven,
        )
        for wording in who.wordings
    ]
