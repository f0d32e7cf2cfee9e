"""Find out which words of names came and went without comparing each row with each other.

The plan of a statement in a trigger is kept from its first call, mostly of one row; of thousands, a join of the
rows before and after was then a loop in a loop.
"""

from django.db import migrations

CHANGE = """
CREATE OR REPLACE FUNCTION profiles_change_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO profiles_nameword (word, near)
    SELECT word, profiles_near(word)
      FROM (SELECT unnest(string_to_array(search_name, ' ')) AS word FROM added
            EXCEPT SELECT unnest(string_to_array(search_name, ' ')) FROM gone) w
     WHERE word <> '' AND NOT EXISTS (SELECT FROM profiles_nameword k WHERE k.word = w.word)
     ORDER BY word
    ON CONFLICT DO NOTHING;
    DELETE FROM profiles_nameword k
     USING (SELECT unnest(string_to_array(search_name, ' ')) AS word FROM gone
            EXCEPT SELECT unnest(string_to_array(search_name, ' ')) FROM added) w
     WHERE k.word = w.word
       AND NOT EXISTS (SELECT FROM profiles_customer c
                        WHERE string_to_array(c.search_name, ' ') @> ARRAY[w.word::text]);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0036_keep_guards")]
    # The way back needs none: the function says the same as before, sooner.
    operations = [migrations.RunSQL(CHANGE, migrations.RunSQL.noop)]
