"""The plan of a morning is laid out in batches, which several workers take."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0013_first_retention_of_silences")]

    operations = [
        # A plan under way has no batches: it is laid out anew, and what it did is not done again.
        migrations.RunSQL(
            "UPDATE campaigns_planrun SET state = 'queued', counts = '{}' WHERE state = 'running'",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField("planrun", "attempt"),
        migrations.RemoveField("planrun", "cursor"),
        migrations.RemoveField("planrun", "lease_until"),
        migrations.CreateModel(
            name="PlanBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "customers",
                    django.contrib.postgres.fields.ArrayField(models.BigIntegerField()),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="batches",
                        to="campaigns.planrun",
                    ),
                ),
            ],
        ),
    ]
