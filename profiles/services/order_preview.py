"""What staged orders would bring, counted without storing any of them."""

# Orders of others are told by the same rule as in ``order_statements.BATCH``.
CONFLICTS = """
    INSERT INTO import_conflict (line)
    SELECT l.line
      FROM import_line l
      JOIN import_run_order r USING (run)
      JOIN import_order o ON o.ref = r.ref
      JOIN profiles_purchase old ON old.source_id = o.source_id AND old.external_id = o.code
      LEFT JOIN profiles_profile p ON p.source_id = o.source_id AND p.external_id = o.customer
     WHERE old.origin_profile_id IS DISTINCT FROM p.id
"""
# Equal lines of an order are counted, as in ``order_statements.MISSING_LINES``.
COUNTS = """
    WITH staged AS (
        SELECT o.ref, old.id AS purchase_id, p.id AS profile_id, old.origin_profile_id
          FROM import_order o
          LEFT JOIN profiles_purchase old
                 ON old.source_id = o.source_id AND old.external_id = o.code
          LEFT JOIN profiles_profile p
                 ON p.source_id = o.source_id AND p.external_id = o.customer
    ), line AS (
        SELECT s.ref, s.purchase_id, s.profile_id = s.origin_profile_id AS is_own, a.code, l.price,
               l.quantity,
               row_number() OVER (PARTITION BY s.ref, a.code, l.price, l.quantity ORDER BY l.line) AS n
          FROM import_line l
          JOIN import_run_order r USING (run)
          JOIN staged s ON s.ref = r.ref
          JOIN import_product a ON a.ref = l.product
    ), missing AS (
        SELECT purchase_id, code::text, price, quantity, n FROM line
         WHERE purchase_id IS NOT NULL AND is_own
        EXCEPT
        SELECT h.purchase_id, a.code, h.unit_price_minor, h.quantity, h.source_line
          FROM staged s
          JOIN profiles_purchaseline h ON h.purchase_id = s.purchase_id
          JOIN profiles_product a ON a.id = h.product_id
         WHERE s.profile_id = s.origin_profile_id
    )
    SELECT (SELECT count(DISTINCT o.customer) FROM import_order o
             WHERE NOT EXISTS (SELECT FROM profiles_profile p
                                WHERE p.source_id = o.source_id AND p.external_id = o.customer)),
           (SELECT count(*) FROM import_described d
             WHERE NOT EXISTS (SELECT FROM profiles_product WHERE code = d.code)),
           (SELECT count(DISTINCT place) FROM import_order
             WHERE place <> ''
               AND NOT EXISTS (SELECT FROM profiles_place WHERE code = import_order.place)),
           (SELECT count(*) FROM staged WHERE purchase_id IS NULL),
           (SELECT count(DISTINCT purchase_id) FROM missing),
           (SELECT count(*) FROM line WHERE purchase_id IS NULL) + (SELECT count(*) FROM missing)
"""
SAMPLE = """
    SELECT min(l.line), o.customer, count(*)
      FROM import_order o
      JOIN import_run_order r ON r.ref = o.ref
      JOIN import_line l USING (run)
     WHERE o.ref <= 200
       AND NOT EXISTS (SELECT FROM profiles_purchase old
                        WHERE old.source_id = o.source_id AND old.external_id = o.code)
     GROUP BY o.ref, o.customer ORDER BY min(l.line) LIMIT 20
"""
