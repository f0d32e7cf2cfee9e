"""Households: who lives with whom, and what must be minded for them. Who left and what was removed stays as
history, and can be brought back.

Everything is done for a customer: what belongs to another household is not there.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from cxportal.lib.errors import DomainError
from profiles.models import ConsentEntry, Customer, Household, HouseholdMember, HouseholdWarning
from profiles.queries import agreements
from profiles.rules.facts import Malformed, clean_text
from profiles.rules.names import Allergen, MemberRole
from profiles.rules.purposes import WARNINGS_WORDING

LONGEST_NAME, LONGEST_TEXT = 200, 200
OLDEST_YEARS = 120
MOST_MEMBERS = 30


class MemberUnknown(DomainError):
    """Nobody of this household is meant."""

    code = "member_unknown"


class WarningUnknown(DomainError):
    """No warning of this household is meant."""

    code = "warning_unknown"


class NameMalformed(DomainError):
    """The name is missing, too long or cannot be kept."""

    code = "name_malformed"


class BirthdayImpossible(DomainError):
    """The day of birth is in the future or too long ago."""

    code = "birthday_impossible"


class HouseholdFull(DomainError):
    """More people than a home has."""

    code = "household_full"


class LivesElsewhere(DomainError):
    """A customer lives in one household; this one lives in another."""

    code = "lives_elsewhere"


class ProfileMissing(DomainError):
    """A customer without a profile cannot live anywhere."""

    code = "profile_missing"


class WarningMalformed(DomainError):
    """Neither a known allergen nor words that can be kept."""

    code = "warning_malformed"


class WarningNeedsConsent(DomainError):
    """What must be minded is health data: it is kept only with consent to that."""

    code = "warning_needs_consent"


# --- people ---------------------------------------------------------------------------------------


def add_person(
    *,
    customer: Customer,
    name: str,
    role: MemberRole,
    born_on: date | None = None,
    by: str,
    now: datetime,
) -> HouseholdMember:
    """Add somebody who is no customer, a child for one, by name; the household is made where there is none.

    Locks the customer. Repeatable: who lives there by this name already is returned.

    Raises:
        NameMalformed, BirthdayImpossible, HouseholdFull: nothing was written.
    """
    said = _clean(name, LONGEST_NAME, NameMalformed)
    if not said:
        raise NameMalformed("Write a name.")
    _check_birthday(born_on, now)
    with transaction.atomic():
        home = _home(customer, by, now)
        known = home.members.filter(name=said, role=role, customer=None, left_at=None)
        if member := known.filter(born_on=born_on).order_by("pk").first():
            return member
        _check_room(home)
        return HouseholdMember.objects.create(
            household=home, name=said, role=role, born_on=born_on, told_by=by, created_at=now
        )


def add_customer(
    *, customer: Customer, other: Customer, role: MemberRole, by: str, now: datetime
) -> HouseholdMember:
    """Let another customer live with this one. Locks both. Repeatable.

    Raises:
        LivesElsewhere, HouseholdFull, ProfileMissing: nothing was written.
    """
    with transaction.atomic():
        home = _home(customer, by, now, other)
        standing = _memberships(other).exclude(household__members__in=_memberships(customer))
        if standing.exists():
            raise LivesElsewhere(
                "This customer lives in another household. Remove them there first.",
                data={"customer": other.pk},
            )
        if member := _memberships(other).order_by("pk").first():
            return member
        _check_room(home)
        return _join(home, other, role, by, now)


def remove(*, customer: Customer, member_id: int, now: datetime) -> HouseholdMember:
    """Let somebody be of the household no longer; their warnings go with them. Repeatable.

    Raises:
        MemberUnknown: nobody of this household is meant.
    """
    with transaction.atomic():
        member = _member(customer, member_id)
        if member.left_at is None:
            _twins(customer, member).update(left_at=now)
            member.left_at = now
        return member


def bring_back(*, customer: Customer, member_id: int) -> HouseholdMember:
    """Undo a removal, with all that must be minded for them. Repeatable.

    Raises:
        MemberUnknown: nobody of this household is meant.
        LivesElsewhere: a customer who has moved in with somebody else meanwhile.
    """
    with transaction.atomic():
        member = _member(customer, member_id)
        if member.left_at is None:
            return member
        if member.customer and _memberships(member.customer).exists():
            raise LivesElsewhere("This customer lives in another household by now.")
        _twins(customer, member).update(left_at=None)
        member.left_at = None
        return member


# --- what must be minded --------------------------------------------------------------------------


def warn(
    *,
    customer: Customer,
    member_id: int | None,
    allergen: Allergen | None = None,
    text: str = "",
    consent: ConsentEntry,
    by: str,
    now: datetime,
) -> HouseholdWarning:
    """Keep what must be minded for a member; without a member, for the customer themselves.

    ``consent`` is a customer's standing yes to ``WARNINGS_WORDING``. Locks the customer. Repeatable:
    what is minded for this member already is returned, on the newer consent.

    Raises:
        MemberUnknown, WarningMalformed, WarningNeedsConsent: nothing was written.
    """
    said = _clean(text, LONGEST_TEXT, WarningMalformed)
    if allergen is None and not said:
        raise WarningMalformed("Choose an allergen, or write what must be minded.")
    with transaction.atomic():
        _lock(customer)
        _check_agreed(customer, consent, now)
        member = _member(customer, member_id) if member_id is not None else _self(customer, by, now)
        if member.left_at is not None:
            raise MemberUnknown("Nobody of this household is meant.")
        standing = member.warnings.filter(allergen=allergen or "", removed_at=None)
        warning = standing.filter(**({} if allergen else {"text": said})).first()
        if warning is None:
            warning = HouseholdWarning(member=member, allergen=allergen or "", told_by=by)
            warning.told_at = now
        warning.text = said or warning.text
        warning.consent = consent
        warning.save()
        return warning


def end_warning(*, customer: Customer, warning_id: int, now: datetime) -> HouseholdWarning:
    """Stop minding something. Repeatable.

    Raises:
        WarningUnknown: no warning of this household is meant.
    """
    with transaction.atomic():
        warning = _warning(customer, warning_id)
        if warning.removed_at is None:
            warning.removed_at = now
            warning.save(update_fields=["removed_at"])
        return warning


def mind_again(*, customer: Customer, warning_id: int) -> HouseholdWarning:
    """Undo the end of a warning. Repeatable.

    Raises:
        WarningUnknown: no warning of this household is meant.
    """
    with transaction.atomic():
        warning = _warning(customer, warning_id)
        told_anew = HouseholdWarning.objects.filter(
            member=warning.member, allergen=warning.allergen, removed_at=None
        ).exclude(allergen="")
        if found := told_anew.first():
            return found
        warning.removed_at = None
        warning.save(update_fields=["removed_at"])
        return warning


# --- parts ----------------------------------------------------------------------------------------


def _home(customer: Customer, by: str, now: datetime, *others: Customer) -> Household:
    """The household of a customer, made where there is none; the first of a merged customer's."""
    _lock(customer, *others)
    if member := _memberships(customer).select_related("household").order_by("pk").first():
        return member.household
    home = Household.objects.create(created_at=now)
    _join(home, customer, MemberRole.ADULT, by, now)
    return home


