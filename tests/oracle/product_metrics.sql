WITH windows AS (
    SELECT '1m' AS "window", INTERVAL 1 MINUTE AS length, INTERVAL 0 MINUTE AS shift
    UNION ALL SELECT '5m', INTERVAL 5 MINUTE, to_minutes(m) FROM range(5) AS minutes(m)),
placed AS (
    SELECT "window", date_trunc('minute', event_timestamp) - shift AS window_start,
           date_trunc('minute', event_timestamp) - shift + length AS window_end, events.*
    FROM events, windows WHERE is_known AND product_id IS NOT NULL)
SELECT "window", window_start, window_end, product_id, product_category, currency,
       count(*) FILTER (event_type = 'view') AS views,
       count(*) FILTER (event_type = 'add_to_cart') AS carts,
       count(*) FILTER (event_type = 'purchase') AS purchases,
       count(DISTINCT user_id) AS users,
       coalesce(sum(amount) FILTER (event_type = 'purchase'), 0) AS revenue,
       rate(carts, views) AS cart_rate, rate(purchases, views) AS purchase_rate,
       day_of(window_start) AS day
FROM placed GROUP BY "window", window_start, window_end, product_id, product_category, currency
