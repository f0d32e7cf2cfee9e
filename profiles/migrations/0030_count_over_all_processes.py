"""The buckets of cxportal.lib.rates. Unlogged: what they hold is worth nothing after a crash."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("profiles", "0029_drop_unused_schedule")]

    operations = [
        migrations.RunSQL(
            # Room beside each row, so that an update stays on its page and needs no index entry.
            """
            CREATE UNLOGGED TABLE cxportal_rate (
                key bytea PRIMARY KEY,
                full_at timestamptz NOT NULL
            ) WITH (fillfactor = 50);
            """,
            "DROP TABLE cxportal_rate",
        )
    ]
