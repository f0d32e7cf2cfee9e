"""A purpose more that customers can agree to: the keeping of where they are."""

from django.db import migrations, models

PURPOSES = [
    ("reminders", "reminders"),
    ("offers", "offers"),
    ("special", "special"),
    ("location", "location"),
]
RULE = "INSERT INTO profiles_consentrule (purpose) VALUES ('location') ON CONFLICT DO NOTHING"


class Migration(migrations.Migration):
    dependencies = [("profiles", "0021_first_attributes")]
    operations = [
        migrations.AlterField(
            "consententry", "purpose", models.CharField(choices=PURPOSES, max_length=20)
        ),
        migrations.AlterField(
            "consentrule", "purpose", models.CharField(choices=PURPOSES, max_length=20, unique=True)
        ),
        migrations.AlterField(
            "consentwording", "purpose", models.CharField(choices=PURPOSES, max_length=20)
        ),
        migrations.RunSQL(RULE, migrations.RunSQL.noop),
    ]
