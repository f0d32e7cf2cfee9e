"""The table of the cache that all processes share; its columns are those of Django's DatabaseCache."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_say_what_a_message_is_worth")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE IF NOT EXISTS cxportal_shared (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX IF NOT EXISTS cxportal_shared_expires ON cxportal_shared (expires);
            """,
            "DROP TABLE IF EXISTS cxportal_shared",
        )
    ]
