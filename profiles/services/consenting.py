"""Consent: written down as said, never changed; ``querysets.consents`` says what holds of it.

Where a purpose asks for double opt-in, a yes is written as asked, with a request that is due to be mailed; it
counts once the link in that mail was used (``confirm``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from cxportal.lib.errors import DomainError
from profiles.models import (
    ConsentEntry,
    ConsentEvidence,
    ConsentRequest,
    ConsentRule,
    ConsentWording,
    Customer,
    Identifier,
    Profile,
)
from profiles.rules.names import Channel, ConsentState, Purpose
from profiles.rules.purposes import CONFIRM_WITHIN

_AGENT_LENGTH = 300
# How soon a second mail may ask for the same: sooner where the customer asks than where anybody could who knows
# an address.
ASK_AGAIN_AFTER = timedelta(minutes=10)
STRANGER_ASKS_AFTER = timedelta(days=7)
CONFIRMATION = "confirmation"


class WordingMissing(DomainError):
    """Consent without the text that was shown proves nothing."""

    code = "wording_missing"


class WordingOfAnotherPurpose(DomainError):
    """The wording shown was not about this purpose."""

    code = "wording_of_another_purpose"


class ConfirmationUnknown(DomainError):
    """There is no such request, or its customer is no longer known."""

    code = "confirmation_unknown"


class ConfirmationExpired(DomainError):
    """The yes is too old to be confirmed; it can be said again."""

    code = "confirmation_expired"


class ConfirmationOutdated(DomainError):
    """The customer has said no since."""

    code = "confirmation_outdated"


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


@dataclass(frozen=True)
class _Statement:
    """What is said, and by whom, where and when."""

    customer: Customer
    purpose: Purpose
    channel: Channel
    door: str
    actor: str
    occurred_at: datetime
    evidence: Evidence | None
    profile: Profile | None = None
    wording: ConsentWording | None = None


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
    identifier: Identifier | None = None,
    is_proven: bool | None = None,
) -> ConsentEntry:
    """Write down a yes, with the wording that was shown; look at the ``state`` of what comes back.

    It is ``asked`` where the purpose needs confirmation, and ``granted`` elsewhere. ``is_proven`` overrides the
    rule of the purpose: True for a yes that came by a link which only the customer's address got, or that
    was confirmed long ago; False for one of a stranger who names somebody known. ``identifier`` is the
    address that was given with the yes: its profile says it, and its mailbox confirms it.

    Repeatable: a yes to the same wording that held at that time is returned, not written again.

    Raises:
        WordingOfAnotherPurpose: nothing was written.
    """
    if wording.purpose != purpose:
        raise WordingOfAnotherPurpose("This text asks for something else.")
    profile = identifier.origin_profile if identifier else None
    said = _Statement(
        customer, purpose, channel, door, actor, occurred_at, evidence, profile, wording
    )
    with transaction.atomic():
        _lock(customer)
        standing = newest(customer=customer, purpose=purpose, channel=channel, at=occurred_at)
        granted_now = standing is not None and standing.state == ConsentState.GRANTED
        if standing and granted_now and standing.wording_id == wording.pk:
            return standing
        if is_proven or (is_proven is None and not needs_confirmation(purpose)):
            return _granted(said)
        pause = ASK_AGAIN_AFTER if is_proven is None else STRANGER_ASKS_AFTER
        return _asked(said, identifier, pause)


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
    """Write down a no; it never needs a confirmation.

    It is written for each of the customer's profiles that says yes, so that it outlives the undo of a
    merge. Repeatable: a no that held at that time is returned, not written again.
    """
    said = _Statement(customer, purpose, channel, door, actor, occurred_at, evidence)
    with transaction.atomic():
        _lock(customer)
        standing = newest(customer=customer, purpose=purpose, channel=channel, at=occurred_at)
        agreeing = [e.origin_profile for e in _of_profiles(said) if e.state == "granted"]
        if standing and standing.state == ConsentState.WITHDRAWN and not agreeing:
            return standing
        speaking: Sequence[Profile | None] = agreeing or [None]
        entries = [
            _written(replace(said, profile=profile), ConsentState.WITHDRAWN) for profile in speaking
        ]
        return entries[0]


def confirm(*, request_id: str, now: datetime, evidence: Evidence | None = None) -> ConsentEntry:
    """Let a yes count whose link was used. Repeatable: the yes that it became is returned.

    Raises:
        ConfirmationUnknown, ConfirmationExpired, ConfirmationOutdated: nothing was written.
    """
    with transaction.atomic():
        request = _locked_request(request_id)
        asked = request.entry
        standing = newest(
            customer=asked.customer,
            purpose=Purpose(asked.purpose),
            channel=Channel(asked.channel),
            at=now,
        )
        if request.confirmed_at is None:
            _check_open(asked, standing, now)
        elif standing is None or standing.state != ConsentState.GRANTED:
            raise ConfirmationOutdated(_OUTDATED)
        else:
            return standing
        request.confirmed_at = now
        request.save(update_fields=["confirmed_at"])
        if request.identifier_id is not None:
            # A link that arrived proves that the address works, whatever bounced before.
            proven = Identifier.objects.filter(pk=request.identifier_id)
            proven.filter(bounced_at__isnull=False).update(bounced_at=None)
            proven.filter(verified_at=None).update(verified_at=now)
        return _granted(
            _Statement(
                asked.customer,
                Purpose(asked.purpose),
                Channel(asked.channel),
                CONFIRMATION,
                "customer",
                now,
                evidence,
                asked.origin_profile,
                asked.wording,
            )
        )


_OUTDATED = "You have said no since. Your own page is where you can start again."


def _check_open(asked: ConsentEntry, standing: ConsentEntry | None, now: datetime) -> None:
    if asked.occurred_at + CONFIRM_WITHIN < now:
        raise ConfirmationExpired(
            "This was asked more than 30 days ago. Say yes again where you want it."
        )
    if standing is None or standing.state != ConsentState.WITHDRAWN:
        return
    if (standing.occurred_at, standing.pk) > (asked.occurred_at, asked.pk):
        raise ConfirmationOutdated(_OUTDATED)


def _locked_request(request_id: str) -> ConsentRequest:
    requests = ConsentRequest.objects.select_related("entry__customer", "entry__wording")
    found = requests.filter(public_id=request_id).first()
    if found is None or found.entry.customer.erased_at is not None:
        raise ConfirmationUnknown("We do not know what this link was for.")
    _lock(found.entry.customer)
    return requests.get(pk=found.pk)


def require_confirmation(*, purpose: Purpose, is_needed: bool) -> None:
    """Say whether a yes to this purpose counts only after double opt-in; what was granted stays."""
    ConsentRule.objects.update_or_create(
        purpose=purpose, defaults={"needs_confirmation": is_needed}
    )


def needs_confirmation(purpose: Purpose) -> bool:
    """Tell whether a yes to this purpose counts only after double opt-in."""
    return ConsentRule.objects.filter(purpose=purpose, needs_confirmation=True).exists()


def newest(
    *, customer: Customer, purpose: Purpose, channel: Channel, at: datetime
) -> ConsentEntry | None:
    """Return the statement that holds at that time, whatever was said later."""
    held: dict[tuple[int, str, str], ConsentEntry]
    held = ConsentEntry.objects.standing([customer.pk], at)
    return held.get((customer.pk, purpose, channel))


def granted(
    *, customer_ids: Sequence[int], purpose: Purpose, channel: Channel, at: datetime
) -> set[int]:
    """Of these customers, return those who agree at ``at``."""
    found: set[int] = ConsentEntry.objects.granting(customer_ids, purpose, channel, at)
    return found


def _lock(customer: Customer) -> None:
    """One statement of a customer at a time: what stands is read before it is written."""
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)


def _of_profiles(said: _Statement) -> Sequence[ConsentEntry]:
    """The newest yes or no of each of the customer's profiles."""
    about = ConsentEntry.objects.filter(customer=said.customer).about(said.purpose, said.channel)
    of_each = about.known_at(said.occurred_at).decided().newest_of_each_profile()
    return list(of_each.select_related("lifted_by", "origin_profile"))


