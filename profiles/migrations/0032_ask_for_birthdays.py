"""What is asked from the first day: the birthday, and of newcomers what we may write about."""

from django.db import migrations

ASKED = """
    UPDATE profiles_attribute SET is_asked = true WHERE code = 'birthday' AND is_active;
    INSERT INTO profiles_consentrule (purpose, is_asked_at_joining)
    VALUES ('reminders', true), ('offers', true)
    ON CONFLICT (purpose) DO UPDATE SET is_asked_at_joining = true;
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0031_clean_data")]
    operations = [migrations.RunSQL(ASKED, migrations.RunSQL.noop)]
