"""Where rows come from, and the files that bring them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from profiles.querysets.imports import ImportJobQuerySet, ImportRejectQuerySet
from profiles.rules.names import ImportKind, JobState, SourceKind


class Source(models.Model):
    """A system or door that rows come in by.

    ``origins``: for the checkout of a shop, from which pages its customers may agree to something, written
    as browsers do ("https://shop.example.com").
    """

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in SourceKind])
    origins = ArrayField(models.CharField(max_length=200), default=list, db_default=[], blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=[str(k) for k in SourceKind]),
                name="profiles_source_kind",
            )
        ]

    def __str__(self) -> str:
        return self.code


class ImportJob(models.Model):
    """One file on its way in, or its dry run, which stores nothing.

    ``mapping`` says which column is what (field -> header); ``done_bytes`` of ``total_bytes`` is the
    progress; counts are final when the state is ``done``. A worker holds it by ``lease_until``.
    ``headers`` and ``delimiter`` are those of the file, for giving back rows that were kept aside.
    ``undo_asked_at``: a worker is to take back what it made (``ImportedRow``), until ``undone_at``.
    ``schedule_name`` is who brought it where nobody uploaded it, and stays when the schedule is deleted.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    kind = models.CharField(
        max_length=10,
        choices=[(str(k), str(k)) for k in ImportKind],
        db_default=ImportKind.ORDERS.value,
    )
    is_dry_run = models.BooleanField(db_default=False)
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64)
    headers = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    delimiter = models.CharField(max_length=1, blank=True, db_default="")
    mapping = models.JSONField(default=dict)
    time_zone = models.CharField(max_length=60, help_text="holds for times that state no zone")
    state = models.CharField(max_length=10, choices=[(str(s), str(s)) for s in JobState])
    done_bytes = models.BigIntegerField(db_default=0)
    total_bytes = models.BigIntegerField(db_default=0)
    rows_read = models.BigIntegerField(db_default=0)
    rows_rejected = models.BigIntegerField(db_default=0)
    counts = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    schedule = models.ForeignKey(
        "profiles.ImportSchedule", models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    schedule_name = models.CharField(max_length=80, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    undo_asked_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(db_default=0)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in JobState]),
                name="profiles_importjob_state",
            ),
            models.CheckConstraint(
                condition=models.Q(undone_at__isnull=True) | models.Q(undo_asked_at__isnull=False),
                name="profiles_importjob_undone_as_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"


class ImportReject(models.Model):
    """A row that could not be taken in, kept aside with its reason."""

    job = models.ForeignKey(
        ImportJob, models.CASCADE, db_index=False, related_name="rejects"
    )  # the constraint below is its index
    line_number = models.BigIntegerField()
    reason = models.CharField(max_length=40)
    raw = models.TextField()

    objects = ImportRejectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["job", "line_number"], name="profiles_importreject_once"
            )
        ]

    def __str__(self) -> str:
        return f"reject {self.pk}"


class SavedMapping(models.Model):
    """Which column is what in the files of a source, as it was last settled."""

    source = models.ForeignKey(Source, models.CASCADE, db_index=False, related_name="+")
    kind = models.CharField(max_length=10, choices=[(str(k), str(k)) for k in ImportKind])
    mapping = models.JSONField(default=dict)
    time_zone = models.CharField(max_length=60)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "kind"], name="profiles_mapping_once")
        ]

    def __str__(self) -> str:
        return f"mapping {self.pk}"


class ImportedRow(models.Model):
    """Which rows an import made, so that it can be undone: all from ``first_id`` to ``last_id``.

    ``model`` is a label of Django. Exact: ids that something else made in between divide a stretch.
    """

    job = models.ForeignKey(ImportJob, models.CASCADE, db_index=False, related_name="+")
    model = models.CharField(max_length=60)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_id__gte=models.F("first_id")),
                name="profiles_importedrow_stretch",
            )
        ]
        indexes = [models.Index(fields=["job", "model"], name="profiles_importedrow_job")]

    def __str__(self) -> str:
        return f"imported row {self.pk}"
