"""Consent receipts: what a customer said to each purpose, in the fields of ISO/IEC TS 27560:2023.

The standard names the elements of a consent record and leaves their encoding open; the names here are its own, and
our values stand under them. A receipt holds no address of the customer: it proves what was said, not to whom.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from profiles.models import ConsentEntry, Customer
from profiles.rules.names import Channel, ConsentState, Purpose
from profiles.rules.purposes import (
    CHANNEL,
    LAWFUL_BASIS,
    PII,
    WITHDRAWAL,
    purpose_in_words,
    state_in_words,
)

SCHEMA = "ISO/IEC TS 27560:2023"
RECEIPT_VERSION = "1"
_NAMES = uuid.UUID("6f1f5e0a-0f5c-4a58-9d29-3a1c3f9fb27c")
_EVENT = {
    ConsentState.ASKED: "consent requested to be confirmed",
    ConsentState.GRANTED: "consent given",
    ConsentState.WITHDRAWN: "consent withdrawn or refused",
}


@dataclass(frozen=True)
class Controller:
    """Who answers for the data: the company that runs this installation."""

    name: str
    postal_address: str
    email: str
    url: str


def receipt(*, customer: Customer, controller: Controller, now: datetime) -> dict[str, Any]:
    """Everything a customer said up to ``now``, purpose by purpose; the same ledger gives the same receipt id."""
    entries = ConsentEntry.objects.filter(customer=customer).known_at(now)
    said = list(entries.select_related("wording").order_by("occurred_at", "pk"))
    standing = ConsentEntry.objects.standing([customer.pk], now)
    by_purpose: dict[tuple[str, str], list[ConsentEntry]] = {}
    for entry in said:
        by_purpose.setdefault((entry.purpose, entry.channel), []).append(entry)
    newest = max((entry.pk for entry in said), default=0)
    return {
        "schema_version": SCHEMA,
        "receipt_version": RECEIPT_VERSION,
        "receipt_id": str(uuid.uuid5(_NAMES, f"{customer.public_id}:{newest}")),
        "receipt_time": now.isoformat(),
        "pii_principal_id": str(customer.public_id),
        "pii_controllers": [_party(controller)],
        "records": [
            _record(customer, about, rows, standing.get((customer.pk, *about)), controller)
            for about, rows in sorted(by_purpose.items())
        ],
    }


def _party(controller: Controller) -> Mapping[str, str]:
    return {
        "party_id": controller.url,
        "party_name": controller.name,
        "party_role": "PII controller",
        "party_address": controller.postal_address,
        "party_email": controller.email,
        "party_url": controller.url,
    }


def _record(
    customer: Customer,
    about: tuple[str, str],
    rows: Sequence[ConsentEntry],
    holds: ConsentEntry | None,
    controller: Controller,
) -> Mapping[str, Any]:
    purpose, channel = about
    state = holds.state if holds else ConsentState.ASKED
    return {
        "schema_version": SCHEMA,
        "record_id": str(uuid.uuid5(_NAMES, f"{customer.public_id}:{purpose}:{channel}")),
        "consent_type": "explicit",
        "state": str(state),
        "state_in_words": state_in_words(state),
        "processing": {
            "purpose": purpose,
            "purpose_description": purpose_in_words(purpose),
            "channel": CHANNEL[Channel(channel)],
            "lawful_basis": LAWFUL_BASIS[Purpose(purpose)],
            "pii_information": list(PII[Purpose(purpose)]),
            "pii_controllers": [controller.name],
            "collection_method": "stated by the person, under the wording shown",
            "processing_method": "statistics of one's own purchases and messages; no sale to others",
            "recipient_third_parties": [],
            "retention_period": "until withdrawn; the record itself as long as it has to be proved",
            "withdrawal_method": WITHDRAWAL,
        },
        "events": [_event(row) for row in rows],
    }


def _event(entry: ConsentEntry) -> Mapping[str, Any]:
    wording = entry.wording
    return {
        "event_id": entry.pk,
        "event_time": entry.occurred_at.isoformat(),
        "recorded_time": entry.recorded_at.isoformat(),
        "event_type": _EVENT[ConsentState(entry.state)],
        "event_state": entry.state,
        "entity": entry.actor.partition(":")[0],
        "collection_point": entry.door,
        "is_lifted_by_event": entry.lifted_by_id,
        "notice": None
        if wording is None
        else {
            "text": wording.text,
            "version": wording.version,
            "language": wording.language,
            "published_time": wording.created_at.isoformat(),
        },
        "evidence_sha256": entry.evidence_hash or None,
    }
