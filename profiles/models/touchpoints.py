"""What a customer did or met: events on their way in, and the timeline they become."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from profiles.models.company import Place
from profiles.models.customers import Customer, Profile
from profiles.models.sources import Source
from profiles.rules.names import TouchpointKind


class Touchpoint(models.Model):
    """One thing that happened between a customer and us, other than a purchase.

    ``name`` is the event's name or the page's; ``data`` its properties. ``origin_url`` leads to where it can
    be read in the system that it came from.
    """

    customer = models.ForeignKey(
        Customer, models.PROTECT, db_index=False, related_name="touchpoints"
    )
    origin_profile = models.ForeignKey(Profile, models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, related_name="+")
    place = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in TouchpointKind])
    name = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict)
    origin_url = models.URLField(max_length=500, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in TouchpointKind]),
                name="profiles_touchpoint_kind",
            )
        ]
        indexes = [
            models.Index(
                fields=["customer", "-occurred_at", "-id"], name="profiles_touchpoint_timeline"
            ),
            BrinIndex(fields=["occurred_at"], name="profiles_touchpoint_time"),
        ]

    def __str__(self) -> str:
        return f"touchpoint {self.pk}"


class FreshTouch(models.Model):
    """A touchpoint of this moment that somebody should be asked about at once.

    The row is the queue, and lives for seconds: whoever decides takes it out. Without a key to the
    touchpoint in the database, so that neither waits for the other.
    """

    touchpoint_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"fresh touch {self.pk}"


class EventKey(models.Model):
    """An event that was taken in, for good: a source's id is never taken twice.

    ``key`` is the first 16 bytes of SHA-256 of the message id, ``content`` those of the message, so that the
    same id with another content is told from a retry. Narrow, and never partitioned.
    """

    source = models.ForeignKey(
        Source, models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    key = models.BinaryField(max_length=16)
    content = models.BinaryField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="profiles_eventkey_once")
        ]

    def __str__(self) -> str:
        return f"event key {self.pk}"


class InboundEvent(models.Model):
    """An accepted event that is not yet in the timeline, or could not get there.

    The row is the queue. ``reason`` is empty while it waits; a parked event keeps it until somebody
    replays or drops it. Processed events are deleted: the timeline has them.
    """

    source = models.ForeignKey(Source, models.PROTECT, db_index=False, related_name="+")
    message_id = models.CharField(max_length=300)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    reason = models.CharField(max_length=40, blank=True, db_default="")
    detail = models.CharField(max_length=300, blank=True, db_default="")
    attempts = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(reason=""), name="profiles_inbound_waiting"
            ),
            models.Index(
                fields=["-received_at", "-id"],
                condition=~models.Q(reason=""),
                name="profiles_inbound_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"inbound event {self.pk}"
