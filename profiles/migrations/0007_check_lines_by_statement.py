"""Check the purchases and products of lines once for each statement instead of once for each row.

Two row-by-row keys took twice as long as writing the lines with all their indexes. The triggers refuse
the same: a line without its purchase or product, moving a line, and deleting what lines stand on.
They see committed rows and their own transaction's, so unlike a key they cannot stop a product from
being deleted in the very moment in which another transaction sells it for the first time.
"""

import django.db.models.deletion
from django.db import migrations, models

CHECK = """
CREATE FUNCTION profiles_line_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT purchase_id AS id FROM fresh) named
                WHERE NOT EXISTS (SELECT FROM profiles_purchase p WHERE p.id = named.id)) THEN
        RAISE EXCEPTION 'a line needs its purchase'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'profiles_line_purchase';
    END IF;
    IF EXISTS (SELECT FROM (SELECT DISTINCT product_id AS id FROM fresh) named
                WHERE NOT EXISTS (SELECT FROM profiles_product p WHERE p.id = named.id)) THEN
        RAISE EXCEPTION 'a line needs its product'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'profiles_line_product';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER profiles_line_stands AFTER INSERT ON profiles_purchaseline
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION profiles_line_stands();

CREATE FUNCTION profiles_line_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a line keeps its purchase and its product'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'profiles_line_stays';
END $$;
CREATE TRIGGER profiles_line_stays BEFORE UPDATE OF purchase_id, product_id ON profiles_purchaseline
    FOR EACH ROW WHEN ((OLD.purchase_id, OLD.product_id) <> (NEW.purchase_id, NEW.product_id))
    EXECUTE FUNCTION profiles_line_stays();

CREATE FUNCTION profiles_line_holds_purchase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM profiles_purchaseline WHERE purchase_id = OLD.id) THEN
        RAISE EXCEPTION 'the purchase has lines'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'profiles_line_purchase';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER profiles_line_holds AFTER DELETE ON profiles_purchase
    FOR EACH ROW EXECUTE FUNCTION profiles_line_holds_purchase();

CREATE FUNCTION profiles_line_holds_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM profiles_purchaseline WHERE product_id = OLD.id) THEN
        RAISE EXCEPTION 'the product was bought'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'profiles_line_product';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER profiles_line_holds AFTER DELETE ON profiles_product
    FOR EACH ROW EXECUTE FUNCTION profiles_line_holds_product();
"""
UNCHECK = """
DROP TRIGGER profiles_line_holds ON profiles_product;
DROP TRIGGER profiles_line_holds ON profiles_purchase;
DROP TRIGGER profiles_line_stays ON profiles_purchaseline;
DROP TRIGGER profiles_line_stands ON profiles_purchaseline;
DROP FUNCTION profiles_line_holds_product(), profiles_line_holds_purchase(),
              profiles_line_stays(), profiles_line_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0006_habit_curves")]
    operations = [
        migrations.AlterField(
            model_name="purchaseline",
            name="purchase",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="profiles.purchase",
            ),
        ),
        migrations.AlterField(
            model_name="purchaseline",
            name="product",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="profiles.product",
            ),
        ),
        migrations.AlterField(
            model_name="importreject",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rejects",
                to="profiles.importjob",
            ),
        ),
        migrations.RunSQL(CHECK, UNCHECK),
    ]
