"""Imports on a schedule: where to look, what was found there, and files that wait for a person."""

import datetime

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0033_keep_habits_by_customer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportLook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("taken", "taken"),
                            ("nothing", "nothing"),
                            ("arriving", "arriving"),
                            ("parked", "parked"),
                            ("failed", "failed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(blank=True, db_default="")),
                ("times", models.PositiveIntegerField(db_default=1)),
                ("files", models.PositiveIntegerField(db_default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ImportSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("orders", "orders"),
                            ("customers", "customers"),
                            ("calls", "calls"),
                            ("mentions", "mentions"),
                            ("consents", "consents"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "whence",
                    models.CharField(
                        choices=[("folder", "folder"), ("address", "address")], max_length=10
                    ),
                ),
                ("folder", models.CharField(blank=True, db_default="", max_length=500)),
                ("pattern", models.CharField(blank=True, db_default="", max_length=100)),
                ("address", models.CharField(blank=True, db_default="", max_length=2000)),
                (
                    "rhythm",
                    models.CharField(
                        choices=[("minutes", "minutes"), ("hourly", "hourly"), ("daily", "daily")],
                        max_length=10,
                    ),
                ),
                ("every_minutes", models.PositiveIntegerField(db_default=60)),
                ("daily_at", models.TimeField(db_default=datetime.time(0, 0))),
                ("is_active", models.BooleanField(db_default=True)),
                ("next_due_at", models.DateTimeField(blank=True, null=True)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("taken", "taken"),
                            ("nothing", "nothing"),
                            ("arriving", "arriving"),
                            ("parked", "parked"),
                            ("failed", "failed"),
                        ],
                        db_default="",
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(blank=True, db_default="")),
                ("failures", models.PositiveIntegerField(db_default=0)),
                ("etag", models.CharField(blank=True, db_default="", max_length=500)),
                ("modified", models.CharField(blank=True, db_default="", max_length=100)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempt", models.PositiveIntegerField(db_default=0)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScheduledFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("size", models.BigIntegerField()),
                ("modified_ns", models.BigIntegerField(blank=True, null=True)),
                ("sha256", models.CharField(blank=True, db_default="", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("arriving", "arriving"),
                            ("taken", "taken"),
                            ("known", "known"),
                            ("empty", "empty"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", models.TextField(blank=True, db_default="")),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="importjob",
            name="profiles_importjob_state",
        ),
        migrations.AddField(
            model_name="importjob",
            name="schedule_name",
            field=models.CharField(blank=True, db_default="", max_length=80),
        ),
        migrations.AlterField(
            model_name="importjob",
            name="state",
            field=models.CharField(
                choices=[
                    ("parked", "parked"),
                    ("queued", "queued"),
                    ("running", "running"),
                    ("done", "done"),
                    ("failed", "failed"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="importschedule",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="profiles.source"
            ),
        ),
        migrations.AddField(
            model_name="importlook",
            name="schedule",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="looks",
                to="profiles.importschedule",
            ),
        ),
        migrations.AddField(
            model_name="importjob",
            name="schedule",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="jobs",
                to="profiles.importschedule",
            ),
        ),
        migrations.AddConstraint(
            model_name="importjob",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["parked", "queued", "running", "done", "failed"])
                ),
                name="profiles_importjob_state",
            ),
        ),
        migrations.AddField(
            model_name="scheduledfile",
            name="job",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="profiles.importjob",
            ),
        ),
        migrations.AddField(
            model_name="scheduledfile",
            name="schedule",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="files",
                to="profiles.importschedule",
            ),
        ),
        migrations.AddIndex(
            model_name="importschedule",
            index=models.Index(
                condition=models.Q(("next_due_at__isnull", False)),
                fields=["next_due_at"],
                name="profiles_importschedule_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="importschedule",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"), name="profiles_importschedule_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="importschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("address", ""),
                        ("whence", "folder"),
                        models.Q(("pattern", ""), _negated=True),
                    ),
                    models.Q(
                        ("folder", ""),
                        ("pattern", ""),
                        ("whence", "address"),
                        models.Q(("address", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="profiles_importschedule_one_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="importschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("every_minutes__range", (5, 1440)),
                    ("rhythm__in", ["minutes", "hourly", "daily"]),
                ),
                name="profiles_importschedule_rhythm",
            ),
        ),
        migrations.AddConstraint(
            model_name="importschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_active", False), ("next_due_at__isnull", False), _connector="OR"
                ),
                name="profiles_importschedule_active_is_due",
            ),
        ),
        migrations.AddIndex(
            model_name="importlook",
            index=models.Index(fields=["schedule", "-id"], name="profiles_importlook_newest"),
        ),
        migrations.AddConstraint(
            model_name="importlook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["taken", "nothing", "arriving", "parked", "failed"]),
                    ("times__gte", 1),
                ),
                name="profiles_importlook_outcome",
            ),
        ),
        migrations.AddIndex(
            model_name="scheduledfile",
            index=models.Index(fields=["schedule", "-id"], name="profiles_scheduledfile_newest"),
        ),
        migrations.AddConstraint(
            model_name="scheduledfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["arriving", "taken", "known", "empty"])),
                name="profiles_scheduledfile_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "arriving"), models.Q(("name", ""), _negated=True)),
                fields=("schedule", "name"),
                name="profiles_scheduledfile_arrives_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["taken", "empty"]), models.Q(("sha256", ""), _negated=True)
                ),
                fields=("schedule", "sha256"),
                name="profiles_scheduledfile_taken_once",
            ),
        ),
    ]
