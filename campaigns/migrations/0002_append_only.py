"""What was decided and answered is history: the database refuses to change it."""

from django.db import migrations

from cxportal.lib.db import append_only


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_moments_to_deliveries")]
    operations = [append_only("campaigns_decision"), append_only("campaigns_outcome")]
