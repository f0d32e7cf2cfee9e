"""How long each kind of data is kept until somebody decides otherwise, in days."""

from typing import Any

from django.db import migrations

DAYS = {
    "admin.LogEntry": 1095,
    "campaigns.Message": 395,
    "campaigns.SandboxMessage": 90,
    "feedback.Answer": 1095,
    "feedback.Case": 1095,
    "feedback.CaseNote": 1095,
    "profiles.AccessRecord": 730,
    "profiles.ConsentEvidence": 1095,
    "profiles.HouseholdWarning": 30,
    "profiles.IdempotencyRecord": 1,
    "profiles.ImportReject": 90,
    "profiles.InboundEvent": 90,
    "profiles.Pickup": 395,
    "profiles.Touchpoint": 760,
}


def add(apps: Any, editor: Any) -> None:
    rules = apps.get_model("profiles", "RetentionRule")
    for kind, days in DAYS.items():
        rules.objects.get_or_create(kind=kind, defaults={"keep_days": days})


class Migration(migrations.Migration):
    dependencies = [("profiles", "0025_let_go_of_looks")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
