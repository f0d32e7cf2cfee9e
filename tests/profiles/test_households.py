"""Households: who lives there, what must be minded, and what nobody may do to another home."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from profiles.models import ConsentEntry, Customer, Household, HouseholdMember, HouseholdWarning
from profiles.queries.households import household, known_by, minded_allergens
from profiles.rules.names import Allergen, IdentifierKind, MemberRole
from profiles.services import households, telling
from tests.factories.facts import child, told, warn_of
from tests.factories.profiles import IdentifierFactory, ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dolores():
    return ProfileFactory(customer__name="Dolores Reyes").customer


@pytest.fixture
def other():
    return ProfileFactory(customer__name="Ernesto Reyes").customer


def people(customer, now):
    return [member.name for member in household(customer.pk, now)]


def warnings(customer, now):
    return [
        (member.name, warning.words)
        for member in household(customer.pk, now)
        for warning in member.warnings
    ]


# --- who lives there ------------------------------------------------------------------------------


def test_a_child_needs_no_contact_and_makes_the_household(dolores, now):
    aiden = child(dolores, now, born_on=date(2019, 5, 4))
    assert people(dolores, now) == ["Dolores Reyes", "Aiden"]
    assert (aiden.customer, aiden.role, aiden.told_by) == (None, "child", "customer")
    assert household(dolores.pk, now)[1].words(date(2026, 3, 10)) == "Aiden (6)"


def test_added_twice_is_added_once(dolores, now):
    assert child(dolores, now) == child(dolores, now, name=" Aiden ")
    assert HouseholdMember.objects.count() == 2
    assert Household.objects.count() == 1


def test_a_name_goes_on_as_it_is_written(dolores, now):
    child(dolores, now, name="👶 مريم O’Brien")
    assert people(dolores, now)[1] == "👶 مريم O’Brien"


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a\0b", "\ud800", "a" * 201, "a" * 10_000_000],
    ids=["none", "spaces", "NUL", "half a letter", "long", "ten megabytes"],
)
def test_what_is_no_name_is_refused(dolores, now, name):
    with pytest.raises(households.NameMalformed):
        child(dolores, now, name=name)
    assert not Household.objects.exists()


@pytest.mark.parametrize("born_on", [date(2026, 3, 12), date(1, 1, 1), date(9999, 12, 31)])
def test_an_impossible_birthday_is_refused(dolores, now, born_on):
    with pytest.raises(households.BirthdayImpossible):
        child(dolores, now, born_on=born_on)
    assert not Household.objects.exists()


def test_a_home_does_not_grow_without_end(dolores, now):
    for number in range(29):
        child(dolores, now, name=f"Child {number}")
    with pytest.raises(households.HouseholdFull):
        child(dolores, now, name="One more")


def test_two_customers_live_together_and_share_the_warnings(dolores, other, now):
    warn_of(dolores, now, child(dolores, now))
    for _ in range(2):
        households.add_customer(
            customer=dolores, other=other, role=MemberRole.ADULT, by="staff:4", now=now
        )
    assert people(other, now) == ["Ernesto Reyes", "Dolores Reyes", "Aiden"]
    assert warnings(other, now) == [("Aiden", "Nuts")]


def test_a_customer_lives_in_one_household(dolores, other, now):
    child(other, now, name="Bea")
    with pytest.raises(households.LivesElsewhere):
        households.add_customer(
            customer=dolores, other=other, role=MemberRole.ADULT, by="staff:4", now=now
        )
    assert people(other, now) == ["Ernesto Reyes", "Bea"]
    assert people(dolores, now) in ([], ["Dolores Reyes"])


def test_who_left_is_history_and_can_come_back_with_their_warnings(dolores, now):
    aiden = child(dolores, now)
    warn_of(dolores, now, aiden)
    for _ in range(2):
        households.remove(customer=dolores, member_id=aiden.pk, now=now)
    assert (people(dolores, now), warnings(dolores, now)) == (["Dolores Reyes"], [])
    assert HouseholdMember.objects.get(pk=aiden.pk).left_at == now
    for _ in range(2):
        households.bring_back(customer=dolores, member_id=aiden.pk)
    assert warnings(dolores, now) == [("Aiden", "Nuts")]


def test_who_moved_out_may_move_in_elsewhere_and_is_not_brought_back(dolores, other, now):
    member = households.add_customer(
        customer=dolores, other=other, role=MemberRole.ADULT, by="staff:4", now=now
    )
    households.remove(customer=dolores, member_id=member.pk, now=now)
    child(other, now, name="Bea")
    with pytest.raises(households.LivesElsewhere):
        households.bring_back(customer=dolores, member_id=member.pk)
    assert people(other, now) == ["Ernesto Reyes", "Bea"]


def test_another_home_is_not_there(dolores, other, now):
    aiden = child(dolores, now)
    warning = warn_of(dolores, now, aiden)
    child(other, now, name="Bea")
    for act in (
        lambda: households.remove(customer=other, member_id=aiden.pk, now=now),
        lambda: households.bring_back(customer=other, member_id=aiden.pk),
        lambda: warn_of(other, now, aiden, Allergen.MILK),
    ):
        with pytest.raises(households.MemberUnknown):
            act()
    for act in (
        lambda: households.end_warning(customer=other, warning_id=warning.pk, now=now),
        lambda: households.mind_again(customer=other, warning_id=warning.pk),
    ):
        with pytest.raises(households.WarningUnknown):
            act()
    assert warnings(dolores, now) == [("Aiden", "Nuts")]


# --- merged ---------------------------------------------------------------------------------------


def merge(one, into):
    """Move the rows of a customer as a merge does."""
    HouseholdMember.objects.filter(customer=one).update(customer=into)
    ConsentEntry.objects.filter(customer=one).update(customer=into)
    one.profiles.update(customer=into)


def test_merged_customers_live_in_both_homes(dolores, other, now):
    warn_of(dolores, now, child(dolores, now))
    warn_of(other, now, child(other, now, name="Bea"), Allergen.MILK)
    merge(other, dolores)
    assert people(dolores, now) == ["Dolores Reyes", "Aiden", "Bea"]
    assert warnings(dolores, now) == [("Aiden", "Nuts"), ("Bea", "Milk")]
    assert minded_allergens([dolores.pk], now) == {dolores.pk: frozenset({"nuts", "milk"})}
    child(dolores, now, name="Carl")
    assert people(dolores, now) == ["Dolores Reyes", "Aiden", "Bea", "Carl"]


def test_two_rows_of_one_person_leave_and_come_back_together(dolores, other, now):
    guest = ProfileFactory(customer__name="Ana").customer
    households.add_customer(
        customer=dolores, other=other, role=MemberRole.ADULT, by="staff:4", now=now
    )
    member = households.add_customer(
        customer=dolores, other=guest, role=MemberRole.ADULT, by="staff:4", now=now
    )
    merge(other, guest)
    assert people(dolores, now) == ["Dolores Reyes", "Ana"]
    households.remove(customer=dolores, member_id=member.pk, now=now)
    assert people(dolores, now) == ["Dolores Reyes"]
    households.bring_back(customer=dolores, member_id=member.pk)
    assert HouseholdMember.objects.filter(left_at=None).count() == 3


# --- what must be minded --------------------------------------------------------------------------


def test_an_allergy_is_kept_with_the_yes_to_keeping_it(dolores, now):
    warning = warn_of(dolores, now, child(dolores, now))
    assert (warning.allergen, warning.told_by, warning.told_at) == ("nuts", "customer", now)
    assert warning.consent.wording.text.startswith("You may keep the allergies and warnings")
    assert warning.consent.customer == dolores


def test_the_customer_themselves_may_have_one(dolores, now):
    warn_of(dolores, now, None, Allergen.MILK, "also in sauces")
    assert warnings(dolores, now) == [("Dolores Reyes", "Milk: also in sauces")]


def test_told_twice_stands_once(dolores, now):
    aiden = child(dolores, now)
    assert warn_of(dolores, now, aiden) == warn_of(dolores, now, aiden)
    assert warn_of(dolores, now, aiden, None, "no balloons") == warn_of(
        dolores, now, aiden, None, "no balloons"
    )
    assert warnings(dolores, now) == [("Aiden", "Nuts"), ("Aiden", "no balloons")]


def test_removed_it_is_history_and_can_be_minded_again(dolores, now):
    warning = warn_of(dolores, now, child(dolores, now))
    for _ in range(2):
        households.end_warning(customer=dolores, warning_id=warning.pk, now=now)
    assert warnings(dolores, now) == []
    assert HouseholdWarning.objects.get().removed_at == now
    for _ in range(2):
        households.mind_again(customer=dolores, warning_id=warning.pk)
    assert warnings(dolores, now) == [("Aiden", "Nuts")]


def test_told_anew_after_the_end_it_is_not_minded_twice(dolores, now):
    aiden = child(dolores, now)
    first = warn_of(dolores, now, aiden)
    households.end_warning(customer=dolores, warning_id=first.pk, now=now)
    second = warn_of(dolores, now, aiden)
    assert second != first
    assert households.mind_again(customer=dolores, warning_id=first.pk) == second
    assert warnings(dolores, now) == [("Aiden", "Nuts")]


@pytest.mark.parametrize(
    ("sentence", "text", "refusal"),
    [
        ("", "nuts", telling.NotAgreed),
        ("Yes.", "nuts", telling.NotAgreed),
    ],
)
def test_without_consent_nothing_is_minded(dolores, now, sentence, text, refusal):
    with pytest.raises(refusal):
        telling.tell_warning(told=told(dolores, now, agreed_to=sentence), text=text)
    assert not HouseholdWarning.objects.exists()
    assert not ConsentEntry.objects.exists()


@pytest.mark.parametrize("text", ["", "a\0b", "a" * 201], ids=["nothing", "NUL", "long"])
def test_what_says_nothing_is_refused_and_the_yes_is_not_kept(dolores, now, text):
    with pytest.raises(households.WarningMalformed):
        warn_of(dolores, now, None, None, text)
    assert not HouseholdWarning.objects.exists()
    assert not ConsentEntry.objects.exists()


def test_a_withdrawn_consent_takes_the_warnings_with_it(dolores, now):
    warn_of(dolores, now, child(dolores, now))
    later = now + timedelta(hours=1)
    telling.withdraw_agreement(told=told(dolores, later))
    assert warnings(dolores, later) == []
    assert minded_allergens([dolores.pk], later) == {}
    again = later + timedelta(hours=1)
    warn_of(dolores, again, HouseholdMember.objects.get(name="Aiden"))
    assert warnings(dolores, again) == [("Aiden", "Nuts")]


def test_a_household_costs_one_query(dolores, now, django_assert_num_queries):
    for number in range(6):
        warn_of(dolores, now, child(dolores, now, name=f"Child {number}"))
    with django_assert_num_queries(1):
        household(dolores.pk, now)
    with django_assert_num_queries(1):
        minded_allergens([dolores.pk, 1, 2], now)


# --- finding whom to add --------------------------------------------------------------------------


def test_another_customer_is_named_by_a_whole_contact(dolores):
    IdentifierFactory(origin_profile=dolores.profiles.get(), value="dolores@example.com")
    IdentifierFactory(
        origin_profile=dolores.profiles.get(), kind=IdentifierKind.PHONE, value="+12124154471"
    )
    assert known_by(" Dolores@Example.com", "US") == dolores
    assert known_by("(212) 415-4471", "US") == dolores
    for nobody in ("4471", "", "\0", "x" * 10_000, "else@example.com"):
        assert known_by(nobody, "US") is None


def test_nobody_who_was_erased_is_named(dolores):
    IdentifierFactory(origin_profile=dolores.profiles.get(), value="dolores@example.com")
    Customer.objects.update(erased_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert known_by("dolores@example.com", "US") is None


# --- what the database refuses --------------------------------------------------------------------


def refused_by(constraint: str):
    return pytest.raises(IntegrityError, match=constraint)


def test_the_database_minds_nothing_without_consent(dolores, now):
    aiden = child(dolores, now)
    with refused_by("profiles_warning_agreed"), transaction.atomic():
        HouseholdWarning.objects.bulk_create(
            [HouseholdWarning(member=aiden, allergen="nuts", told_by="x", told_at=now)]
        )


def test_the_database_lets_nobody_live_there_twice(dolores, now):
    child(dolores, now)
    own = HouseholdMember.objects.get(customer=dolores)
    own.pk = None
    with refused_by("profiles_member_once"), transaction.atomic():
        HouseholdMember.objects.bulk_create([own])


def test_the_database_wants_somebody(dolores, now):
    home = child(dolores, now).household
    nobody = HouseholdMember(household=home, role="child", told_by="x")
    with refused_by("profiles_member_is_somebody"), transaction.atomic():
        HouseholdMember.objects.bulk_create([nobody])
