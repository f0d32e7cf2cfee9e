"""An erased person is found nowhere in the database, the books stay right, and no door brings them back."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Count, Sum

from campaigns.models import Delivery
from campaigns.services.erasing import MessageLeaving
from cxportal.lib.registry import Erasing, registry
from feedback.models import Case
from loyalty.models import PointsEntry
from profiles.models import (
    ConsentEntry,
    Customer,
    Habit,
    HouseholdMember,
    Identifier,
    ImportJob,
    ImportReject,
    Profile,
    Purchase,
    PurchaseLine,
    Suppression,
)
from profiles.queries import search
from profiles.queries.finding import matching
from profiles.queries.people import component, held
from profiles.rules.identity import Key, Sighting
from profiles.rules.names import IdentifierKind, JobState
from profiles.services import erasing, identifying, importing, learning, merging, resolving
from profiles.services.suppressing import ErasedPerson, ErasureKeyLost, lift
from tests.factories.campaigns import ready_house
from tests.factories.profiles import ProfileFactory, SourceFactory
from tests.factories.somebody import OTHER, QUILL, somebody

HEADER = ["customer_id", "order_id", "ordered_at", "product_id", "product_name", "quantity"]
HEADER += ["unit_price", "email", "phone", "person_name"]


def tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        return sorted(name for (name,) in cursor.fetchall())


def places_of(strings):
    """The tables of the whole database in whose text one of the strings stands."""
    found = set()
    with connection.cursor() as cursor:
        for table in tables():
            text = b""
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                text = b"".join(bytes(part) for part in copy)
            text = text.decode().lower()
            found |= {(table, one) for one in strings if one in text}
    return found


@pytest.fixture
def person(db, now):
    ready_house()
    return somebody(QUILL, now)


def erased(customer, now):
    touched = erasing.erase(customer=customer, by="customer", now=now)
    return Customer.objects.get(pk=customer.pk), touched


def test_the_person_stands_in_every_table_before(person):
    for label, holding in registry.holdings.items():
        mine = held(holding, [person.pk])
        assert mine.exists(), f"give the person a row in {label}"
        for column in [*holding.personal, *holding.renamed]:
            assert mine.exclude(**{column: ""} if is_text(label, column) else {column: None}), (
                f"{label}.{column}"
            )
    for label, mention in registry.mentions.items():
        model = apps.get_model(label)
        for column in set(mention.searched) - {"message_id"}:
            assert any(word in str(getattr(row, column)).lower() for word in QUILL.all()
                       for row in model.objects.all()), f"{label}.{column}"  # fmt: skip


def is_text(label, column):
    return apps.get_model(label)._meta.get_field(column).get_internal_type() in {
        "CharField",
        "TextField",
        "URLField",
    }


def test_nothing_in_the_whole_database_names_an_erased_person(person, now):
    assert places_of(QUILL.all()) > {("profiles_customer", QUILL.word)}
    erased(person, now)
    assert places_of(QUILL.all()) == set()


def test_everybody_else_stays_whole(person, now):
    other = somebody(OTHER, now)
    before = places_of(OTHER.all())
    erased(person, now)
    assert places_of(OTHER.all()) == before
    assert Customer.objects.get(pk=other.pk).erased_at is None
    assert Delivery.objects.get(customer=other, state="planned")


def test_the_books_stay_right(person, now):
    def books():
        return (
            Purchase.objects.aggregate(Count("pk")),
            PurchaseLine.objects.aggregate(Count("pk"), Sum("quantity"), Sum("unit_price_minor")),
            PointsEntry.objects.aggregate(Count("pk"), Sum("points")),
            Delivery.objects.aggregate(Count("pk")),
            sorted(Purchase.objects.values_list("occurred_at", "customer_id")),
        )

    before = books()
    customer, _ = erased(person, now)
    assert books() == before
    assert customer.erased_at == now
    assert Purchase.objects.get().external_id.startswith("erased:")


def test_what_was_agreed_is_withdrawn_and_what_is_open_is_closed(person, now):
    erased(person, now)
    assert {(e.purpose, e.state, e.door) for e in ConsentEntry.objects.filter(occurred_at=now)} == {
        ("reminders", "withdrawn", "erasure"),
        ("offers", "withdrawn", "erasure"),
    }
    assert list(Delivery.objects.order_by("pk").values_list("state", "reason")) == [
        ("sent", ""),
        ("skipped", "erased"),
    ]
    case = Case.objects.get()
    assert (case.state, case.solved_by, case.detail, case.resolution) == (
        "solved", "erasure", "", "",
    )  # fmt: skip


def test_links_of_before_lead_nowhere(person, now):
    before = person.public_id
    customer, _ = erased(person, now)
    assert customer.public_id != before


def test_erasing_twice_touches_nothing(person, now):
    erased(person, now)
    entries = ConsentEntry.objects.count()
    _, touched = erased(person, now + timedelta(days=1))
    assert touched == {}
    assert ConsentEntry.objects.count() == entries
    assert Customer.objects.get(pk=person.pk).erased_at == now


def test_a_message_that_is_leaving_puts_the_erasure_off(person, now):
    Delivery.objects.filter(state="planned").update(state="claimed", lease_until=now)
    before = places_of(QUILL.all())
    with pytest.raises(MessageLeaving):
        erased(person, now)
    assert places_of(QUILL.all()) == before
    assert not Suppression.objects.exists()


def test_another_adult_keeps_the_children_of_the_household(person, now):
    other = ProfileFactory()
    household = HouseholdMember.objects.filter(customer=person).get().household
    HouseholdMember.objects.create(
        household=household, customer=other.customer, origin_profile=other, role="adult",
        told_by="customer",
    )  # fmt: skip
    erased(person, now)
    assert list(household.members.order_by("pk").values_list("role", flat=True)) == [
        "child",
        "adult",
    ]


def test_a_merged_person_is_erased_with_every_profile(person, now):
    source = SourceFactory(code="shop")
    second = ProfileFactory(source=source, external_id=f"WEB-{QUILL.word}", customer__name="Q")
    identifying.add_identifier(
        profile=second, kind=IdentifierKind.EMAIL, value=f"{QUILL.word}@work.example.com"
    )
    edge = merging.join(
        one=person.profiles.get(), other=second, rule="person", actor="staff:1", now=now
    )
    second.refresh_from_db()
    shell = Customer.objects.get(pk=second.home_customer_id)
    assert shell.merged_into_id == person.pk
    erased(shell, now)
    assert places_of(QUILL.all()) == set()
    assert set(Customer.objects.filter(erased_at=now).values_list("pk", flat=True)) == set(
        component(person.pk)
    )
    merging.part(edge=edge, by="staff:1", now=now)
    assert places_of(QUILL.all()) == set()


def test_nobody_finds_an_erased_customer(person, now):
    erased(person, now)
    for typed in (QUILL.name, QUILL.email, "0660 71828182", "8182", f"{QUILL.number} 20260301"):
        assert search.find(typed, region="AT").found == []
    assert not Customer.objects.filter(matching(str(person.pk))).exists()


def test_nothing_is_learned_of_an_erased_customer(person, now):
    erased(person, now)
    learning.learn_everything(now=now)
    assert not Habit.objects.filter(customer=person).exists()


# --- nobody brings them back ----------------------------------------------------------------------


def order_file(tmp_path, *lines) -> Path:
    path = tmp_path / "orders.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *lines])
    return path


def of(number, order, *, email="", phone="", person="", day="2026-03-01T08:00:00Z"):
    return [number, order, day, "coffee", "Coffee", "1", "4.50", email, phone, person]


def imported(path, now, source=None):
    job = importing.start_import(
        path=path,
        file_name="orders.csv",
        source=source or SourceFactory(),
        mapping=importing.propose_mapping(path).mapping,
        time_zone="UTC",
        by=None,
        now=now,
    )
    return importing.run_import(job_id=job.pk, now=now)


def test_the_old_file_brings_nobody_back(db, now, tmp_path):
    path = order_file(
        tmp_path,
        of(QUILL.number, "1", email=QUILL.email, phone=QUILL.phone, person=QUILL.name),
        of("C2", "2", email="other@example.com"),
    )
    imported(path, now)
    customer = Profile.objects.get(external_id=QUILL.number).customer
    erased(customer, now)
    before = Purchase.objects.count(), PurchaseLine.objects.count(), Customer.objects.count()
    job = imported(path, now + timedelta(days=1))
    assert (job.state, job.counts["rejected"]) == (JobState.DONE, {"erased_person": 1})
    assert (
        Purchase.objects.count(),
        PurchaseLine.objects.count(),
        Customer.objects.count(),
    ) == before
    assert list(ImportReject.objects.values_list("reason", "raw")) == [("erased_person", "")]
    assert places_of(QUILL.all()) == set()


def test_another_number_with_their_address_is_kept_aside_too(person, now, tmp_path):
    erased(person, now)
    path = order_file(
        tmp_path,
        of("NEW-1", "1", email=QUILL.email.upper(), person=QUILL.name),
        of("NEW-2", "2", phone="0660 71828182"),
        of("NEW-3", "3", email="new@example.com"),
        of(QUILL.number, "4", day=f"not a day {QUILL.email}"),
    )
    company_in_austria()
    job = imported(path, now, SourceFactory(code="shop"))
    assert job.counts["rejected"] == {"erased_person": 3}
    assert set(Profile.objects.filter(source__code="shop").values_list("external_id", flat=True)) == {
        "NEW-3"
    }  # fmt: skip
    assert places_of(QUILL.all()) == set()


def company_in_austria():
    company = apps.get_model("profiles.Company").objects.get_or_create(id=1)[0]
    company.phone_region = "AT"
    company.save()


def seen(source, number="", *keys, at):
    return Sighting(source.pk, number, [Key(*key) for key in keys], at)


def test_events_bring_nobody_back(person, now):
    erased(person, now)
    source = SourceFactory()
    customers = Customer.objects.count()
    resolved = resolving.resolve(
        sightings=[
            seen(source, QUILL.number, at=now),
            seen(source, "NEW", ("email", "", QUILL.email), at=now),
            seen(source, "", ("anonymous", "", f"anon-{QUILL.word}"), at=now),
            seen(source, "SOMEBODY", ("device", "", f"device-{QUILL.word}"), at=now),
        ],
        actor="source:1",
        now=now,
    )
    assert resolved.erased == frozenset({0, 1, 2})
    assert [profile is None for profile in resolved.profiles] == [True, True, True, False]
    assert Customer.objects.count() == customers + 1
    assert places_of(QUILL.all()) == set()


def test_staff_cannot_make_them_known_again(person, now):
    erased(person, now)
    before = Customer.objects.count(), Identifier.objects.count()
    with pytest.raises(ErasedPerson) as refused:
        identifying.enrol(
            source=SourceFactory(code="counter"),
            external_id="1",
            name=QUILL.name,
            identifiers={IdentifierKind.EMAIL: QUILL.email},
            by="staff:1",
            now=now,
        )
    assert refused.value.code == "erased_person"
    with pytest.raises(ErasedPerson):
        identifying.add_identifier(
            profile=ProfileFactory(), kind=IdentifierKind.PHONE, value=QUILL.phone, now=now
        )
    assert (Customer.objects.count() - 1, Identifier.objects.count()) == before


def test_their_own_sign_up_lets_them_in_again(person, now):
    erased(person, now)
    assert lift(identifiers=[("email", "", QUILL.email)], now=now) == 1
    profile = identifying.enrol(
        source=SourceFactory(code="sign-up"),
        external_id="1",
        identifiers={IdentifierKind.EMAIL: QUILL.email},
        by="customer",
        now=now,
    )
    assert profile.customer_id != person.pk
    assert lift(identifiers=[("email", "", QUILL.email)], now=now) == 0


def test_a_new_secret_key_with_the_old_one_as_erasure_key_still_keeps_them_away(
    person, now, settings
):
    old = settings.SECRET_KEY
    erased(person, now)
    settings.SECRET_KEY = "another"
    settings.ERASURE_KEY = old
    with pytest.raises(ErasedPerson):
        identifying.add_identifier(
            profile=ProfileFactory(), kind=IdentifierKind.EMAIL, value=QUILL.email, now=now
        )


def test_without_the_key_nobody_is_made_known(person, now, settings):
    erased(person, now)
    settings.SECRET_KEY = "another"
    identifiers = Identifier.objects.count()
    with pytest.raises(ErasureKeyLost):
        identifying.add_identifier(
            profile=ProfileFactory(), kind=IdentifierKind.EMAIL, value="new@example.com", now=now
        )
    assert Identifier.objects.count() == identifiers


def test_the_list_of_the_erased_tells_no_time_and_no_value(person, now):
    erased(person, now)
    assert {row.erased_at.day for row in Suppression.objects.all()} == {1}
    assert all(len(row.digest) == 64 for row in Suppression.objects.all())


def test_the_ledgers_of_an_erased_person_are_declared_to_stay():
    kept = {k for k, h in registry.holdings.items() if h.erasing == Erasing.KEEP}
    assert {"loyalty.PointsEntry", "profiles.ConsentEntry", "profiles.PurchaseLine"} <= kept
    assert ImportJob._meta.label not in kept
