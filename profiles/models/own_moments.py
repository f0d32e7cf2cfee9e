"""Moments that managers write, in rows; each change is a version that stays as it is."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from profiles.rules.own_moments import LONGEST_BECAUSE, LONGEST_NAME, Again, Chance


class MomentDefinition(models.Model):
    """A moment of managers' own, by the key that moments, decisions and campaigns know it by."""

    key = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(key__startswith="own:"),
                name="profiles_momentdefinition_key",
                violation_error_message="The key of a moment of one's own begins with “own:”.",
            )
        ]

    def __str__(self) -> str:
        return self.key


class MomentVersion(models.Model):
    """What a moment was from then on, and who wrote it; the newest holds. The database refuses to change one.

    ``trigger`` is the JSON of ``profiles.rules.own_moments``, ``audience`` that of ``profiles.rules.conditions``
    (null: everybody). ``because`` is what the customer reads, with properties of the event in braces.
    """

    definition = models.ForeignKey(
        MomentDefinition, models.PROTECT, db_index=False, related_name="versions"
    )
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=LONGEST_NAME)
    trigger = models.JSONField()
    audience = models.JSONField(null=True)
    because = models.CharField(max_length=LONGEST_BECAUSE)
    lasts_minutes = models.PositiveIntegerField()
    again = models.CharField(max_length=10, choices=[(str(a), str(a)) for a in Again])
    chance = models.CharField(max_length=10, choices=[(str(c), str(c)) for c in Chance])
    is_urgent = models.BooleanField()
    sells = models.BooleanField()
    is_on = models.BooleanField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "number"], name="profiles_momentversion_number"
            ),
            models.CheckConstraint(
                condition=models.Q(again__in=[str(a) for a in Again]),
                name="profiles_momentversion_again",
            ),
            models.CheckConstraint(
                condition=models.Q(chance__in=[str(c) for c in Chance]),
                name="profiles_momentversion_chance",
            ),
            models.CheckConstraint(
                condition=models.Q(lasts_minutes__range=(1, 90 * 1440)),
                name="profiles_momentversion_lasts",
                violation_error_message="A moment matters for a minute to 90 days.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_urgent=False) | models.Q(trigger__has_key="event"),
                name="profiles_momentversion_urgent_by_event",
                violation_error_message="Only what the customer is doing is urgent: an event.",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of moment {self.definition_id}"
