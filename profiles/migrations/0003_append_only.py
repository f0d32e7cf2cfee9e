"""Consent and what customers stated are history: the database refuses to change it."""

from django.db import migrations

from cxportal.lib.db import append_only


class Migration(migrations.Migration):
    dependencies = [("profiles", "0002_customers_and_purchases")]
    operations = [
        append_only("profiles_consententry"),
        append_only("profiles_reorderstatement"),
    ]
