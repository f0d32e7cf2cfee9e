"""What goes with what, learned from baskets."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0041_own_moments"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductCompanion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("together", models.PositiveIntegerField()),
                ("baskets", models.PositiveIntegerField()),
                ("score", models.FloatField()),
                (
                    "companion",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.product",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.product",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product", "companion"), name="profiles_companion_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("together__gte", 1), ("together__lte", models.F("baskets"))
                        ),
                        name="profiles_companion_counts",
                        violation_error_message="No more baskets hold both than hold one of them.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("product", models.F("companion")), _negated=True),
                        name="profiles_companion_of_another",
                    ),
                ],
            },
        ),
    ]
