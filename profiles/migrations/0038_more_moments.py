"""Rhythms of visits, how long things are kept, and the queue of what customers are in the middle of."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("profiles", "0037_change_words_at_once")]

    operations = [
        migrations.CreateModel(
            name="FreshTouch",
            fields=[("touchpoint_id", models.BigIntegerField(primary_key=True, serialize=False))],
        ),
        migrations.AddField(
            model_name="category",
            name="lasts_years",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="years, for what one buys to keep, such as phones; empty for what is used up",
                null=True,
                verbose_name="is kept for",
            ),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lasts_years", None), ("lasts_years__range", (1, 50)), _connector="OR"
                ),
                name="profiles_category_lasts",
                violation_error_code=None,
                violation_error_message="Things are kept for 1 to 50 years; leave it empty for what is used up.",
            ),
        ),
        migrations.CreateModel(
            name="VisitRhythm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("visits", models.PositiveIntegerField()),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                ("rhythm_days", models.FloatField()),
                ("opens_on", models.DateField()),
                ("closes_on", models.DateField()),
                ("likelihood", models.FloatField()),
                ("learned_at", models.DateTimeField()),
                (
                    "customer",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visit_rhythm",
                        to="profiles.customer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["opens_on", "customer"], name="profiles_visitrhythm_awaited"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closes_on__gt", models.F("opens_on"))),
                        name="profiles_visitrhythm_window",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("likelihood__gte", 0), ("likelihood__lte", 1)),
                        name="profiles_visitrhythm_probability",
                    ),
                ],
            },
        ),
    ]
