"""Keep the words of all names, so that a typing error in one of a million is found at once."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.functions.comparison
from django.db import migrations, models

# Stored when a word is new, asked with the same function when somebody types.
NEAR = """
CREATE FUNCTION profiles_near(word text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH one AS (
        SELECT DISTINCT substr(word, 1, n - 1) || substr(word, n + 1) AS w
          FROM generate_series(1, length(word)) n WHERE length(word) BETWEEN 3 AND 30
    ), two AS (
        SELECT DISTINCT substr(w, 1, n - 1) || substr(w, n + 1) AS w
          FROM one, generate_series(1, length(w)) n WHERE length(word) BETWEEN 6 AND 30
    )
    SELECT array_agg(DISTINCT w) FROM (SELECT word AS w UNION ALL TABLE one UNION ALL TABLE two) all_of_them
$$;
"""
WORDS = """
CREATE FUNCTION profiles_add_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO profiles_nameword (word, near)
    SELECT word, profiles_near(word)
      FROM (SELECT DISTINCT unnest(string_to_array(search_name, ' ')) AS word FROM added) w
     WHERE word <> '' AND NOT EXISTS (SELECT FROM profiles_nameword k WHERE k.word = w.word)
     ORDER BY word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION profiles_change_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO profiles_nameword (word, near)
    SELECT word, profiles_near(word)
      FROM (SELECT DISTINCT unnest(string_to_array(a.search_name, ' ')) AS word
              FROM added a JOIN gone g USING (id) WHERE a.search_name <> g.search_name) w
     WHERE word <> '' AND NOT EXISTS (SELECT FROM profiles_nameword k WHERE k.word = w.word)
     ORDER BY word
    ON CONFLICT DO NOTHING;
    DELETE FROM profiles_nameword k
     WHERE k.word IN (SELECT DISTINCT unnest(string_to_array(g.search_name, ' '))
                        FROM added a JOIN gone g USING (id) WHERE a.search_name <> g.search_name)
       AND NOT EXISTS (SELECT FROM profiles_customer c
                        WHERE string_to_array(c.search_name, ' ') @> ARRAY[k.word::text]);
    RETURN NULL;
END $$;
CREATE TRIGGER profiles_customer_words_added AFTER INSERT ON profiles_customer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION profiles_add_words();
CREATE TRIGGER profiles_customer_words_changed AFTER UPDATE ON profiles_customer
    REFERENCING NEW TABLE AS added OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION profiles_change_words();
INSERT INTO profiles_nameword (word, near)
SELECT word, profiles_near(word)
  FROM (SELECT DISTINCT unnest(string_to_array(search_name, ' ')) AS word FROM profiles_customer) w
 WHERE word <> '';
"""
NO_WORDS = """
DROP TRIGGER profiles_customer_words_added ON profiles_customer;
DROP TRIGGER profiles_customer_words_changed ON profiles_customer;
DROP FUNCTION profiles_add_words();
DROP FUNCTION profiles_change_words();
"""
# Names are looked up by whole words; contacts by any part of a number.
INDEXES = """
CREATE INDEX profiles_customer_words ON profiles_customer
    USING gin (string_to_array(search_name, ' '));
CREATE INDEX profiles_identifier_part ON profiles_identifier
    USING gin (value gin_trgm_ops) WHERE kind IN ('phone', 'card', 'email');
"""
NO_INDEXES = "DROP INDEX profiles_customer_words; DROP INDEX profiles_identifier_part;"


class Migration(migrations.Migration):
    dependencies = [("profiles", "0022_consent_to_location")]
    operations = [
        migrations.CreateModel(
            name="NameWord",
            fields=[
                ("word", models.CharField(max_length=200, primary_key=True, serialize=False)),
                (
                    "near",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), editable=False, size=None
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        django.db.models.functions.comparison.Collate("word", "C"),
                        name="profiles_nameword_starts",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(models.F("near"), name="array_ops"),
                        name="profiles_nameword_near",
                    ),
                ],
            },
        ),
        migrations.RunSQL(NEAR, "DROP FUNCTION profiles_near(text);"),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.RunSQL(INDEXES, NO_INDEXES),
    ]
