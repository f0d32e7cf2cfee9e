"""The rules of identity that an installation begins with; managers change them."""

from typing import Any

from django.db import migrations

BLOCKED = ["-1", "null", "none", "nil", "undefined", "n/a", "na", "nan", "unknown", "anonymous",
           "anon", "guest", "test", "default", "deleted", "xxx", "xxxx", "xxxxx"]  # fmt: skip
# kind, priority, how many one customer may hold, weak
RULES = [
    ("external", 10, 1, False),
    ("card", 20, 5, False),
    ("email", 30, 5, False),
    ("phone", 40, 5, False),
    ("social", 50, 5, False),
    ("device", 60, 20, True),
    ("anonymous", 70, 200, True),
]


def fill(apps: Any, schema_editor: Any) -> None:
    rule = apps.get_model("profiles", "IdentifierRule")
    rule.objects.bulk_create(
        rule(kind=kind, priority=priority, limit=limit, is_weak=weak, blocked=BLOCKED)
        for kind, priority, limit, weak in RULES
    )


class Migration(migrations.Migration):
    dependencies = [("profiles", "0015_remember_whose")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
