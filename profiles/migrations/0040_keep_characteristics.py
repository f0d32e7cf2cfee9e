"""What stands of products keeps its meaning: type and unit stay while there are values, and so does a choice in use."""

from django.db import migrations

STAYS = """
CREATE FUNCTION profiles_characteristic_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.type, NEW.unit) <> (OLD.type, OLD.unit)
       AND EXISTS (SELECT FROM profiles_productvalue WHERE characteristic_id = OLD.id) THEN
        RAISE EXCEPTION 'values of this type and unit are stored'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'profiles_characteristic_type_stays';
    END IF;
    IF EXISTS (SELECT FROM profiles_productvalue
               WHERE characteristic_id = OLD.id AND NOT chosen <@ NEW.choices) THEN
        RAISE EXCEPTION 'products have a choice that would be gone'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'profiles_characteristic_choice_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER profiles_characteristic_stays BEFORE UPDATE ON profiles_characteristic
    FOR EACH ROW EXECUTE FUNCTION profiles_characteristic_stays();
"""
GOES = """
DROP TRIGGER profiles_characteristic_stays ON profiles_characteristic;
DROP FUNCTION profiles_characteristic_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0039_characteristics")]
    operations = [migrations.RunSQL(STAYS, GOES)]
