"""What a counter learns of a customer beside purchases: card, home store, language, consents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction

from cxportal.demo.catalogue import TIME_ZONE
from cxportal.demo.people import Person
from profiles.models import ConsentWording, Customer, Identifier, Place, Profile, Source
from profiles.rules.names import Channel, IdentifierKind, Purpose, normal_card
from profiles.services import carrying_over

ENROLLED_AT = time(12)
DOOR, ACTOR = "counter", "customer"
SOURCE = "Till and web shop"
Enrolled = Sequence[tuple[Person, Profile]]


def customer_of(code: str) -> Customer:
    """Find one of the demo's people by their code in the order file."""
    profiles = Profile.objects.select_related("customer")
    return profiles.get(source__name=SOURCE, external_id=code).customer


def enrol(
    *, people: Sequence[Person], source: Source, wordings: dict[Purpose, ConsentWording]
) -> list[Person]:
    """Enrol everybody who has bought something by now; return those who have not."""
    known = {
        profile.external_id: profile
        for profile in Profile.objects.filter(
            source=source, external_id__in=[person.code for person in people]
        ).select_related("customer")
    }
    places = {place.code: place for place in Place.objects.all()}
    here = [(person, known[person.code]) for person in people if person.code in known]
    with transaction.atomic():  # one commit for all instead of some thousands
        _describe(here, places)
        _give_cards(here)
        _agree(here, wordings)
    return [person for person in people if person.code not in known]


def _describe(here: Enrolled, places: dict[str, Place]) -> None:
    """Say what is known of them, in one statement for all of whom the same is known."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for person, profile in here:
        alike[person.home, person.language, person.time_zone].append(profile.customer_id)
    for (home, language, time_zone), ids in alike.items():
        Customer.objects.filter(pk__in=ids).update(
            home_place=places.get(home), language=language, time_zone=time_zone
        )


def _give_cards(here: Enrolled) -> None:
    cards = [
        Identifier(
            kind=IdentifierKind.CARD,
            value=normal_card(person.card),
            customer=profile.customer,
            origin_profile=profile,
        )
        for person, profile in here
        if person.card
    ]
    Identifier.objects.bulk_create(cards)


def _agree(here: Enrolled, wordings: dict[Purpose, ConsentWording]) -> None:
    agreed = [
        carrying_over.Agreed(
            profile,
            wordings[agreement.purpose],
            _at_noon(agreement.given_on),
            _at_noon(agreement.withdrawn_on) if agreement.withdrawn_on else None,
        )
        for person, profile in here
        for agreement in person.agreements
    ]
    carrying_over.carry_over(agreed=agreed, channel=Channel.EMAIL, door=DOOR, actor=ACTOR)


def _at_noon(day: date) -> datetime:
    return datetime.combine(day, ENROLLED_AT, ZoneInfo(TIME_ZONE))
