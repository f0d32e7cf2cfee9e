"""Keys by which other systems come in, and what they asked already."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from profiles.models.sources import Source


class ApiKey(models.Model):
    """A key of another system: shown once, kept as a hash; its rows come from ``source``.

    ``hint`` is its beginning, to recognise it by. A key that may only hand in events and search
    products may stand in the open (a browser's key); every other one is a secret.
    """

    name = models.CharField(max_length=80)
    hint = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"key {self.pk}"


class IdempotencyRecord(models.Model):
    """The answer to a request that may come again under the same key; swept after a day."""

    api_key = models.ForeignKey(ApiKey, models.CASCADE, db_index=False, related_name="+")
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="profiles_idempotency_once")
        ]

    def __str__(self) -> str:
        return f"idempotency record {self.pk}"
