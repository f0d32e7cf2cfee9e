"""Every row remembers with whom it was recorded, so that a merge can be undone.

The statements of the past belong to whom they stand with: nothing was merged before.
"""

from django.db import migrations

from cxportal.lib.db import append_only, remembers

BACKFILL = """
    UPDATE profiles_profile SET home_customer_id = customer_id WHERE home_customer_id IS NULL;
    UPDATE profiles_contactpreference SET origin_customer_id = customer_id;
    UPDATE profiles_reorderschedule SET origin_customer_id = customer_id;
    ALTER TABLE profiles_reorderstatement DISABLE TRIGGER profiles_reorderstatement_append_only;
    UPDATE profiles_reorderstatement SET origin_customer_id = customer_id;
    ALTER TABLE profiles_reorderstatement ENABLE TRIGGER profiles_reorderstatement_append_only;
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0014_privacy")]
    operations = [
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        remembers("profiles_profile", "home_customer_id"),
        remembers("profiles_contactpreference", "origin_customer_id"),
        remembers("profiles_reorderschedule", "origin_customer_id"),
        remembers("profiles_reorderstatement", "origin_customer_id"),
        append_only("profiles_accessrecord", rewritable=("customer_id", "ip_address")),
    ]
