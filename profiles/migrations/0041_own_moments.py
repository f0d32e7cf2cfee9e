"""Moments of managers' own; their versions stay as written."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cxportal.lib.db import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0040_keep_characteristics"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MomentDefinition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=60, unique=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("key__startswith", "own:")),
                        name="profiles_momentdefinition_key",
                        violation_error_message="The key of a moment of one's own begins with “own:”.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MomentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("trigger", models.JSONField()),
                ("audience", models.JSONField(null=True)),
                ("because", models.CharField(max_length=200)),
                ("lasts_minutes", models.PositiveIntegerField()),
                (
                    "again",
                    models.CharField(
                        choices=[
                            ("day", "day"),
                            ("week", "week"),
                            ("month", "month"),
                            ("year", "year"),
                            ("once", "once"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "chance",
                    models.CharField(
                        choices=[("seldom", "seldom"), ("half", "half"), ("mostly", "mostly")],
                        max_length=10,
                    ),
                ),
                ("is_urgent", models.BooleanField()),
                ("sells", models.BooleanField()),
                ("is_on", models.BooleanField()),
                ("written_at", models.DateTimeField()),
                (
                    "definition",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="profiles.momentdefinition",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("definition", "number"), name="profiles_momentversion_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("again__in", ["day", "week", "month", "year", "once"])),
                        name="profiles_momentversion_again",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("chance__in", ["seldom", "half", "mostly"])),
                        name="profiles_momentversion_chance",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lasts_minutes__range", (1, 129600))),
                        name="profiles_momentversion_lasts",
                        violation_error_message="A moment matters for a minute to 90 days.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_urgent", False), ("trigger__has_key", "event"), _connector="OR"
                        ),
                        name="profiles_momentversion_urgent_by_event",
                        violation_error_message="Only what the customer is doing is urgent: an event.",
                    ),
                ],
            },
        ),
        append_only("profiles_momentversion", rewritable=()),
    ]
