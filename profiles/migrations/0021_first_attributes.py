"""The attributes that an installation begins with; managers change them and add their own."""

from typing import Any

from django.db import migrations

DIETS = ["eats everything", "pescetarian", "vegetarian", "vegan"]
# code, name, type, sensitivity, days that it holds, shown at the counter, purpose
FIRST = [
    ("birthday", "Birthday", "date", "personal", None, False, "to congratulate you on the day"),
    ("diet", "Diet", "choice", "personal", None, True, "to suggest only what you eat"),
    ("drinks_coffee", "Drinks coffee", "yes_no", "ordinary", 730, False,
     "to leave coffee out where you do not drink it"),
    ("owns_car", "Has a car", "yes_no", "ordinary", 730, False,
     "to leave out what needs a car where you have none"),
    ("has_small_child", "Has a child under three", "yes_no", "personal", 365, False,
     "to suggest things for small children only where there are any"),
    ("losing_weight", "Losing weight", "yes_no", "special", 365, False,
     "to tempt you with nothing that works against it"),
    ("newspaper", "Newspaper", "text", "ordinary", None, True, "to have the right one ready for you"),
    ("smoke_free", "Smoke-free room", "yes_no", "ordinary", None, True,
     "to give you the room that you want"),
    ("name_said", "How the name is said", "text", "personal", None, True, "to say it as you do"),
]  # fmt: skip


def fill(apps: Any, schema_editor: Any) -> None:
    attribute = apps.get_model("profiles", "Attribute")
    attribute.objects.bulk_create(
        [
            attribute(
                code=code,
                name=name,
                type=kind,
                choices=DIETS if code == "diet" else [],
                sensitivity=sensitivity,
                holds_days=holds,
                is_for_staff=for_staff,
                purpose=purpose,
            )
            for code, name, kind, sensitivity, holds, for_staff, purpose in FIRST
        ],
        ignore_conflicts=True,  # a house that has made its own keeps it
    )


class Migration(migrations.Migration):
    dependencies = [("profiles", "0020_guard_facts")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
