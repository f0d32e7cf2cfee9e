"""People whom two sources know, and people who may be there twice: so that nobody looks at empty pages."""

from __future__ import annotations

from datetime import datetime

from cxportal.demo import story_people
from cxportal.demo.enrolling import customer_of
from profiles.models import Attribute, Identifier, Profile, ProfileEdge, Source
from profiles.rules.identity import Key, Sighting
from profiles.rules.names import IdentifierKind, Manner, SourceKind
from profiles.services import identifying, merging, noting, resolving, suspecting

CRM = "Old customer cards"
BIRTHDAY = "birthday"
# Who stands there under a name that is nearly theirs, and when they were born, both times.
ALIKE = (
    (story_people.LOW_SCORE, "1979-08-23"),
    (story_people.RETURNED, "1968-02-11"),
)


def meet_again(*, staff_id: int, now: datetime) -> None:
    """Join two by their e-mail, undo one of it, and leave two pairs for somebody to look at."""
    crm, _ = Source.objects.get_or_create(
        code="old-cards", defaults={"name": CRM, "kind": SourceKind.FILE}
    )
    for code in (story_people.DETERGENT, story_people.NO_RHYTHM):
        _seen_with_the_same_email(crm, code, now)
    wrong = ProfileEdge.objects.order_by("pk").last()
    if wrong is not None:
        merging.part(edge=wrong, by=f"staff:{staff_id}", now=now)
    if Attribute.objects.filter(code=BIRTHDAY, is_active=True).exists():
        for code, born_on in ALIKE:
            _there_twice(crm, code, born_on, now)
    suspecting.suspect(now=now)


def _seen_with_the_same_email(crm: Source, code: str, now: datetime) -> None:
    email = Identifier.objects.filter(customer=customer_of(code), kind=IdentifierKind.EMAIL).first()
    if email is not None:
        key = Key(IdentifierKind.EMAIL, "", email.value)
        resolving.resolve(
            sightings=[Sighting(crm.pk, f"K{code}", [key], now)], actor=f"source:{crm.pk}", now=now
        )


def _there_twice(crm: Source, code: str, born_on: str, now: datetime) -> None:
    known = customer_of(code)
    first, _, last = known.name.partition(" ")
    # Two letters changed places, as they do when a name is typed from a card.
    name = f"{first[:1]}{first[2:3]}{first[1:2]}{first[3:]} {last}"
    other = identifying.enrol(source=crm, external_id=f"K{code}", name=name, by="file", now=now)
    profiles = [Profile.objects.filter(customer=known).order_by("pk")[0], other]
    noting.note_all(
        statements=[
            noting.Statement(
                profile_id=profile.pk,
                attribute=BIRTHDAY,
                value=born_on,
                manner=Manner.TOLD,
                actor="customer",
                occurred_at=now,
                confidence=1.0,
            )
            for profile in profiles
        ],
        now=now,
    )
