"""What a customer tells in person: facts and warnings, with the yes that delicate ones need.

A yes is kept only together with what it was said for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import (
    Attribute,
    ConsentEntry,
    ConsentWording,
    Customer,
    FactValue,
    HouseholdWarning,
)
from profiles.rules.names import Allergen, Channel, Manner, Purpose, Sensitivity
from profiles.rules.purposes import WARNINGS_WORDING, special_wording
from profiles.services import consenting, households, noting

# The sentences are made by ``profiles.rules.purposes``, in one language.
LANGUAGE = "en"


class NotAgreed(DomainError):
    """The customer did not agree to the sentence that this needs; ``data["sentence"]`` is that sentence."""

    code = "not_agreed"


@dataclass(frozen=True)
class Told:
    """Who tells it, where and when; ``actor`` is "customer", or "staff:<id>" of who was told.

    ``agreed_to`` is the sentence that was shown and agreed to, "" for none.
    """

    customer: Customer
    door: str
    actor: str
    now: datetime
    agreed_to: str = ""
    evidence: consenting.Evidence | None = None


def tell_fact(*, told: Told, attribute: Attribute, value: Any) -> FactValue:
    """Keep what the customer says of one attribute; None deletes it. Repeatable.

    Raises:
        NotAgreed: of a special category, without a yes to its use. And all that ``noting.note`` raises;
            nothing was written, the yes neither.
    """
    with transaction.atomic():
        is_special = attribute.sensitivity == Sensitivity.SPECIAL and value is not None
        sentence = special_wording(attribute.name, attribute.purpose)
        consent = _agreed(told, sentence) if is_special else None
        statement = noting.Statement(
            profile_id=consent.origin_profile_id if consent else _profile_id(told.customer),
            attribute=attribute.code,
            value=value,
            manner=Manner.TOLD,
            actor=told.actor,
            occurred_at=told.now,
            consent_id=consent.pk if consent else None,
        )
        return noting.note(statement=statement, now=told.now)


def tell_warning(
    *, told: Told, member_id: int | None = None, allergen: Allergen | None = None, text: str = ""
) -> HouseholdWarning:
    """Keep what must be minded for a member of the customer's household, None for themselves. Repeatable.

    Raises:
        NotAgreed: without a yes to ``WARNINGS_WORDING``. And all that ``households.warn`` raises; nothing was
            written, the yes neither.
    """
    with transaction.atomic():
        return households.warn(
            customer=told.customer,
            member_id=member_id,
            allergen=allergen,
            text=text,
            consent=_agreed(told, WARNINGS_WORDING),
            by=told.actor,
            now=told.now,
        )


def withdraw_agreement(*, told: Told) -> ConsentEntry:
    """Take every such yes back: what was told under it is used and shown no more. Repeatable."""
    return consenting.withdraw(
        customer=told.customer,
        purpose=Purpose.SPECIAL,
        channel=Channel.NONE,
        door=told.door,
        actor=told.actor,
        occurred_at=told.now,
        evidence=told.evidence,
    )


def _agreed(told: Told, sentence: str) -> ConsentEntry:
    if told.agreed_to != sentence:
        raise NotAgreed("Tick the box to agree. Nothing was changed.", data={"sentence": sentence})
    known = ConsentWording.objects.filter(purpose=Purpose.SPECIAL, language=LANGUAGE, text=sentence)
    wording = known.order_by("-version").first() or consenting.publish_wording(
        purpose=Purpose.SPECIAL, language=LANGUAGE, text=sentence
    )
    # In person, or by a link that only the customer's address got: there is nothing left to confirm.
    return consenting.grant(
        customer=told.customer,
        purpose=Purpose.SPECIAL,
        channel=Channel.NONE,
        wording=wording,
        door=told.door,
        actor=told.actor,
        occurred_at=told.now,
        evidence=told.evidence,
        is_proven=True,
    )


def _profile_id(customer: Customer) -> int:
    """The profile that a customer's own words are kept with: the first."""
    profile = customer.profiles.order_by("pk").first()
    if profile is None:
        raise noting.CustomerUnknown("This customer has no profile.", data={"id": customer.pk})
    return profile.pk
