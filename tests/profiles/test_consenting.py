"""Consent: nothing holds but what was said, and the newest of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from profiles.models import (
    ConsentEntry,
    ConsentEvidence,
    ConsentRequest,
    ConsentRule,
    ConsentWording,
    Customer,
    Profile,
)
from profiles.rules.names import Channel, ConsentState, Purpose
from profiles.services import consenting
from tests.factories.profiles import CustomerFactory, IdentifierFactory, ProfileFactory

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
    ids = [said["customer"].pk, other["customer"].pk]
    standing = ConsentEntry.objects.standing(ids, now + timedelta(hours=1))
    assert {key: entry.state for key, entry in standing.items()} == {
        (ids[0], "reminders", "email"): ConsentState.WITHDRAWN,
        (ids[1], "reminders", "email"): ConsentState.GRANTED,
    }


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


# --- while profiles are merged --------------------------------------------------------------------


@pytest.fixture
def two(said, wording, now):
    """A yes of one profile and a no of another, each a customer of its own; and what shares them."""
    other = said | {"customer": ProfileFactory().customer}
    consenting.grant(**said, wording=wording)
    consenting.withdraw(**other | {"occurred_at": now - timedelta(days=1)})
    return said["customer"], other["customer"]


def move(row_of, to) -> None:
    """Let the rows of one customer's profile stand with another, as a merge and its undo do."""
    profile = Profile.objects.get(home_customer=row_of)
    Profile.objects.filter(pk=profile.pk).update(customer=to)
    ConsentEntry.objects.filter(origin_profile=profile).update(customer=to)


def states(customers, at) -> list[str]:
    held = ConsentEntry.objects.standing([customer.pk for customer in customers], at)
    return [
        entry.state if entry else ""
        for entry in (held.get((customer.pk, "reminders", "email")) for customer in customers)
    ]


def test_the_strictest_word_wins_while_merged_and_each_has_its_own_again(two, now):
    anna, bert = two
    move(bert, anna)
    assert states(two, now) == ["withdrawn", ""]
    move(bert, bert)
    assert states(two, now) == ["granted", "withdrawn"]


def test_a_yes_while_merged_holds_for_all_and_lifts_no_strangers_no(two, said, wording, now):
    anna, bert = two
    move(bert, anna)
    hour = now + timedelta(hours=1)
    yes = consenting.grant(**said | {"occurred_at": hour}, wording=wording)
    assert states(two, hour) == ["granted", ""]
    assert yes.origin_profile == Profile.objects.get(home_customer=anna)
    lifted = ConsentEntry.objects.get(lifted_by=yes)
    assert (lifted.state, lifted.origin_profile.home_customer) == ("withdrawn", bert)
    move(bert, bert)
    assert states(two, hour) == ["granted", "withdrawn"]
    move(bert, anna)
    assert states(two, hour) == ["granted", ""]


def test_what_was_lifted_for_one_customer_counts_again_with_another(two, said, wording, now):
    anna, bert = two
    move(bert, anna)
    consenting.grant(**said | {"occurred_at": now + timedelta(hours=1)}, wording=wording)
    move(bert, bert)
    carla = said | {"customer": ProfileFactory().customer}
    consenting.grant(**carla, wording=wording)
    move(bert, carla["customer"])
    assert states([anna, carla["customer"]], now + timedelta(hours=2)) == ["granted", "withdrawn"]


def test_a_no_while_merged_outlives_the_undo(said, wording, now):
    anna, bert = said["customer"], ProfileFactory().customer
    for customer in (anna, bert):
        consenting.grant(**said | {"customer": customer}, wording=wording)
    move(bert, anna)
    hour = now + timedelta(hours=1)
    for _ in range(2):
        consenting.withdraw(**said | {"occurred_at": hour})
    assert ConsentEntry.objects.count() == 4
    move(bert, bert)
    assert states([anna, bert], hour) == ["withdrawn", "withdrawn"]


def test_only_a_no_can_be_lifted(said, wording, now):
    yes = consenting.grant(**said, wording=wording)
    with pytest.raises(IntegrityError, match="profiles_consent_lifts_a_no"), transaction.atomic():
        ConsentEntry.objects.create(
            customer=yes.customer,
            origin_profile=yes.origin_profile,
            purpose="offers",
            channel="email",
            state="granted",
            wording=wording,
            occurred_at=now,
            door="page",
            actor="customer",
            lifted_by=yes,
        )


# --- double opt-in --------------------------------------------------------------------------------


@pytest.fixture
def double():
    """Reminders need a confirmation."""
    ConsentRule.objects.filter(purpose="reminders").update(needs_confirmation=True)


