"""The record of looks: an erasure empties what staff wrote as a reason, and retention deletes what is old.

Everything else is still refused: other columns never change, and only a transaction that says so deletes.
"""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION profiles_accessrecord_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND (to_jsonb(OLD) - 'customer_id' - 'ip_address' - 'reason')
         = (to_jsonb(NEW) - 'customer_id' - 'ip_address' - 'reason')
       AND NEW.reason IN (OLD.reason, '') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND current_setting('cxportal.retaining', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of profiles_accessrecord are never changed or deleted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'profiles_accessrecord_append_only';
END $$;
"""
BACKWARDS = """
CREATE OR REPLACE FUNCTION profiles_accessrecord_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (to_jsonb(OLD) - 'customer_id' - 'ip_address')
         = (to_jsonb(NEW) - 'customer_id' - 'ip_address') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of profiles_accessrecord are never changed or deleted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'profiles_accessrecord_append_only';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0024_mail_exports")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
