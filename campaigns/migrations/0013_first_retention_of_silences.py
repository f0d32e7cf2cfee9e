"""How long silences are kept one by one until somebody decides otherwise, in days."""

from typing import Any

from django.db import migrations


def add(apps: Any, editor: Any) -> None:
    rules = apps.get_model("profiles", "RetentionRule")
    rules.objects.get_or_create(kind="campaigns.Decision", defaults={"keep_days": 180})


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0012_known_outside_and_folded"),
        ("profiles", "0026_first_retention"),
    ]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
