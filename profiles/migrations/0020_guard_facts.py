"""What no fact may be, whoever writes it; what of an attribute stays as it is while values stand on it.

A check cannot see another table, so triggers refuse: a special-category value that nobody told or agreed
to, a version that is rewritten, and a change of an attribute that would change what its values say.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION profiles_fact_may_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- An attribute must not become delicate between this look and the commit.
    PERFORM FROM profiles_attribute WHERE id IN (SELECT attribute_id FROM fresh) ORDER BY id FOR SHARE;
    IF EXISTS (
        SELECT FROM fresh f JOIN profiles_attribute a ON a.id = f.attribute_id
        WHERE a.sensitivity = 'special' AND f.value IS NOT NULL
          AND (f.manner <> 'told' OR NOT EXISTS (
              SELECT FROM profiles_consententry c
              WHERE c.id = f.consent_id AND c.customer_id = f.customer_id
                AND c.purpose = 'special' AND c.state = 'granted'))
    ) THEN
        RAISE EXCEPTION 'a special-category fact is told, and agreed to'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'profiles_fact_special_agreed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER profiles_fact_may_stand AFTER INSERT ON profiles_factvalue
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION profiles_fact_may_stand();

CREATE FUNCTION profiles_fact_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a fact is never rewritten'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'profiles_fact_stays';
END $$;
CREATE TRIGGER profiles_fact_stays BEFORE UPDATE ON profiles_factvalue
    FOR EACH ROW
    WHEN ((to_jsonb(OLD) - 'customer_id' - 'taken_back_at')
          IS DISTINCT FROM (to_jsonb(NEW) - 'customer_id' - 'taken_back_at'))
    EXECUTE FUNCTION profiles_fact_stays();

CREATE FUNCTION profiles_attribute_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM profiles_factvalue WHERE attribute_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    IF (NEW.type, NEW.unit) <> (OLD.type, OLD.unit) THEN
        RAISE EXCEPTION 'values of this type and unit are stored'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'profiles_attribute_type_stays';
    END IF;
    IF OLD.sensitivity = 'special'
       AND (NEW.name, NEW.purpose, NEW.sensitivity) <> (OLD.name, OLD.purpose, OLD.sensitivity) THEN
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
CREATE TRIGGER profiles_attribute_stays BEFORE UPDATE ON profiles_attribute
    FOR EACH ROW EXECUTE FUNCTION profiles_attribute_stays();
"""
UNGUARD = """
DROP TRIGGER profiles_attribute_stays ON profiles_attribute;
DROP TRIGGER profiles_fact_stays ON profiles_factvalue;
DROP TRIGGER profiles_fact_may_stand ON profiles_factvalue;
DROP FUNCTION profiles_attribute_stays(), profiles_fact_stays(), profiles_fact_may_stand();
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0019_keep_facts_and_households")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
