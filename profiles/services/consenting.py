"""Consent: written down as said, never changed, and read as the newest statement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import ConsentEntry, ConsentEvidence, ConsentWording, Customer
from profiles.rules.names import Channel, ConsentState, Purpose

_AGENT_LENGTH = 300


class WordingMissing(DomainError):
    """Consent without the text that was shown proves nothing."""

    code = "wording_missing"


class WordingOfAnotherPurpose(DomainError):
    """The wording shown was not about this purpose."""

    code = "wording_of_another_purpose"


@dataclass(frozen=True)
class Evidence:
    """Where a statement came from; personal, erasable, and pinned in the ledger by its hash."""

    ip_address: str = ""
    user_agent: str = ""

    def digest(self) -> str:
        """Hash what is kept of it, in a form that does not depend on the order of fields."""
        kept = replace(self, user_agent=self.user_agent[:_AGENT_LENGTH])
        return hashlib.sha256(json.dumps(asdict(kept), sort_keys=True).encode()).hexdigest()


def publish_wording(*, purpose: Purpose, language: str, text: str) -> ConsentWording:
    """Return the wording with exactly this text, as a new version when it is new."""
    with transaction.atomic():
        versions = ConsentWording.objects.select_for_update().filter(
            purpose=purpose, language=language
        )
        newest = versions.order_by("-version").first()
        if newest and newest.text == text:
            return newest
        return ConsentWording.objects.create(
            purpose=purpose,
            language=language,
            text=text,
            version=newest.version + 1 if newest else 1,
        )


def grant(
    *,
    customer: Customer,
    purpose: Purpose,
    channel: Channel,
    wording: ConsentWording,
    door: str,
    actor: str,
    occurred_at: datetime,
    evidence: Evidence | None = None,
) -> ConsentEntry:
    """Write down a yes, with the wording that was shown.

    Repeatable: a yes to the same wording that held at that time is returned, not written again.

    Raises:
        WordingOfAnotherPurpose: nothing was written.
    """
    if wording.purpose != purpose:
        raise WordingOfAnotherPurpose("This text asks for something else.")
    standing = newest(customer=customer, purpose=purpose, channel=channel, at=occurred_at)
    if standing and standing.state == ConsentState.GRANTED and standing.wording_id == wording.pk:
        return standing
    entry = ConsentEntry(
        purpose=purpose,
        channel=channel,
        state=ConsentState.GRANTED,
        wording=wording,
        occurred_at=occurred_at,
        door=door,
        actor=actor,
    )
    return _written(entry, customer, evidence)


def withdraw(
    *,
    customer: Customer,
    purpose: Purpose,
    channel: Channel,
    door: str,
    actor: str,
    occurred_at: datetime,
    evidence: Evidence | None = None,
) -> ConsentEntry:
    """Write down a no. Repeatable: a no that held at that time is returned, not written again."""
    standing = newest(customer=customer, purpose=purpose, channel=channel, at=occurred_at)
    if standing and standing.state == ConsentState.WITHDRAWN:
        return standing
    entry = ConsentEntry(
        purpose=purpose,
        channel=channel,
        state=ConsentState.WITHDRAWN,
        occurred_at=occurred_at,
        door=door,
        actor=actor,
    )
    return _written(entry, customer, evidence)


def newest(
    *, customer: Customer, purpose: Purpose, channel: Channel, at: datetime
) -> ConsentEntry | None:
    """Return the statement that holds at that time, whatever was said later."""
    said = ConsentEntry.objects.filter(customer=customer).about(purpose, channel)
    return said.known_at(at).newest_first().first()


def granted(
    *, customer_ids: Sequence[int], purpose: Purpose, channel: Channel, at: datetime
) -> set[int]:
    """Of these customers, return those whose newest statement up to ``at`` is yes."""
    return ConsentEntry.objects.granting(customer_ids, purpose, channel, at)


def _written(entry: ConsentEntry, customer: Customer, evidence: Evidence | None) -> ConsentEntry:
    profile = customer.profiles.order_by("pk").first()
    if profile is None:
        raise DomainError("This customer has no profile.", data={"customer": customer.pk})
    entry.customer, entry.origin_profile = customer, profile
    entry.evidence_hash = evidence.digest() if evidence else ""
    with transaction.atomic():
        entry.save(force_insert=True)
        if evidence:
            ConsentEvidence.objects.create(
                entry=entry,
                ip_address=evidence.ip_address or None,
                user_agent=evidence.user_agent[:_AGENT_LENGTH],
            )
    return entry
