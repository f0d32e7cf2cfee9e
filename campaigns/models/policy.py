"""The rules of sending that hold for the whole house, and its one switch."""

from __future__ import annotations

from email.utils import quote

from django.conf import settings
from django.db import models

from cxportal.lib.db import Singleton, only_row


class SendingPolicy(Singleton):
    """Sender, quiet hours, caps and control share; each customer's own limits can only be stricter.

    After ``fewer_after`` messages in a row of which nothing came the allowance is spread over more weeks, after
    ``silent_after`` nothing is written until the customer does something of their own. In a rehearsal nobody is
    really written to, so that nothing is learned from what they do not answer.

    ``stopped_at`` set: nothing leaves. ``fingerprint`` names the database that may send; a restored or
    cloned database has another, and stays silent until a person says so.
    """

    sender_name = models.CharField(max_length=120, db_default="My company")
    sender_email = models.EmailField(db_default="hello@example.com")
    quiet_from = models.TimeField(db_default="20:00")
    quiet_until = models.TimeField(db_default="09:00")
    max_per_week = models.PositiveSmallIntegerField(
        "messages a week, at most", db_default=2, help_text="per customer, over all campaigns"
    )
    fewer_after = models.PositiveSmallIntegerField(
        "messages ignored until we write less", db_default=3
    )
    silent_after = models.PositiveSmallIntegerField("messages ignored until we stop", db_default=6)
    counts_links = models.BooleanField(
        "count followed links", db_default=True, help_text="no other sign of reading is looked for"
    )
    is_rehearsal = models.BooleanField(db_default=False, editable=False)
    control_share = models.FloatField(
        "control group", db_default=0.1, help_text="share of customers, 0 to 0.5"
    )
    shortest_rhythm_days = models.PositiveSmallIntegerField(
        "shortest rhythm worth a reminder", db_default=5, help_text="days"
    )
    postal_address = models.CharField(max_length=200, blank=True, help_text="in each message")
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "sending policy"
        constraints = [
            only_row("campaigns_sendingpolicy"),
            models.CheckConstraint(
                condition=models.Q(control_share__gte=0, control_share__lte=0.5),
                name="campaigns_policy_control_share",
                violation_error_message="The control group is a share between 0 and 0.5.",
            ),
            models.CheckConstraint(
                condition=models.Q(max_per_week__lte=7),
                name="campaigns_policy_cap",
                violation_error_message="More than one message a day is never allowed.",
            ),
            models.CheckConstraint(
                condition=models.Q(fewer_after__gte=1, silent_after__gt=models.F("fewer_after")),
                name="campaigns_policy_patience",
                violation_error_message="We stop after more ignored messages than we write less after.",
            ),
        ]

    def __str__(self) -> str:
        return "sending policy"

    @property
    def sender(self) -> str:
        """Name and address for a From header, on one line whatever stands in the name."""
        name = quote(" ".join(self.sender_name.split()))
        return f'"{name}" <{self.sender_email}>'
