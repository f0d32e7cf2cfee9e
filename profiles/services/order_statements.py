"""The statements that bring orders from staging into the tables, each for a whole batch."""

# The source stands in the rows: as a constant it makes a planner without statistics believe that
# next to nothing is there, and compare every order with every other.
ORDERS = """
    INSERT INTO import_order (ref, source_id, code, customer, occurred_at, place)
    WITH owner AS (SELECT DISTINCT ON (code) code, customer FROM import_run ORDER BY code, run)
    SELECT row_number() OVER (ORDER BY min(run)), %(source)s, code, customer, min(occurred_at),
           coalesce((array_agg(place ORDER BY run) FILTER (WHERE place <> ''))[1], '')
      FROM import_run JOIN owner USING (code, customer)
     GROUP BY code, customer
"""
RUN_ORDERS = """
    INSERT INTO import_run_order (run, ref)
    SELECT run, ref FROM import_run JOIN import_order USING (code, customer)
"""
FILE_CONFLICTS = """
    INSERT INTO import_conflict (line)
    SELECT line FROM import_line
     WHERE NOT EXISTS (SELECT FROM import_run_order WHERE run = import_line.run)
"""
PLACES = """
    SELECT DISTINCT place FROM import_order
     WHERE place <> '' AND NOT EXISTS (SELECT FROM profiles_place WHERE code = import_order.place)
"""
NEW_PLACE = """
    INSERT INTO profiles_place (code, name, kind, time_zone) VALUES (%s, %s, %s, '')
    ON CONFLICT DO NOTHING
"""
CATEGORIES = """
    INSERT INTO profiles_category (name)
    SELECT DISTINCT category FROM import_product
     WHERE category <> '' AND NOT EXISTS (SELECT FROM profiles_category WHERE name = category)
     ORDER BY category
    ON CONFLICT DO NOTHING
"""
# The newest of each that the file has; a product of several stretches stands here more than once.
DESCRIBED = """
    INSERT INTO import_described (code, seen_at, name, category, url)
    SELECT code, max(seen_at),
           (array_agg(name ORDER BY seen_at DESC) FILTER (WHERE name <> ''))[1],
           (array_agg(category ORDER BY seen_at DESC) FILTER (WHERE category <> ''))[1],
           (array_agg(url ORDER BY seen_at DESC) FILTER (WHERE url <> ''))[1]
      FROM import_product GROUP BY code
"""
UNKNOWN_PRODUCTS = """
    SELECT code, coalesce(name, '') FROM import_described d
     WHERE NOT EXISTS (SELECT FROM profiles_product WHERE code = d.code)
"""
NEW_PRODUCTS = """
    INSERT INTO profiles_product (code, name, category_id, kind, url, described_at)
    SELECT d.code, coalesce(d.name, d.code), c.id,
           CASE WHEN d.code = ANY(%(charges)s) THEN %(charge)s ELSE %(goods)s END,
           coalesce(d.url, ''), d.seen_at
      FROM import_described d LEFT JOIN profiles_category c ON c.name = d.category
     WHERE NOT EXISTS (SELECT FROM profiles_product WHERE code = d.code)
     ORDER BY d.code
    ON CONFLICT DO NOTHING
"""
CHANGED_PRODUCTS = """
    UPDATE profiles_product p
       SET name = new.name, category_id = new.category_id, url = new.url, described_at = new.seen_at
      FROM (SELECT old.id, d.seen_at, coalesce(d.name, old.name) AS name,
                   coalesce(c.id, old.category_id) AS category_id, coalesce(d.url, old.url) AS url
              FROM import_described d JOIN profiles_product old ON old.code = d.code
              LEFT JOIN profiles_category c ON c.name = d.category
             WHERE old.described_at IS NULL OR old.described_at < d.seen_at
             ORDER BY old.id FOR NO KEY UPDATE OF old) new
     WHERE p.id = new.id
       AND (p.name, p.category_id, p.url) IS DISTINCT FROM (new.name, new.category_id, new.url)
"""
PRODUCT_IDS = """
    INSERT INTO import_product_id (ref, product_id)
    SELECT ref, id FROM import_product JOIN profiles_product USING (code)
"""
# One import of a source at a time: two files of it cannot complete the same order twice.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('profiles.order_rows'), %(source)s)"
NEW_CUSTOMERS = """
    WITH missing AS MATERIALIZED (
        SELECT external_id, place_id,
               nextval(pg_get_serial_sequence('profiles_customer', 'id')) AS id
          FROM (SELECT DISTINCT ON (o.customer) o.customer AS external_id, place.id AS place_id
                  FROM import_order o LEFT JOIN profiles_place place ON place.code = o.place
                 WHERE o.ref BETWEEN %(first)s AND %(last)s
                   AND NOT EXISTS (SELECT FROM profiles_profile p
                                    WHERE p.source_id = o.source_id AND p.external_id = o.customer)
                 ORDER BY o.customer, o.occurred_at DESC) newcomer
    ), people AS (
        INSERT INTO profiles_customer
               (id, public_id, name, search_name, language, time_zone, home_place_id, habits_due)
        SELECT id, gen_random_uuid(), '', '', '', '', place_id, true FROM missing
    ), known AS (
        INSERT INTO profiles_profile (customer_id, source_id, external_id)
        SELECT id, %(source)s, external_id FROM missing
    )
    INSERT INTO import_fresh (customer_id) SELECT id FROM missing
"""
RUNS = "SELECT min(run), max(run) FROM import_run_order WHERE ref BETWEEN %(first)s AND %(last)s"
BATCH = """
    INSERT INTO import_batch
    SELECT o.ref, coalesce(old.id, nextval(pg_get_serial_sequence('profiles_purchase', 'id'))),
           coalesce(old.customer_id, p.customer_id), p.id, coalesce(old.occurred_at, o.occurred_at),
           place.id, old.id IS NULL, coalesce(old.origin_profile_id = p.id, true)
      FROM import_order o
      JOIN profiles_profile p ON p.source_id = o.source_id AND p.external_id = o.customer
      LEFT JOIN profiles_purchase old ON old.source_id = o.source_id AND old.external_id = o.code
      LEFT JOIN profiles_place place ON place.code = o.place
     WHERE o.ref BETWEEN %(first)s AND %(last)s
"""
NEW_PURCHASES = """
    INSERT INTO profiles_purchase
           (id, source_id, external_id, customer_id, origin_profile_id, place_id, occurred_at)
    SELECT b.purchase_id, %(source)s, o.code, b.customer_id, b.profile_id, b.place_id, b.occurred_at
      FROM import_batch b JOIN import_order o USING (ref)
     WHERE b.is_new ORDER BY b.occurred_at
"""
MADE = """
    SELECT (SELECT coalesce(array_agg(purchase_id), '{}') FROM import_batch WHERE is_new),
           (SELECT coalesce(array_agg(customer_id), '{}') FROM import_fresh),
           (SELECT coalesce(array_agg(p.id), '{}')
              FROM import_fresh f JOIN profiles_profile p USING (customer_id))
"""
# Customer and time follow from the purchase. They lead the partition so that a single sort numbers
# equal lines and writes the rows in the order of the widest index.
_LINES = """
    SELECT b.purchase_id, b.customer_id, p.product_id, b.occurred_at, l.quantity,
           l.price AS unit_price_minor,
           row_number() OVER (PARTITION BY b.customer_id, p.product_id, b.occurred_at,
                                           b.purchase_id, l.price, l.quantity
                                  ORDER BY l.line) AS source_line
      FROM import_line l
      JOIN import_run_order r USING (run)
      JOIN import_batch b ON b.ref = r.ref
      JOIN import_product_id p ON p.ref = l.product
     WHERE l.run BETWEEN %(first_run)s AND %(last_run)s
"""
_LINE_COLUMNS = (
    "purchase_id, customer_id, product_id, occurred_at, quantity, unit_price_minor, source_line"
)
NEW_LINES = f"""
    INSERT INTO profiles_purchaseline ({_LINE_COLUMNS})
    {_LINES} AND b.is_new ORDER BY b.customer_id, p.product_id, b.occurred_at
"""
# What a purchase holds is looked up by the purchase alone, and taken off as a set: left the choice,
# a planner without fresh statistics looks through all lines of a product.
MISSING_LINES = f"""
    WITH missing AS (
        SELECT purchase_id, product_id, unit_price_minor, quantity, source_line
          FROM ({_LINES} AND NOT b.is_new AND b.is_own) l
        EXCEPT
        SELECT l.purchase_id, l.product_id, l.unit_price_minor, l.quantity, l.source_line
          FROM import_batch b JOIN profiles_purchaseline l USING (purchase_id)
         WHERE NOT b.is_new AND b.is_own
    ), added AS (
        INSERT INTO profiles_purchaseline ({_LINE_COLUMNS})
        SELECT {_LINE_COLUMNS} FROM missing JOIN import_batch USING (purchase_id)
        RETURNING id, purchase_id, customer_id
    )
    SELECT coalesce(array_agg(id), '{{}}'), count(DISTINCT purchase_id),
           coalesce(array_agg(DISTINCT customer_id), '{{}}')
      FROM added
"""
BATCH_CONFLICTS = """
    INSERT INTO import_conflict (line)
    SELECT line
      FROM import_batch b JOIN import_run_order r USING (ref) JOIN import_line l USING (run)
     WHERE NOT b.is_own
"""
# Locks each customer whatever the flag says now: learning may be about to clear it, having read the
# purchases before these.
DUE = """
    UPDATE profiles_customer SET habits_due = true
     WHERE id IN (SELECT id FROM profiles_customer
                   WHERE (id IN (SELECT customer_id FROM import_batch WHERE is_new)
                          OR id = ANY(%(completed)s))
                     AND id NOT IN (SELECT customer_id FROM import_fresh)
                   ORDER BY id FOR NO KEY UPDATE)
"""
_PEOPLE = """
    WITH newest AS (
        SELECT p.id AS profile_id, p.customer_id, i.* FROM import_person i
          JOIN profiles_profile p ON p.source_id = %(source)s AND p.external_id = i.customer
    )
"""
NAMES = (
    _PEOPLE
    + """
    UPDATE profiles_customer c SET name = n.name, search_name = n.search_name
      FROM (SELECT DISTINCT ON (customer_id) customer_id, name, search_name FROM newest
             WHERE name <> '' ORDER BY customer_id, ref DESC) n
     WHERE c.id = n.customer_id AND c.name = ''
"""
)
IDENTIFIERS = (
    _PEOPLE
    + """
    INSERT INTO profiles_identifier (kind, value, customer_id, origin_profile_id, source_id)
    SELECT DISTINCT ON (kind, value) kind, value, customer_id, profile_id, %(source)s
      FROM newest CROSS JOIN LATERAL (VALUES (%(email)s, email), (%(phone)s, phone)) i (kind, value)
     WHERE value <> '' AND NOT EXISTS (SELECT FROM profiles_identifier old
                                        WHERE old.kind = i.kind AND old.scope = ''
                                          AND old.value = i.value)
     ORDER BY kind, value, ref
    ON CONFLICT DO NOTHING
    RETURNING id
"""
)
# New addresses that have more than ASCII in them, also hidden: few, to be looked at letter by letter.
ODD_IDENTIFIERS = (
    _PEOPLE
    + """
    SELECT held.id, held.kind, held.value
      FROM newest n JOIN profiles_identifier held
        ON held.kind = %(email)s AND held.scope = '' AND held.value = n.email
     WHERE n.email <> '' AND NOT held.is_confusable
       AND (octet_length(n.email) <> length(n.email) OR n.email LIKE '%%xn--%%')
"""
)
FLAG_IDENTIFIERS = "UPDATE profiles_identifier SET is_confusable = true WHERE id = ANY(%(ids)s)"

# Addresses of this file's customers that lead to somebody else.
SHARED_IDENTIFIERS = (
    _PEOPLE
    + """
    SELECT n.customer, i.kind, i.value
      FROM newest n CROSS JOIN LATERAL (VALUES (%(email)s, email), (%(phone)s, phone)) i (kind, value)
      JOIN profiles_identifier held ON held.kind = i.kind AND held.scope = '' AND held.value = i.value
     WHERE held.customer_id <> n.customer_id
     ORDER BY n.customer, i.kind
"""
)
