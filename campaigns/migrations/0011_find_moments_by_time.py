"""Find moments by when they were first seen: those in which nobody spoke have no decision to be found by."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("campaigns", "0010_drop_shared_cache")]

    operations = [
        AddIndexConcurrently(
            model_name="moment",
            index=models.Index(fields=["seen_at"], name="campaigns_moment_time"),
        ),
    ]
