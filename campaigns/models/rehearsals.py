"""Rehearsals: the main job, run on somebody's own past."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import MD5, Cast, Now

from campaigns.rules.codes import RunState


class Rehearsal(models.Model):
    """One file rehearsed from one day on; only its report is kept.

    ``progress`` is {"step": "…", "done": n, "of": m}; ``report`` the whole table. The same file, read in the
    same way (columns and time zone), and day again is the same row.
    """

    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict, blank=True)
    time_zone = models.CharField(max_length=60, db_default="UTC")
    as_of = models.DateField(
        null=True, blank=True, help_text="empty: 30 days before the last order"
    )
    state = models.CharField(max_length=10, choices=[(str(s), str(s)) for s in RunState])
    progress = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(db_default=0)

    class Meta:
        constraints = [
            # By its hash: a mapping may be longer than a row of an index.
            models.UniqueConstraint(
                "sha256",
                "as_of",
                "time_zone",
                MD5(Cast("mapping", models.TextField())),
                nulls_distinct=False,
                name="campaigns_rehearsal_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in RunState]),
                name="campaigns_rehearsal_state",
            ),
        ]

    def __str__(self) -> str:
        return f"rehearsal {self.pk}"
