"""The shared cache: pauses between mails are buckets of cxportal.lib.rates now."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0009_take_answers_back")]

    operations = [
        migrations.RunSQL(
            "DROP TABLE IF EXISTS cxportal_shared",
            """
            CREATE TABLE IF NOT EXISTS cxportal_shared (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX IF NOT EXISTS cxportal_shared_expires ON cxportal_shared (expires);
            """,
        )
    ]