def test_a_yes_that_needs_confirmation_is_none_until_then(double, said, wording, now):
    asked = consenting.grant(**said, wording=wording)
    assert (asked.state, asked.wording) == ("asked", wording)
    assert not agrees(said, now)
    day = now + timedelta(days=1)
    evidence = consenting.Evidence("198.51.100.7", "Firefox")
    request = str(asked.request.public_id)
    yes = consenting.confirm(request_id=request, now=day, evidence=evidence)
    assert (yes.state, yes.wording, yes.door, yes.actor) == (
        "granted", wording, "confirmation", "customer",
    )  # fmt: skip
    assert yes.evidence.ip_address == "198.51.100.7"
    assert not agrees(said, now)
    assert agrees(said, day)
    assert consenting.confirm(request_id=request, now=day) == yes
    assert ConsentEntry.objects.count() == 2


def test_what_waits_lowers_no_standing_yes(said, wording, now):
    consenting.grant(**said, wording=wording)
    ConsentRule.objects.filter(purpose="reminders").update(needs_confirmation=True)
    newer = consenting.publish_wording(purpose="reminders", language="en", text="Remind me more.")
    hour = now + timedelta(hours=1)
    assert consenting.grant(**said | {"occurred_at": hour}, wording=newer).state == "asked"
    assert agrees(said, hour)


def test_what_waits_lifts_no_standing_no(double, said, wording, now):
    consenting.withdraw(**said)
    hour = now + timedelta(hours=1)
    asked = consenting.grant(**said | {"occurred_at": hour}, wording=wording)
    assert not agrees(said, hour)
    consenting.confirm(request_id=str(asked.request.public_id), now=hour)
    assert agrees(said, hour)


def test_an_old_link_confirms_nothing_after_a_no(double, said, wording, now):
    asked = consenting.grant(**said, wording=wording)
    consenting.withdraw(**said | {"occurred_at": now + timedelta(hours=1)})
    with pytest.raises(consenting.ConfirmationOutdated):
        consenting.confirm(request_id=str(asked.request.public_id), now=now + timedelta(hours=2))
    assert [e.state for e in ConsentEntry.objects.order_by("pk")] == ["asked", "withdrawn"]
    again = consenting.grant(**said | {"occurred_at": now + timedelta(hours=3)}, wording=wording)
    assert again.pk != asked.pk


@pytest.mark.parametrize(("days", "counts"), [(30, True), (31, False)])
def test_a_yes_waits_for_thirty_days(double, said, wording, now, days, counts):
    asked = consenting.grant(**said, wording=wording)
    late = now + timedelta(days=days)
    if counts:
        consenting.confirm(request_id=str(asked.request.public_id), now=late)
    else:
        with pytest.raises(consenting.ConfirmationExpired):
            consenting.confirm(request_id=str(asked.request.public_id), now=late)
    assert agrees(said, late) is counts


def test_nobody_confirms_for_who_is_gone(double, said, wording, now):
    asked = consenting.grant(**said, wording=wording)
    Customer.objects.update(erased_at=now)
    for request in (str(asked.request.public_id), "8f14e45f-ceea-467f-a9c5-1234567890ab"):
        with pytest.raises(consenting.ConfirmationUnknown):
            consenting.confirm(request_id=request, now=now)
    assert not agrees(said, now)


def test_asking_again_is_one_request_that_is_mailed_again_after_ten_minutes(
    double, said, wording, now
):
    asked = consenting.grant(**said, wording=wording)
    ConsentRequest.objects.update(mailed_at=now)
    soon = said | {"occurred_at": now + timedelta(minutes=9)}
    assert consenting.grant(**soon, wording=wording) == asked
    assert ConsentRequest.objects.get().mailed_at == now
    later = said | {"occurred_at": now + timedelta(minutes=10)}
    assert consenting.grant(**later, wording=wording) == asked
    assert ConsentRequest.objects.get().mailed_at is None
    assert ConsentEntry.objects.count() == 1


def test_a_stranger_can_have_somebody_asked_once_a_week_and_no_more(said, wording, now):
    asked = consenting.grant(**said, wording=wording, is_proven=False)
    assert asked.state == "asked"
    ConsentRequest.objects.update(mailed_at=now)
    for days, again in ((6, False), (7, True)):
        day = said | {"occurred_at": now + timedelta(days=days)}
        consenting.grant(**day, wording=wording, is_proven=False)
        assert (ConsentRequest.objects.get().mailed_at is None) is again


def test_what_came_by_a_link_to_the_address_needs_no_second_one(double, said, wording, now):
    assert consenting.grant(**said, wording=wording, is_proven=True).state == "granted"
    assert not ConsentRequest.objects.exists()


def test_the_profile_of_the_address_speaks_and_the_address_is_verified(double, wording, said, now):
    second = ProfileFactory(customer=said["customer"])
    identifier = IdentifierFactory(origin_profile=second)
    asked = consenting.grant(**said, wording=wording, identifier=identifier)
    yes = consenting.confirm(request_id=str(asked.request.public_id), now=now)
    assert (asked.origin_profile, yes.origin_profile) == (second, second)
    identifier.refresh_from_db()
    assert identifier.verified_at == now
