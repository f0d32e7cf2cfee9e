"""Consent: nothing holds but what was said, and the newest of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from profiles.models import ConsentEntry, ConsentEvidence, ConsentWording
from profiles.rules.names import Channel, ConsentState, Purpose
from profiles.services import consenting
from tests.factories.profiles import CustomerFactory, ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def wording():
    return consenting.publish_wording(
        purpose=Purpose.REMINDERS, language="en", text="Remind me when I run out."
    )


@pytest.fixture
def said(now):
    """Return what every statement of one customer shares."""
    return {
        "customer": ProfileFactory().customer,
        "purpose": Purpose.REMINDERS,
        "channel": Channel.EMAIL,
        "door": "page",
        "actor": "customer",
        "occurred_at": now,
    }


def agrees(said, at) -> bool:
    customer = said["customer"].pk
    granted = consenting.granted(
        customer_ids=[customer, customer + 1],
        purpose=said["purpose"],
        channel=said["channel"],
        at=at,
    )
    return granted == {customer}


def test_a_yes_holds_from_when_it_was_said(said, wording, now):
    assert not agrees(said, now)
    entry = consenting.grant(**said, wording=wording)
    assert (entry.state, entry.wording, entry.occurred_at) == (ConsentState.GRANTED, wording, now)
    assert entry.origin_profile == said["customer"].profiles.get()
    assert not agrees(said, now - timedelta(seconds=1))
    assert agrees(said, now)


def test_a_no_ends_it_and_a_new_yes_begins_it_again(said, wording, now):
    consenting.grant(**said, wording=wording)
    later = said | {"occurred_at": now + timedelta(hours=1)}
    consenting.withdraw(**later)
    assert agrees(said, now + timedelta(minutes=59))
    assert not agrees(said, now + timedelta(hours=1))
    consenting.grant(**said | {"occurred_at": now + timedelta(hours=2)}, wording=wording)
    assert agrees(said, now + timedelta(hours=2))
    assert ConsentEntry.objects.count() == 3


def test_a_no_of_the_same_instant_wins_when_it_was_written_last(said, wording, now):
    consenting.grant(**said, wording=wording)
    consenting.withdraw(**said)
    assert not agrees(said, now)


def test_yes_to_one_purpose_is_no_yes_to_another(said, wording, now):
    consenting.grant(**said, wording=wording)
    assert not agrees(said | {"purpose": Purpose.OFFERS}, now)


def test_the_same_statement_again_is_not_written_again(said, wording, now):
    later = said | {"occurred_at": now + timedelta(hours=1)}
    for _ in range(2):
        yes = consenting.grant(**said, wording=wording)
        no = consenting.withdraw(**later)
    assert set(ConsentEntry.objects.all()) == {yes, no}
    assert ConsentEntry.objects.count() == 2


def test_a_no_may_come_before_any_yes(said, now):
    consenting.withdraw(**said)
    assert not agrees(said, now)
    assert ConsentEntry.objects.get().state == ConsentState.WITHDRAWN


def test_a_wording_of_another_purpose_is_refused(said, wording):
    with pytest.raises(consenting.WordingOfAnotherPurpose):
        consenting.grant(**said | {"purpose": Purpose.OFFERS}, wording=wording)
    assert not ConsentEntry.objects.exists()


def test_a_customer_without_a_profile_is_refused(said, wording):
    with pytest.raises(consenting.DomainError):
        consenting.grant(**said | {"customer": CustomerFactory()}, wording=wording)
    assert not ConsentEntry.objects.exists()


def test_proof_stands_beside_the_ledger_and_can_be_erased(said, wording):
    evidence = consenting.Evidence(ip_address="192.0.2.7", user_agent="Browser " * 60)
    entry = consenting.grant(**said, wording=wording, evidence=evidence)
    assert entry.evidence_hash == evidence.digest()
    assert (entry.evidence.ip_address, len(entry.evidence.user_agent)) == ("192.0.2.7", 300)
    ConsentEvidence.objects.all().delete()
    assert ConsentEntry.objects.get().evidence_hash == evidence.digest()


def test_a_changed_text_is_a_new_version(wording):
    again = consenting.publish_wording(
        purpose=Purpose.REMINDERS, language="en", text="Remind me when I run out."
    )
    changed = consenting.publish_wording(
        purpose=Purpose.REMINDERS, language="en", text="Remind me, please."
    )
    german = consenting.publish_wording(
        purpose=Purpose.REMINDERS, language="de", text="Erinnert mich."
    )
    assert again == wording
    assert [wording.version, changed.version, german.version] == [1, 2, 1]
    assert ConsentWording.objects.count() == 3


def test_the_current_statements_are_one_for_each_customer_purpose_and_channel(said, wording, now):
    consenting.grant(**said, wording=wording)
    consenting.withdraw(**said | {"occurred_at": now + timedelta(hours=1)})
    other = said | {"customer": ProfileFactory().customer}
    consenting.grant(**other, wording=wording)
    current = ConsentEntry.objects.current(now + timedelta(hours=1))
    assert [(entry.customer, entry.state) for entry in current] == [
        (said["customer"], ConsentState.WITHDRAWN),
        (other["customer"], ConsentState.GRANTED),
    ]


def test_a_thousand_customers_are_asked_about_in_one_query(
    said, wording, now, django_assert_num_queries
):
    consenting.grant(**said, wording=wording)
    with django_assert_num_queries(1):
        assert agrees(said, now)


@pytest.mark.parametrize("change", [{"state": "withdrawn"}, {"occurred_at": None}, None])
def test_what_was_said_is_never_changed(said, wording, change):
    consenting.grant(**said, wording=wording)
    entries = ConsentEntry.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        entries.update(**change) if change else entries._raw_delete(entries.db)
    assert ConsentEntry.objects.get().state == ConsentState.GRANTED


def test_a_yes_needs_its_wording(said, wording):
    entry = consenting.grant(**said, wording=wording)
    entry.pk, entry.wording = None, None
    with pytest.raises(IntegrityError, match="profiles_consent_has_wording"), transaction.atomic():
        ConsentEntry.objects.bulk_create([entry])


def test_proof_that_was_shortened_still_fits_its_hash(said, wording):
    told = consenting.Evidence("203.0.113.7", "browser " * 100)
    entry = consenting.grant(**said, wording=wording, evidence=told)
    kept = entry.evidence
    assert len(kept.user_agent) == 300
    again = consenting.Evidence(kept.ip_address, kept.user_agent)
    assert again.digest() == entry.evidence_hash
