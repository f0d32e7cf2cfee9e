"""The programme, its tiers, the ledger of points, and the cursor that awards purchases."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("profiles", "0003_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="AwardCursor",
            fields=[
                (
                    "id",
                    models.SmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("settled_line", models.BigIntegerField(db_default=0)),
                ("seen_line", models.BigIntegerField(db_default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="loyalty_awardcursor_only_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("settled_line__lte", models.F("seen_line"))),
                        name="loyalty_cursor_settled_was_seen",
                        violation_error_code="settled_unseen",
                        violation_error_message="What was not seen is not settled.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Programme",
            fields=[
                (
                    "id",
                    models.SmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(db_default="Points", max_length=120)),
                (
                    "points_per_unit",
                    models.DecimalField(
                        db_default=1,
                        decimal_places=4,
                        help_text="points for 1.00 spent",
                        max_digits=9,
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        db_default=True,
                        help_text="While off, purchases wait; they are awarded once it is on again.",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="loyalty_programme_only_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("points_per_unit__gt", 0)),
                        name="loyalty_programme_rate_positive",
                        violation_error_code="rate_not_positive",
                        violation_error_message="A purchase earns more than nothing.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("from_points", models.PositiveIntegerField(help_text="points in twelve months")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("from_points",),
                        name="loyalty_tier_one_per_threshold",
                        violation_error_code="threshold_taken",
                        violation_error_message="Another tier begins at the same points.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PointsEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("purchase", "purchase"),
                            ("return", "return"),
                            ("bonus", "bonus"),
                            ("adjustment", "adjustment"),
                        ],
                        max_length=10,
                    ),
                ),
                ("points", models.IntegerField()),
                ("source_ref", models.CharField(max_length=120)),
                ("rate", models.DecimalField(decimal_places=4, max_digits=9, null=True)),
                ("actor", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.customer",
                    ),
                ),
                (
                    "origin_profile",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.profile",
                    ),
                ),
                (
                    "purchase",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.purchase",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "points entries",
                "indexes": [
                    models.Index(
                        fields=["customer", "occurred_at"],
                        include=("points",),
                        name="loyalty_entry_sums",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source_ref",),
                        name="loyalty_entry_source_once",
                        violation_error_code="source_ref_used",
                        violation_error_message="These points were booked before.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["purchase", "bonus"]), ("points__gt", 0)),
                            models.Q(("kind", "return"), ("points__lt", 0)),
                            models.Q(
                                ("kind", "adjustment"), models.Q(("points", 0), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="loyalty_entry_kind_and_sign",
                        violation_error_code="kind_and_sign",
                        violation_error_message="Purchases and bonuses add points, returns take some.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("purchase__isnull", False),
                                ("rate__isnull", False),
                                ("source_ref__startswith", "purchase:"),
                            ),
                            models.Q(
                                ("purchase__isnull", True),
                                ("rate__isnull", True),
                                models.Q(("source_ref__startswith", "purchase:"), _negated=True),
                                models.Q(("kind__in", ["purchase", "return"]), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="loyalty_entry_purchase_ref",
                        violation_error_code="purchase_ref",
                        violation_error_message="Only awarding books for a purchase.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source_ref", ""), _negated=True),
                            models.Q(("actor", ""), _negated=True),
                        ),
                        name="loyalty_entry_has_source",
                        violation_error_code="source_missing",
                        violation_error_message="Points need a source and somebody who books them.",
                    ),
                ],
            },
        ),
    ]
