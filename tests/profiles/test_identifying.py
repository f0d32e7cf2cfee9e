"""Making customers known."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from profiles.models import ConsentEntry, Customer, Identifier, Profile
from profiles.rules.names import IdentifierKind
from profiles.services import identifying
from tests.factories.profiles import PlaceFactory, ProfileFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrol(now):
    source = SourceFactory()

    def enrol(external_id: str = "C1", **details):
        return identifying.enrol(
            source=source, external_id=external_id, by="staff:1", now=now, **details
        )

    return enrol


def test_somebody_new_gets_a_profile_and_a_customer(enrol, now):
    home = PlaceFactory()
    profile = enrol(
        name="  Dolores   Reyés ",
        identifiers={
            IdentifierKind.EMAIL: "Dolores@Example.com",
            IdentifierKind.PHONE: "(212) 415-1234",
            IdentifierKind.CARD: "77-123 a",
        },
        language="es",
        time_zone="America/New_York",
        home_place=home,
    )
    customer = profile.customer
    assert (customer.name, customer.search_name) == ("Dolores Reyés", "dolores reyes")
    assert (customer.language, customer.time_zone, customer.home_place, customer.created_at) == (
        "es",
        "America/New_York",
        home,
        now,
    )
    assert sorted(customer.identifiers.values_list("kind", "value", "first_seen_at")) == [
        ("card", "77123A", now),
        ("email", "dolores@example.com", now),
        ("phone", "+12124151234", now),
    ]
    assert not ConsentEntry.objects.exists()


def test_the_same_number_again_is_the_same_person_unchanged(enrol):
    first = enrol(name="Dolores Reyes")
    assert enrol(name="Somebody Else", identifiers={IdentifierKind.CARD: "1"}) == first
    assert (Customer.objects.get().name, Identifier.objects.count()) == ("Dolores Reyes", 0)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (IdentifierKind.EMAIL, "no address"),
        (IdentifierKind.EMAIL, "a@b"),
        (IdentifierKind.EMAIL, "a\0@example.com"),
        (IdentifierKind.PHONE, "call me"),
        (IdentifierKind.CARD, "--"),
    ],
)
def test_what_cannot_be_an_address_stores_nothing(enrol, kind, value):
    with pytest.raises(identifying.IdentifierMalformed) as refusal:
        enrol(identifiers={kind: value})
    assert (refusal.value.code, refusal.value.data) == ("identifier_malformed", {"kind": str(kind)})
    assert not Profile.objects.exists()
    assert not Customer.objects.exists()


def test_an_address_of_somebody_else_stores_nothing(enrol):
    other = enrol("C1", identifiers={IdentifierKind.EMAIL: "one@example.com"})
    with pytest.raises(identifying.IdentifierTaken) as refusal:
        enrol("C2", identifiers={IdentifierKind.EMAIL: "ONE@example.com"})
    assert refusal.value.data == {"kind": "email", "customer": other.customer_id}
    assert Customer.objects.count() == Profile.objects.count() == 1


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"external_id": " "}, identifying.ExternalIdMissing),
        ({"time_zone": "Mars/Olympus"}, identifying.CustomerTimeZoneUnknown),
        ({"time_zone": "../etc/passwd"}, identifying.CustomerTimeZoneUnknown),
    ],
)
def test_other_nonsense_stores_nothing(enrol, details, error):
    with pytest.raises(error):
        enrol(**details)
    assert not Customer.objects.exists()


def test_every_zone_there_is_can_be_given(enrol):
    for number, zone in enumerate(sorted(available_timezones())[::60]):
        assert enrol(f"Z{number}", time_zone=zone).customer.time_zone == zone


def test_an_identifier_can_be_added_once(now):
    profile = ProfileFactory()
    first = identifying.add_identifier(
        profile=profile, kind=IdentifierKind.CARD, value="77 123", now=now
    )
    again = identifying.add_identifier(profile=profile, kind=IdentifierKind.CARD, value="77123")
    assert (again, again.value, again.first_seen_at) == (first, "77123", now)
    with pytest.raises(identifying.IdentifierTaken):
        identifying.add_identifier(
            profile=ProfileFactory(), kind=IdentifierKind.CARD, value="77123"
        )
    assert Identifier.objects.count() == 1


def test_an_address_that_poses_as_another_is_flagged(now):
    posing = ProfileFactory()
    for value in ("p\u0430ypal@example.com", "jos\u00e9@example.com"):
        identifying.add_identifier(profile=posing, kind=IdentifierKind.EMAIL, value=value, now=now)
    flagged = Identifier.objects.filter(is_confusable=True)
    assert [one.value for one in flagged] == ["p\u0430ypal@example.com"]
