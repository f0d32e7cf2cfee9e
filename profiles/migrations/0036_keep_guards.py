"""Versions of guards stay as written; what customers agreed to be held back by stays what it was."""

from django.db import migrations

from cxportal.lib.db import append_only

# Customers agreed to this use, in these words; a house that changed the words says so itself.
USES = """
    UPDATE profiles_attribute SET holds_back = true
    WHERE code = 'losing_weight' AND purpose = 'to tempt you with nothing that works against it'
"""
STAYS = """
CREATE OR REPLACE FUNCTION profiles_attribute_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM profiles_factvalue WHERE attribute_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    IF (NEW.type, NEW.unit) <> (OLD.type, OLD.unit) THEN
        RAISE EXCEPTION 'values of this type and unit are stored'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'profiles_attribute_type_stays';
    END IF;
    IF OLD.sensitivity = 'special' AND {kept} THEN
        RAISE EXCEPTION 'customers agreed to this use'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'profiles_attribute_use_stays';
    END IF;
    IF NEW.sensitivity = 'special' AND EXISTS (
        SELECT FROM profiles_factvalue
        WHERE attribute_id = OLD.id AND value IS NOT NULL
          AND (manner <> 'told' OR consent_id IS NULL)
    ) THEN
        RAISE EXCEPTION 'values are stored that nobody agreed to'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'profiles_attribute_special_agreed';
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = "(NEW.name, NEW.purpose, NEW.sensitivity) <> (OLD.name, OLD.purpose, OLD.sensitivity)"
AFTER = (
    "(NEW.name, NEW.purpose, NEW.sensitivity, NEW.holds_back)"
    " <> (OLD.name, OLD.purpose, OLD.sensitivity, OLD.holds_back)"
)


class Migration(migrations.Migration):
    dependencies = [("profiles", "0035_guards")]
    operations = [
        migrations.RunSQL(USES, migrations.RunSQL.noop),
        migrations.RunSQL(STAYS.format(kept=AFTER), STAYS.format(kept=BEFORE)),
        append_only("profiles_guardversion", rewritable=()),
    ]