def _granted(said: _Statement) -> ConsentEntry:
    """Write the yes of one profile, and lift the no of every other.

    A lifted no is written as what it is, a no: once a merge is undone, it stands again. It was somebody else's.
    """
    refusing = [e.origin_profile for e in _of_profiles(said) if _refuses(e)]
    speaking = said.profile or _speaker(said.customer, refusing)
    yes = _written(replace(said, profile=speaking), ConsentState.GRANTED)
    for profile in refusing:
        if profile != speaking:
            lifted = replace(said, profile=profile, wording=None, evidence=None)
            _written(lifted, ConsentState.WITHDRAWN, lifted_by=yes)
    return yes


def _refuses(entry: ConsentEntry) -> bool:
    lifting = entry.lifted_by
    is_lifted = lifting is not None and lifting.customer_id == entry.customer_id
    return entry.state == ConsentState.WITHDRAWN and not is_lifted


def _speaker(customer: Customer, refusing: Sequence[Profile]) -> Profile | None:
    """The customer's first profile that has not said no; the first of all where each has."""
    profiles = customer.profiles.order_by("pk")
    return profiles.exclude(pk__in=[p.pk for p in refusing]).first() or profiles.first()


def _asked(said: _Statement, identifier: Identifier | None, pause: timedelta) -> ConsentEntry:
    """Write a yes that waits, with the request that is mailed; the same again is mailed again."""
    open_ones = ConsentRequest.objects.filter(
        entry__customer=said.customer,
        entry__purpose=said.purpose,
        entry__channel=said.channel,
        entry__wording=said.wording,
        entry__occurred_at__gt=said.occurred_at - CONFIRM_WITHIN,
        identifier=identifier,
        confirmed_at=None,
    )
    request = open_ones.select_related("entry").order_by("-pk").first()
    if request is None or _was_answered(request.entry, said):
        entry = _written(said, ConsentState.ASKED)
        ConsentRequest.objects.create(entry=entry, identifier=identifier)
        return entry
    open_ones.filter(pk=request.pk, mailed_at__lte=said.occurred_at - pause).update(
        mailed_at=None, attempts=0
    )
    return request.entry


def _was_answered(asked: ConsentEntry, said: _Statement) -> bool:
    """Tell whether a no has come since: a confirmation of the old yes would be refused."""
    return any(
        entry.state == ConsentState.WITHDRAWN and entry.occurred_at >= asked.occurred_at
        for entry in _of_profiles(said)
    )


def _written(
    said: _Statement, state: ConsentState, *, lifted_by: ConsentEntry | None = None
) -> ConsentEntry:
    profile = said.profile or said.customer.profiles.order_by("pk").first()
    if profile is None:
        raise DomainError("This customer has no profile.", data={"customer": said.customer.pk})
    entry = ConsentEntry.objects.create(
        customer=said.customer,
        origin_profile=profile,
        purpose=said.purpose,
        channel=said.channel,
        state=state,
        occurred_at=said.occurred_at,
        door=said.door,
        actor=said.actor,
        wording=said.wording if state != ConsentState.WITHDRAWN else None,
        evidence_hash=said.evidence.digest() if said.evidence else "",
        lifted_by=lifted_by,
    )
    if said.evidence:
        ConsentEvidence.objects.create(
            entry=entry,
            ip_address=said.evidence.ip_address or None,
            user_agent=said.evidence.user_agent[:_AGENT_LENGTH],
        )
    return entry
