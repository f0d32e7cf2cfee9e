"""Paths of guidance, their parts, and who follows them."""

import django.db.models.deletion
from django.db import migrations, models

from cxportal.lib.db import remembers


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0014_plan_by_batches"),
        ("profiles", "0040_keep_characteristics"),
    ]

    operations = [
        migrations.CreateModel(
            name="LearningPath",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("summary", models.CharField(max_length=300)),
                (
                    "days_between",
                    models.PositiveSmallIntegerField(
                        choices=[(2, "2"), (4, "4"), (7, "7"), (14, "14"), (30, "30")]
                    ),
                ),
                ("is_on", models.BooleanField(db_default=False, default=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days_between__in", (2, 4, 7, 14, 30))),
                        name="campaigns_learningpath_pace",
                        violation_error_message="Choose one of the paces.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PathFollowing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin_customer_id", models.BigIntegerField(editable=False, null=True)),
                (
                    "days_between",
                    models.PositiveSmallIntegerField(
                        choices=[(2, "2"), (4, "4"), (7, "7"), (14, "14"), (30, "30")]
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("started_on", models.DateField()),
                ("paused_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paths_followed",
                        to="profiles.customer",
                    ),
                ),
                (
                    "path",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followings",
                        to="campaigns.learningpath",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stopped_at", None)),
                        fields=("customer", "path"),
                        name="campaigns_pathfollowing_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days_between__in", (2, 4, 7, 14, 30))),
                        name="campaigns_pathfollowing_pace",
                        violation_error_message="Choose one of the paces.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PathPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("text", models.TextField()),
                (
                    "path",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="campaigns.learningpath",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("path", "number"), name="campaigns_pathpart_number"
                    )
                ],
            },
        ),
        remembers("campaigns_pathfollowing", "origin_customer_id"),
    ]