def _self(customer: Customer, by: str, now: datetime) -> HouseholdMember:
    _home(customer, by, now)
    return _memberships(customer).order_by("pk")[0]


def _join(
    home: Household, customer: Customer, role: MemberRole, by: str, now: datetime
) -> HouseholdMember:
    profile = customer.profiles.order_by("pk").first()
    if profile is None:
        raise ProfileMissing("This customer has no profile.", data={"customer": customer.pk})
    return HouseholdMember.objects.create(
        household=home,
        customer=customer,
        origin_profile=profile,
        role=role,
        told_by=by,
        created_at=now,
    )


def _lock(*customers: Customer) -> None:
    """Lock customers in the order of their keys, so that nobody moves in at two places at once."""
    keys = {customer.pk for customer in customers}
    rows = Customer.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    list(rows.values_list("pk"))


def _memberships(customer: Customer) -> QuerySet[HouseholdMember]:
    return HouseholdMember.objects.filter(customer=customer, left_at=None)


def _member(customer: Customer, member_id: int) -> HouseholdMember:
    """Somebody who lives or lived in a household of this customer, locked."""
    homes = _memberships(customer).values("household")
    rows = HouseholdMember.objects.select_for_update(no_key=True, of=("self",))
    member = rows.select_related("customer").filter(pk=member_id, household__in=homes).first()
    if member is None:
        raise MemberUnknown("Nobody of this household is meant.")
    return member


def _twins(customer: Customer, member: HouseholdMember) -> QuerySet[HouseholdMember]:
    """The member's row; of somebody who was merged, all their rows that came or left with it."""
    rows = HouseholdMember.objects.filter(pk=member.pk)
    if member.customer_id is None:
        return rows
    homes = _memberships(customer).values_list("household", flat=True)
    same = HouseholdMember.objects.filter(
        customer=member.customer_id, household__in=list(homes), left_at=member.left_at
    )
    return rows | same


def _warning(customer: Customer, warning_id: int) -> HouseholdWarning:
    homes = _memberships(customer).values("household")
    rows = HouseholdWarning.objects.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("member").filter(pk=warning_id, member__household__in=homes)
    warning = found.first()
    if warning is None:
        raise WarningUnknown("No warning of this household is meant.")
    return warning


def _check_agreed(customer: Customer, consent: ConsentEntry, now: datetime) -> None:
    agreed = consent.customer_id == customer.pk and agreements.standing([consent.pk], now)
    if not agreed or consent.wording is None or consent.wording.text != WARNINGS_WORDING:
        raise WarningNeedsConsent("An allergy is kept only with consent to keep and show it.")


def _check_birthday(born_on: date | None, now: datetime) -> None:
    if born_on is None:
        return
    # A day ahead: somewhere it is tomorrow already.
    if born_on.toordinal() > now.date().toordinal() + 1 or born_on.year < now.year - OLDEST_YEARS:
        raise BirthdayImpossible("Write the day of birth, or leave it empty.")


def _check_room(home: Household) -> None:
    if home.members.filter(left_at=None).count() >= MOST_MEMBERS:
        raise HouseholdFull("This household has more people than a home has. Ask us.")


def _clean(text: str, longest: int, refusal: type[DomainError]) -> str:
    try:
        return clean_text(text, longest)
    except Malformed as error:
        raise refusal(str(error), data={"reason": error.reason}) from error
