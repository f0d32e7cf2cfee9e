"""The consent receipt: every statement with its wording and proof, and nothing of an address."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from campaigns.models import SendingPolicy
from cxportal.lib.links import LinkPurpose, token_for
from cxportal.pages.access import Role
from profiles.models import ConsentEntry, ConsentRule
from profiles.rules.names import Channel, Purpose
from profiles.services import consenting
from tests.factories.campaigns import ready_house, wording
from tests.factories.profiles import IdentifierFactory


@pytest.fixture
def dolores(db, now):
    """Said yes to reminders, then no; and to offers a yes that waits."""
    ready_house()
    SendingPolicy.objects.update(sender_email="hello@example.com", postal_address="1 Main Street")
    ConsentRule.objects.filter(purpose="offers").update(needs_confirmation=True)
    customer = IdentifierFactory(value="dolores@example.com").customer
    common = {"customer": customer, "channel": Channel.EMAIL, "door": "page", "actor": "customer"}
    evidence = consenting.Evidence("198.51.100.7", "Firefox")
    for purpose in (Purpose.REMINDERS, Purpose.OFFERS):
        consenting.grant(
            **common,
            purpose=purpose,
            wording=wording(purpose),
            occurred_at=now - timedelta(hours=2),
            evidence=evidence,
        )
    consenting.withdraw(**common, purpose=Purpose.REMINDERS, occurred_at=now - timedelta(hours=1))
    with time_machine.travel(now, tick=False):
        yield customer


def own(customer) -> str:
    token = token_for(LinkPurpose.MY_PAGE, str(customer.public_id))
    return f"/my/{token}/consent/receipt.json"


def test_the_customer_gets_all_they_said(dolores):
    answer = Client().get(own(dolores))
    assert answer["Content-Disposition"] == 'attachment; filename="consent-receipt.json"'
    receipt = answer.json()
    assert (receipt["schema_version"], receipt["pii_principal_id"]) == (
        "ISO/IEC TS 27560:2023", str(dolores.public_id),
    )  # fmt: skip
    assert receipt["receipt_time"] == "2026-03-10T06:05:00+00:00"
    assert receipt["pii_controllers"][0]["party_name"] == "My company"
    assert receipt["pii_controllers"][0]["party_address"] == "1 Main Street"
    offers, reminders = receipt["records"]
    assert (offers["state"], reminders["state"]) == ("asked", "withdrawn")
    processing = reminders["processing"]
    assert processing["purpose_description"] == "reminders to buy again"
    assert processing["lawful_basis"] == "consent, GDPR article 6(1)(a)"
    assert "purchases and their rhythm" in processing["pii_information"]
    assert "On one's own page" in processing["withdrawal_method"]
    yes, no = reminders["events"]
    first = ConsentEntry.objects.get(pk=yes["event_id"])
    assert yes == {
        "event_id": first.pk,
        "event_time": "2026-03-10T04:05:00+00:00",
        "recorded_time": first.recorded_at.isoformat(),
        "event_type": "consent given",
        "event_state": "granted",
        "entity": "customer",
        "collection_point": "page",
        "is_lifted_by_event": None,
        "notice": {
            "text": "You may write about reminders.",
            "version": 1,
            "language": "en",
            "published_time": wording().created_at.isoformat(),
        },
        "evidence_sha256": consenting.Evidence("198.51.100.7", "Firefox").digest(),
    }
    assert (no["event_state"], no["notice"]) == ("withdrawn", None)


def test_it_proves_what_was_said_and_not_to_whom(dolores):
    text = Client().get(own(dolores)).content.decode()
    assert "dolores" not in text.lower()
    assert "198.51.100.7" not in text


def test_the_same_ledger_gives_the_same_receipt(dolores):
    assert Client().get(own(dolores)).json() == Client().get(own(dolores)).json()


def test_the_page_leads_to_it(dolores):
    page = Client().get(own(dolores).replace("consent/receipt.json", "")).content.decode()
    assert "consent/receipt.json" in page
    assert "for your confirmation" in page


def test_another_link_is_no_key(dolores):
    stop = token_for(LinkPurpose.STOP, str(dolores.public_id))
    assert Client().get(f"/my/{stop}/consent/receipt.json").status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.MANAGER, 200),
        (Role.SUPERVISOR, 200),
        (Role.ANALYST, 403),
        (Role.COUNTER, 403),
        (Role.ADMINISTRATOR, 403),
    ],
)
def test_staff_get_it_who_may_see_the_ledger(dolores, browser_of, role, status):
    answer = browser_of(role).get(f"/customers/{dolores.pk}/consent-receipt.json")
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["pii_principal_id"] == str(dolores.public_id)


def test_the_ledger_leads_to_it(dolores, manager):
    page = manager.get("/data/profiles/consententry/").content.decode()
    assert f"/customers/{dolores.pk}/consent-receipt.json" in page
    assert manager.get("/customers/999999/consent-receipt.json").status_code == 404
