"""What was agreed to elsewhere comes over as it was said, and answers nothing that was said here."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.models import ConsentEntry
from profiles.rules.names import Channel, ConsentState, Purpose
from profiles.services import carrying_over, consenting
from profiles.services.carrying_over import Agreed, AgreedTwice
from tests.factories.campaigns import consent
from tests.factories.profiles import ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def wording():
    return consenting.publish_wording(purpose=Purpose.REMINDERS, language="en", text="May we?")


def carry_over(*agreed: Agreed) -> int:
    return carrying_over.carry_over(
        agreed=agreed, channel=Channel.EMAIL, door="counter", actor="customer"
    )


def test_a_yes_and_the_no_that_followed_come_over(wording, now, django_assert_num_queries):
    before = now - timedelta(days=90)
    faithful, gone = ProfileFactory(), ProfileFactory()
    with django_assert_num_queries(5):
        assert (
            carry_over(Agreed(faithful, wording, before), Agreed(gone, wording, before, now)) == 3
        )
    told = "customer", "origin_profile", "purpose", "channel", "state", "occurred_at", "wording"
    said = ("reminders", "email")
    assert list(ConsentEntry.objects.order_by("pk").values_list(*told)) == [
        (faithful.customer_id, faithful.pk, *said, "granted", before, wording.pk),
        (gone.customer_id, gone.pk, *said, "granted", before, wording.pk),
        (gone.customer_id, gone.pk, *said, "withdrawn", now, None),
    ]
    agreeing = consenting.granted(
        customer_ids=[faithful.customer_id, gone.customer_id],
        purpose=Purpose.REMINDERS,
        channel=Channel.EMAIL,
        at=now,
    )
    assert agreeing == {faithful.customer_id}


def test_it_is_brought_once(wording, now):
    agreed = Agreed(ProfileFactory(), wording, now)
    assert carry_over(agreed) == 1
    assert carry_over(agreed) == 0
    assert ConsentEntry.objects.count() == 1


def test_whoever_has_spoken_here_is_left_alone(wording, now):
    profile = ProfileFactory()
    consent(profile.customer, ConsentState.WITHDRAWN)
    assert carry_over(Agreed(profile, wording, now)) == 0
    assert ConsentEntry.objects.get().state == "withdrawn"


def test_a_customer_who_agreed_twice_is_refused(wording, now):
    profile = ProfileFactory()
    with pytest.raises(AgreedTwice):
        carry_over(Agreed(profile, wording, now), Agreed(profile, wording, now, now))
    assert not ConsentEntry.objects.exists()
