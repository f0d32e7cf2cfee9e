"""What a counter learns of a customer beside purchases: card, home store, language, consents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction

from cxportal.demo.catalogue import TIME_ZONE
from cxportal.demo.people import Agreement, Person
from profiles.models import ConsentWording, Customer, Identifier, Place, Profile, Source
from profiles.rules.names import Channel, IdentifierKind, Purpose, normal_card
from profiles.services import consenting

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
        for profile in Profile.objects.filter(source=source).select_related("customer")
    }
    places = {place.code: place for place in Place.objects.all()}
    here = [(person, known[person.code]) for person in people if person.code in known]
    with transaction.atomic():  # one commit for all instead of some thousands
        _describe(here, places)
        _give_cards(here)
        for person, profile in here:
            for agreement in person.agreements:
                _agree(profile.customer, agreement, wordings[agreement.purpose])
    return [person for person in people if person.code not in known]


def _describe(here: Enrolled, places: dict[str, Place]) -> None:
    for person, profile in here:
        customer = profile.customer
        customer.home_place = places.get(person.home)
        customer.language, customer.time_zone = person.language, person.time_zone
    customers = [profile.customer for _, profile in here]
    Customer.objects.bulk_update(customers, ["home_place", "language", "time_zone"], 500)


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


def _agree(customer: Customer, agreement: Agreement, wording: ConsentWording) -> None:
    consenting.grant(
        customer=customer,
        purpose=agreement.purpose,
        channel=Channel.EMAIL,
        wording=wording,
        door=DOOR,
        actor=ACTOR,
        occurred_at=_at_noon(agreement.given_on),
        is_proven=True,  # they confirmed it long ago
    )
    if agreement.withdrawn_on:
        consenting.withdraw(
            customer=customer,
            purpose=agreement.purpose,
            channel=Channel.EMAIL,
            door=DOOR,
            actor=ACTOR,
            occurred_at=_at_noon(agreement.withdrawn_on),
        )


def _at_noon(day: date) -> datetime:
    return datetime.combine(day, ENROLLED_AT, ZoneInfo(TIME_ZONE))
