"""Points are booked, never rewritten: the database refuses it."""

from django.db import migrations

from cxportal.lib.db import append_only


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_programme_and_points")]
    operations = [append_only("loyalty_pointsentry")]
