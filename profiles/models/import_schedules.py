"""Folders and addresses that are looked into for new files, and what was found there."""

from __future__ import annotations

from datetime import time

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from profiles.models.sources import ImportJob, Source
from profiles.querysets.imports import ImportScheduleQuerySet
from profiles.rules.looking import FileState, LookOutcome, Rhythm, Whence
from profiles.rules.names import ImportKind


class ImportSchedule(models.Model):
    """A folder or an address where files of one source come, and how often it is looked into.

    It reads files by the saved mapping of its source and kind. ``folder`` is below ``IMPORT_FOLDER``, ``pattern``
    the names of files in it. ``etag`` and ``modified`` are what the server said of the file fetched last.
    ``next_due_at`` is empty while it is switched off and nobody asked for a look; a worker holds it by
    ``lease_until``. ``failures`` counts looks that failed in a row.
    """

    name = models.CharField(max_length=80)
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in ImportKind])
    whence = models.CharField(max_length=10, choices=[(str(w), str(w)) for w in Whence])
    folder = models.CharField(max_length=500, blank=True, db_default="")
    pattern = models.CharField(max_length=100, blank=True, db_default="")
    address = models.CharField(max_length=2000, blank=True, db_default="")
    rhythm = models.CharField(max_length=10, choices=[(str(r), str(r)) for r in Rhythm])
    every_minutes = models.PositiveIntegerField(db_default=60)
    daily_at = models.TimeField(db_default=time())
    is_active = models.BooleanField(db_default=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=10, blank=True, db_default="", choices=[(str(o), str(o)) for o in LookOutcome]
    )
    reason = models.TextField(blank=True, db_default="")
    failures = models.PositiveIntegerField(db_default=0)
    etag = models.CharField(max_length=500, blank=True, db_default="")
    modified = models.CharField(max_length=100, blank=True, db_default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())

    objects = ImportScheduleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="profiles_importschedule_name"),
            models.CheckConstraint(
                condition=Q(whence=Whence.FOLDER.value, address="") & ~Q(pattern="")
                | Q(whence=Whence.ADDRESS.value, folder="", pattern="") & ~Q(address=""),
                name="profiles_importschedule_one_place",
            ),
            models.CheckConstraint(
                condition=Q(rhythm__in=[str(r) for r in Rhythm], every_minutes__range=(5, 1440)),
                name="profiles_importschedule_rhythm",
            ),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(next_due_at__isnull=False),
                name="profiles_importschedule_active_is_due",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_due_at"],
                name="profiles_importschedule_due",
                condition=Q(next_due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"import schedule {self.pk}"


class ScheduledFile(models.Model):
    """A file that a schedule found, as it was: changed later, it is another one.

    ``modified_ns`` is the file system's time of change in nanoseconds, empty for an address. ``sha256`` is of
    the file as it was found, empty where it could not be read; it keeps the same content from being imported
    twice. An erasure may empty ``name``.
    """

    schedule = models.ForeignKey(
        ImportSchedule, models.CASCADE, db_index=False, related_name="files"
    )  # the index below serves it
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    modified_ns = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_default="")
    state = models.CharField(max_length=10, choices=[(str(s), str(s)) for s in FileState])
    note = models.TextField(blank=True, db_default="")
    job = models.ForeignKey(ImportJob, models.SET_NULL, null=True, blank=True, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[str(s) for s in FileState]),
                name="profiles_scheduledfile_state",
            ),
            models.UniqueConstraint(
                fields=["schedule", "name"],
                condition=Q(state=FileState.ARRIVING.value) & ~Q(name=""),
                name="profiles_scheduledfile_arrives_once",
            ),
            models.UniqueConstraint(
                fields=["schedule", "sha256"],
                condition=Q(state__in=[FileState.TAKEN.value, FileState.EMPTY.value])
                & ~Q(sha256=""),
                name="profiles_scheduledfile_taken_once",
            ),
        ]
        indexes = [models.Index(fields=["schedule", "-id"], name="profiles_scheduledfile_newest")]

    def __str__(self) -> str:
        return f"scheduled file {self.pk}"


class ImportLook(models.Model):
    """What looks of a schedule came to; looks in a row that say the same are counted in one row."""

    schedule = models.ForeignKey(
        ImportSchedule, models.CASCADE, db_index=False, related_name="looks"
    )  # the index below serves it
    outcome = models.CharField(max_length=10, choices=[(str(o), str(o)) for o in LookOutcome])
    reason = models.TextField(blank=True, db_default="")
    times = models.PositiveIntegerField(db_default=1)
    files = models.PositiveIntegerField(db_default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=[str(o) for o in LookOutcome], times__gte=1),
                name="profiles_importlook_outcome",
            ),
        ]
        indexes = [models.Index(fields=["schedule", "-id"], name="profiles_importlook_newest")]

    def __str__(self) -> str:
        return f"look {self.pk}"
