"""What we say in which moment, and the words it is said in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from campaigns.models.offers import Offer
from profiles.rules.purposes import MESSAGES


class Campaign(models.Model):
    """One moment answered by one kind of message or action.

    ``moment`` and ``action`` are keys of the registry; an empty ``action`` is the message alone.
    ``value`` is what a message that helps is worth, in units of a plain reminder.
    """

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    moment = models.CharField(max_length=60)
    action = models.CharField(max_length=60, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    purpose = models.CharField(max_length=20, choices=[(str(p), str(p)) for p, _ in MESSAGES])
    value = models.FloatField(db_default=1.0)
    is_live = models.BooleanField(db_default=True)
    # A campaign of an offer follows it, one for each moment that the offer answers.
    offer = models.ForeignKey(
        Offer, models.PROTECT, null=True, editable=False, related_name="campaigns"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "moment"],
                name="campaigns_campaign_offer",
                violation_error_message="An offer answers a moment once.",
            ),
            models.CheckConstraint(
                condition=models.Q(value__gt=0),
                name="campaigns_campaign_value",
                violation_error_message="A message that helps is worth more than nothing.",
                violation_error_code="worth_nothing",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def experiment(self) -> str:
        """By what its control group is drawn: an offer has one over all its moments."""
        return f"offer-{self.offer_id}" if self.offer_id else self.code


class MessageTemplate(models.Model):
    """One version of a campaign's words, in Liquid; an edit makes the next version.

    A message under way keeps the version it was planned with.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="templates")
    language = models.CharField(max_length=10, db_default="en")
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language", "version"], name="campaigns_template_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.language} v{self.version}"
