"""Who lives together, and what must be minded for them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from profiles.models.consents import ConsentEntry
from profiles.models.customers import Customer, Profile
from profiles.rules.names import Allergen, MemberRole


class Household(models.Model):
    """People who share a home; its warnings hold for each of them."""

    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"household {self.pk}"


class HouseholdMember(models.Model):
    """A customer of ours, or somebody who is none: a child has a name here and no contact data.

    A customer lives in one household, which the service sees to; customers who were merged may have brought
    one each, and then live in both. ``left_at``: removed; the row is the history, and the way back.
    """

    household = models.ForeignKey(Household, models.CASCADE, related_name="members")
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    origin_profile = models.ForeignKey(
        Profile, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    role = models.CharField(max_length=5, choices=[(str(r), str(r)) for r in MemberRole])
    name = models.CharField(max_length=200, blank=True, help_text="of who is no customer")
    born_on = models.DateField(null=True, blank=True, help_text="of who is no customer")
    told_by = models.CharField(max_length=60, help_text="the actor: customer, staff:4")
    created_at = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False, origin_profile__isnull=False)
                | (
                    models.Q(customer__isnull=True, origin_profile__isnull=True)
                    & ~models.Q(name="")
                ),
                name="profiles_member_is_somebody",
                violation_error_message="Choose a customer, or give a name.",
            ),
            models.UniqueConstraint(
                fields=["household", "origin_profile"],
                condition=models.Q(origin_profile__isnull=False, left_at__isnull=True),
                name="profiles_member_once",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[str(r) for r in MemberRole]),
                name="profiles_member_role",
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.pk}"


class HouseholdWarning(models.Model):
    """What must be minded for a member: an allergy, or words; only ever told.

    It is health data, so it stands on the consent it was told with, and is shown no more once that is withdrawn.
    """

    member = models.ForeignKey(HouseholdMember, models.CASCADE, related_name="warnings")
    allergen = models.CharField(
        max_length=12, blank=True, choices=[(str(a), str(a)) for a in Allergen]
    )
    text = models.CharField(max_length=200, blank=True)
    consent = models.ForeignKey(ConsentEntry, models.PROTECT, null=True, related_name="+")
    told_by = models.CharField(max_length=60)
    told_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(allergen="", text=""),
                name="profiles_warning_says_something",
                violation_error_message="Choose an allergen, or write what must be minded.",
            ),
            models.CheckConstraint(
                condition=models.Q(consent__isnull=False), name="profiles_warning_agreed"
            ),
            models.UniqueConstraint(
                fields=["member", "allergen"],
                condition=models.Q(removed_at__isnull=True) & ~models.Q(allergen=""),
                name="profiles_warning_once",
            ),
        ]

    def __str__(self) -> str:
        return f"warning {self.pk}"
