-- Keys of any length. An id may have 65,536 bytes, but an entry of a B-tree at most 2,704.

-- The representation of a text in a unique index: its bytes, or their SHA-256 if the text has 32 bytes or
-- more. So the representation is short, and two texts have the same one only if they are equal.
CREATE FUNCTION text_key(value text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) < 32 THEN decode(replace(value, chr(92), chr(92) || chr(92)), 'escape')
            ELSE sha256(decode(replace(value, chr(92), chr(92) || chr(92)), 'escape')) END;

DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT conrelid::regclass AS relation, conname FROM pg_constraint
                 WHERE contype = 'u' AND connamespace = current_schema()::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.relation, found.conname);
    END LOOP;
END $$;

-- The unique index NAME_key of a table defines the key of its rows. Millrace reads the key from the index.
CREATE UNIQUE INDEX product_metrics_key ON product_metrics
    ("window", window_start, text_key(product_id), text_key(product_category), currency) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX category_metrics_key ON category_metrics (window_start, text_key(product_category), currency) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX device_metrics_key ON device_metrics (window_start, text_key(device_type), currency) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX kpis_key ON kpis (grain, window_start, currency);
CREATE UNIQUE INDEX funnel_key ON funnel (grain, window_start);
CREATE UNIQUE INDEX sessions_key ON sessions (text_key(user_id), text_key(session_id), session_start) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX users_key ON users (text_key(user_id), currency, day);
CREATE UNIQUE INDEX high_interest_key ON high_interest (grain, window_start, text_key(product_id));
CREATE UNIQUE INDEX alerts_key ON alerts (sequence);

DROP INDEX product_metrics_by_product;
CREATE INDEX product_metrics_by_product ON product_metrics (text_key(product_id), window_start);

-- Refreshing a view concurrently requires a unique index on columns, so the view gets columns for the keys of
-- the product and the category. Privileges on the view are kept. If another view depends on it, it is not
-- changed.
DO $$
DECLARE
    grants text;
BEGIN
    SELECT string_agg(format('GRANT %s ON daily_products TO %s', privilege_type,
                             CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END), '; ')
    INTO grants FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = 'daily_products'::regclass;
    DROP MATERIALIZED VIEW daily_products;
    CREATE MATERIALIZED VIEW daily_products AS
    SELECT day, product_id, product_category, currency, sum(views)::bigint AS views, sum(carts)::bigint AS carts,
           sum(purchases)::bigint AS purchases, sum(revenue) AS revenue,
           text_key(product_id) AS product_key, text_key(product_category) AS category_key
    FROM product_metrics WHERE "window" = '1m'
    GROUP BY day, product_id, product_category, currency;
    CREATE UNIQUE INDEX daily_products_key ON daily_products (day, product_key, category_key, currency) NULLS NOT DISTINCT;
    EXECUTE coalesce(grants, 'SELECT 1');
EXCEPTION WHEN dependent_objects_still_exist THEN
    NULL;
END $$;
