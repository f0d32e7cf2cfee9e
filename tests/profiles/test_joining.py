"""Who comes in by themselves: once, whatever else happens, and back after an erasure only by their own yes."""

from __future__ import annotations

import pytest

from profiles.models import ConsentEntry, ConsentRequest, Customer, Identifier
from profiles.rules.names import IdentifierKind, Purpose
from profiles.rules.privacy import Traces
from profiles.services import consenting, identifying, joining, suppressing
from tests.factories.campaigns import wording
from tests.factories.profiles import IdentifierFactory, PlaceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    """Somebody new who agrees to reminders."""

    def of(**changes):
        return joining.Joining(
            **{
                "source": joining.door(joining.SIGN_UP),
                "name": "Mara Lind",
                "contact": "mara@example.com",
                "wordings": [wording(Purpose.REMINDERS)],
                "actor": "customer",
                "evidence": consenting.Evidence("198.51.100.7", "Firefox"),
                "place": PlaceFactory(),
            }
            | changes
        )

    return of


def test_somebody_new_gets_a_profile_and_their_yes(mara, now):
    joined = joining.join(who=mara(), now=now)
    assert (joined.is_new, joined.customer.name) == (True, "Mara Lind")
    assert [(entry.state, entry.door) for entry in joined.said] == [("granted", "sign-up")]
    assert joined.identifier.value == "mara@example.com"


def test_the_same_again_is_the_same_customer(mara, now):
    first = joining.join(who=mara(), now=now)
    again = joining.join(who=mara(name="M. L."), now=now)
    assert (again.customer, again.is_new) == (first.customer, False)
    assert Customer.objects.get().name == "Mara Lind"
    assert ConsentEntry.objects.count() == 1


def test_a_known_phone_number_proves_nothing_so_nothing_is_written(mara, now):
    known = IdentifierFactory(kind=IdentifierKind.PHONE, value="+12124151234").customer
    joined = joining.join(who=mara(contact="212 415 1234"), now=now)
    assert (joined.customer, joined.said) == (known, [])
    assert not ConsentEntry.objects.exists()


def test_a_web_shop_is_nobodys_home_store(mara, now):
    place = PlaceFactory(code="web", kind="web")
    assert joining.join(who=mara(place=place), now=now).customer.home_place is None


@pytest.mark.parametrize("contact", ["", "  ", "12", "mara@", "a\0b@example.com"])
def test_what_is_no_contact_is_refused(mara, now, contact):
    with pytest.raises((joining.ContactMissing, identifying.IdentifierMalformed)):
        joining.join(who=mara(contact=contact), now=now)
    assert not Customer.objects.exists()


def test_the_counter_stores_nobody_twice(mara, now):
    known = IdentifierFactory(value="mara@example.com").customer
    with pytest.raises(identifying.IdentifierTaken) as refused:
        joining.enrol_at_counter(who=mara(), now=now)
    assert refused.value.data["customer"] == known.pk
    assert Customer.objects.get() == known


# --- after an erasure -----------------------------------------------------------------------------


@pytest.fixture
def erased(now):
    """Mara's address is that of somebody who was erased."""
    traces = Traces(identifiers=[("email", "", "mara@example.com")], numbers=[])
    suppressing.remember(traces=traces, now=now)


def test_who_was_erased_comes_back_by_their_own_yes_that_waits(erased, mara, now):
    joined = joining.join(who=mara(), now=now)
    assert [entry.state for entry in joined.said] == ["asked"]
    request = str(ConsentRequest.objects.get().public_id)
    assert consenting.confirm(request_id=request, now=now).state == "granted"
    assert suppressing.known(asked=[("email", "", "mara@example.com")]) == set()


def test_without_a_yes_they_stay_away(erased, mara, now):
    with pytest.raises(suppressing.ErasedPerson):
        joining.join(who=mara(wordings=[]), now=now)
    assert not Identifier.objects.exists()


def test_staff_bring_nobody_back(erased, mara, now):
    with pytest.raises(suppressing.ErasedPerson):
        joining.enrol_at_counter(who=mara(), now=now)
    assert not Identifier.objects.exists()
    assert suppressing.known(asked=[("email", "", "mara@example.com")])
