"""One person with a row in every table that holds something of people, and their own strings in every column."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from campaigns.models import (
    Delivery,
    LearningPath,
    Message,
    PathFollowing,
    Rehearsal,
    SandboxMessage,
)
from feedback.models import Answer, AnswerRevision, Case, CaseEvent, CaseNote, Invitation
from loyalty.models import PointsEntry
from profiles.models import (
    AccessRecord,
    ApiKey,
    AskedQuestion,
    Attribute,
    ConsentEvidence,
    ConsentRequest,
    ContactPreference,
    Customer,
    FactValue,
    Finding,
    Household,
    HouseholdMember,
    HouseholdWarning,
    IdempotencyRecord,
    Identifier,
    ImportJob,
    ImportReject,
    InboundEvent,
    Pickup,
    PickupEvent,
    PickupLine,
    PrivacyRequest,
    Product,
    Profile,
    Purchase,
    PurchaseLine,
    ReorderSchedule,
    ReorderStatement,
    ScheduledFile,
    SharedSighting,
    Source,
    Suspicion,
    Touchpoint,
)
from profiles.rules.names import folded
from tests.factories.campaigns import consent
from tests.factories.feedback import SurveyFactory
from tests.factories.profiles import (
    CustomerFactory,
    PlaceFactory,
    ProductFactory,
    ProfileFactory,
    SourceFactory,
)
from tests.factories.schedules import ImportScheduleFactory
from tests.pages import rows


@dataclass(frozen=True)
class Strings:
    """What a person is called; each is found nowhere else."""

    word: str
    digits: str

    @property
    def name(self) -> str:
        return f"{self.word.title()} von Anywhere"

    @property
    def email(self) -> str:
        return f"{self.word}@example.com"

    @property
    def phone(self) -> str:
        return f"+43660{self.digits}"

    @property
    def number(self) -> str:
        return f"ERP-{self.word}-1"

    def all(self) -> list[str]:
        """In lower case."""
        return [self.word, self.digits]


QUILL = Strings("quillfeather", "71828182")
OTHER = Strings("ordinary", "31415926")


def somebody(strings: Strings, now: datetime) -> Customer:
    """Store a whole person."""
    source = SourceFactory()
    customer = Customer.objects.create(
        name=strings.name,
        search_name=folded(strings.name),
        language="de",
        time_zone="Europe/Vienna",
        home_place=PlaceFactory(),
        borrowed=["name"],
    )
    profile = Profile.objects.create(
        customer=customer, source=source, external_id=strings.number, created_at=now
    )
    found_by(customer, profile, strings, now)
    bought(customer, profile, strings, now)
    said(customer, profile, strings, now)
    lives(customer, profile, strings, now)
    was_written_to(customer, strings, now)
    follows(customer, now)
    complained(customer, profile, strings, now)
    asked_and_looked_at(customer, strings, now)
    is_mentioned(source, strings, now)
    return customer


def found_by(customer: Customer, profile: Profile, strings: Strings, now: datetime) -> None:
    values = {
        "email": strings.email,
        "phone": strings.phone,
        "card": f"{strings.word}77".upper(),
        "social": f"{strings.word}.social",
        "device": f"device-{strings.word}",
        "anonymous": f"anon-{strings.word}",
    }
    for kind, value in values.items():
        Identifier.objects.create(
            kind=kind, value=value, customer=customer, origin_profile=profile, last_seen_at=now
        )
    other = CustomerFactory(name="Somebody Else")
    theirs = ProfileFactory(customer=other)
    phone = customer.identifiers.get(kind="phone")
    SharedSighting.objects.create(identifier=phone, profile=theirs, seen_at=now)
    Finding.objects.create(
        customer=customer, kind="no_name", subject="name", of_value=strings.word, found_at=now
    )
    AskedQuestion.objects.create(
        customer=customer,
        subject="name",
        said="later",
        door="page",
        actor="customer",
        said_at=now,
    )
    low, high = sorted([customer, other], key=lambda one: one.pk)
    Suspicion.objects.create(low=low, high=high, score=0.9, reasons=[strings.name], found_at=now)


def bought(customer: Customer, profile: Profile, strings: Strings, now: datetime) -> None:
    product, place = ProductFactory(), PlaceFactory()
    purchase = Purchase.objects.create(
        source=profile.source,
        external_id=f"{strings.number} 20260301",
        customer=customer,
        origin_profile=profile,
        place=place,
        occurred_at=now - timedelta(days=9),
    )
    PurchaseLine.objects.create(
        purchase=purchase,
        customer=customer,
        product=product,
        occurred_at=purchase.occurred_at,
        quantity=Decimal(2),
        unit_price_minor=450,
    )
    PointsEntry.objects.create(
        customer=customer,
        origin_profile=profile,
        kind="purchase",
        points=9,
        source_ref=f"purchase:{purchase.pk}",
        purchase=purchase,
        rate=Decimal(1),
        actor="programme",
        occurred_at=now,
    )
    pickup = Pickup.objects.create(
        kind="order",
        state="requested",
        customer=customer,
        origin_profile=profile,
        place=place,
        source=profile.source,
        external_id=f"pick-{strings.word}",
        starts_at=now,
        resource=f"Table of {strings.word}",
        wish=f"For {strings.word}, by the window",
    )
    PickupLine.objects.create(pickup=pickup, product=product, quantity=1, unit_price_minor=450)
    PickupEvent.objects.create(pickup=pickup, state="requested", actor="customer", occurred_at=now)
    rows.habit(now, customer=customer)
    rows.visit_rhythm(now, customer)
    ReorderSchedule.objects.create(
        customer=customer, product=product, every_days=14, updated_at=now
    )
    ReorderStatement.objects.create(
        customer=customer, product=product, kind="every", days=14, door="page", occurred_at=now
    )
    ContactPreference.objects.create(
        customer=customer, quiet_from=time(21), quiet_until=time(8), max_per_week=1
    )


def said(customer: Customer, profile: Profile, strings: Strings, now: datetime) -> None:
    entry = consent(customer)
    ConsentEvidence.objects.create(
        entry=entry, ip_address="198.51.100.77", user_agent=f"Browser of {strings.word}"
    )
    ConsentRequest.objects.create(
        entry=entry, identifier=customer.identifiers.get(kind="email"), mailed_at=now
    )
    attribute, _ = Attribute.objects.get_or_create(
        code="nickname", defaults={"name": "Nickname", "type": "text", "purpose": "to greet you"}
    )
    FactValue.objects.create(
        attribute=attribute,
        customer=customer,
        origin_profile=profile,
        manner="told",
        value=f"Little {strings.word}",
        actor="customer",
        occurred_at=now,
    )
    Touchpoint.objects.create(
        customer=customer,
        origin_profile=profile,
        source=profile.source,
        kind="track",
        name=f"Page of {strings.word}",
        data={"note": f"called {strings.phone}", "who": strings.name},
        origin_url=f"https://crm.example.com/{strings.word}",
        occurred_at=now,
    )


def lives(customer: Customer, profile: Profile, strings: Strings, now: datetime) -> None:
    household = Household.objects.create()
    HouseholdMember.objects.create(
        household=household,
        customer=customer,
        origin_profile=profile,
        role="adult",
        name=f"{strings.word} at home",
        born_on=date(1980, 5, 1),
        told_by="customer",
    )
    child = HouseholdMember.objects.create(
        household=household,
        role="child",
        name=f"Child of {strings.word}",
        born_on=date(2019, 5, 1),
        told_by="customer",
    )
    entry = customer.consents.get()
    for member in household.members.all():
        HouseholdWarning.objects.create(
            member=member,
            allergen="nuts" if member != child else "",
            text=f"{strings.word} must not eat nuts",
            consent=entry,
            told_by="customer",
            told_at=now,
        )


def was_written_to(customer: Customer, strings: Strings, now: datetime) -> None:
    spoken = rows.decision(now, customer=customer)
    sent = rows.delivery(now, spoken)
    rows.answer(spoken, "not_now", now)
    words = {
        "recipient": strings.email,
        "subject": f"Hello {strings.word}",
        "text": f"Dear {strings.word}",
        "html": f"<p>Dear {strings.word}</p>",
    }
    Message.objects.filter(delivery=sent).update(**words)
    SandboxMessage.objects.create(
        message_id=f"<{sent.public_id}@example.com>",
        sender="a@example.com",
        headers={"To": strings.email},
        received_at=now,
        **words,
    )
    planned = rows.decision(now, customer=customer)
    Delivery.objects.create(
        decision=planned,
        customer=customer,
        campaign=planned.campaign,
        template=sent.template,
        channel="email",
        due_at=now + timedelta(hours=2),
        expires_at=now + timedelta(days=2),
    )


def follows(customer: Customer, now: datetime) -> None:
    """A path of guidance."""
    path, _ = LearningPath.objects.get_or_create(
        name="Bake bread", defaults={"summary": "Two parts.", "days_between": 7, "created_at": now}
    )
    PathFollowing.objects.create(
        customer=customer, path=path, days_between=7, started_at=now, started_on=now.date()
    )


def complained(customer: Customer, profile: Profile, strings: Strings, now: datetime) -> None:
    invitation = Invitation.objects.create(
        customer=customer,
        origin_profile=profile,
        survey=SurveyFactory(),
        purchase=customer.purchases.get(),
        invited_at=now - timedelta(days=8),
        closes_at=now + timedelta(days=8),
    )
    answer = Answer.objects.create(
        invitation=invitation,
        customer=customer,
        origin_profile=profile,
        score=3,
        text=f"Nobody greeted {strings.word}",
        answered_at=now,
        changed_at=now,
    )
    AnswerRevision.objects.create(
        answer=answer, customer=customer, number=1, score=3, has_text=True, occurred_at=now
    )
    case = Case.objects.create(
        customer=customer,
        origin_profile=profile,
        kind="complaint",
        source_ref=f"mail:{strings.word}",
        detail=f"{strings.name} wants a person",
        resolution=f"Called {strings.word}",
        priority="high",
        opened_at=now,
        opened_by="customer",
        due_at=now + timedelta(days=1),
    )
    event = CaseEvent.objects.create(
        case=case, customer=customer, kind="noted", actor="staff:1", occurred_at=now
    )
    CaseNote.objects.create(event=event, text=f"{strings.word} was kind")


def asked_and_looked_at(customer: Customer, strings: Strings, now: datetime) -> None:
    AccessRecord.objects.create(
        actor="staff:1",
        customer=customer,
        act="looked",
        door="counter-customer",
        reason=f"{strings.word} asked on the phone",
        ip_address="10.0.0.1",
        occurred_at=now,
    )
    PrivacyRequest.objects.create(
        public_id=uuid4(),
        kind="export",
        customer=customer,
        actor="customer",
        asked_at=now,
        done_at=now,
        expires_at=now + timedelta(days=7),
    )


def is_mentioned(source: Source, strings: Strings, now: datetime) -> None:
    """Rows that no key leads to."""
    job = ImportJob.objects.create(
        source=source,
        file_name=f"orders of {strings.email}.csv",
        path="/nowhere",
        sha256="0" * 64,
        time_zone="UTC",
        state="failed",
        error=f"{strings.email} has no order number",
        schedule_name=f"Files of {strings.email}",
    )
    ScheduledFile.objects.create(
        schedule=ImportScheduleFactory(source=source),
        name=f"orders of {strings.email}.csv",
        size=1,
        state="known",
        note=f"The same content came before as “{strings.email}.csv”.",
        seen_at=now,
    )
    texts = [
        f"{strings.number},1,not a day,coffee",
        f"7,,,,{strings.email.upper()}",
        f"8;;0660/{strings.digits[:3]} {strings.digits[3:]};x",
        f'9,"{strings.name}",tea',
    ]
    for line, raw in enumerate(texts):
        ImportReject.objects.create(job=job, line_number=line, reason="bad_time", raw=raw)
    InboundEvent.objects.create(
        source=source,
        message_id=f"{strings.email}-1",
        payload={"userId": strings.number, "properties": {"greeting": strings.name}},
        received_at=now,
        reason="no_time",
        detail=f"{strings.email} came without a time",
    )
    key, _ = ApiKey.objects.get_or_create(
        digest=hashlib.sha256(b"key").hexdigest(),
        defaults={"name": "Till", "hint": "k", "scopes": ["customers"], "source": source},
    )
    IdempotencyRecord.objects.create(
        api_key=key,
        key=f"make {strings.email}",
        request_digest="0" * 64,
        status=201,
        body={"name": strings.name, "phone": strings.phone},
        created_at=now,
    )
    Rehearsal.objects.create(
        file_name=f"{strings.email}.csv",
        path="/nowhere",
        sha256=hashlib.sha256(strings.word.encode()).hexdigest(),
        state="failed",
        error=f"{strings.email} is in it",
    )
    user, _ = User.objects.get_or_create(username="somebody-of-staff")
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(Product),
        object_id="1",
        object_repr=f"seen by {strings.email}",
        action_flag=2,
        change_message=f"{strings.name} asked for it",
        action_time=now,
    )
