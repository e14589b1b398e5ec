-- The first view of a product in a session, the first cart from then on, the first purchase from then on.
WITH viewed AS (
    SELECT *, min(event_timestamp) FILTER (event_type = 'view')
              OVER (PARTITION BY user_id, session_id, chain, piece, product_id) AS view_time FROM in_sessions),
carted AS (
    SELECT *, min(event_timestamp) FILTER (event_type = 'add_to_cart' AND event_timestamp >= view_time)
              OVER (PARTITION BY user_id, session_id, chain, piece, product_id) AS cart_time FROM viewed),
by_product AS (
    SELECT user_id, session_id, chain, piece, session_start, product_id, any_value(view_time) AS view_time,
           any_value(cart_time) AS cart_time,
           min(event_timestamp) FILTER (event_type = 'purchase' AND event_timestamp >= cart_time) AS purchase_time,
           count(*) FILTER (event_type = 'view') AS views,
           count(*) FILTER (event_type = 'add_to_cart') AS carts,
           count(*) FILTER (event_type = 'purchase') AS purchases
    FROM carted GROUP BY user_id, session_id, chain, piece, session_start, product_id),
by_session AS (
    SELECT user_id, session_start,
           count(*) FILTER (product_id IS NOT NULL AND view_time IS NOT NULL) > 0 AS viewed,
           count(*) FILTER (product_id IS NOT NULL AND cart_time IS NOT NULL) > 0 AS carted,
           count(*) FILTER (product_id IS NOT NULL AND purchase_time IS NOT NULL) > 0 AS purchased,
           list(bin((epoch_us(cart_time) - epoch_us(view_time)) // 1000000)) FILTER (product_id IS NOT NULL) AS to_cart,
           list(bin((epoch_us(purchase_time) - epoch_us(cart_time)) // 1000000)) FILTER (product_id IS NOT NULL) AS to_purchase,
           sum(views) AS views, sum(carts) AS carts, sum(purchases) AS purchases
    FROM by_product GROUP BY user_id, session_id, chain, piece, session_start),
placed AS (
    SELECT 'hour' AS grain, date_trunc('hour', session_start) AS window_start,
           date_trunc('hour', session_start) + INTERVAL 1 HOUR AS window_end, * FROM by_session
    UNION ALL
    SELECT 'day', day_start(local_day(session_start)), day_start(local_day(session_start) + 1), * FROM by_session)
SELECT grain, window_start, window_end, count(*) AS sessions,
       count(*) FILTER (viewed) AS sessions_viewed, count(*) FILTER (carted) AS sessions_carted,
       count(*) FILTER (purchased) AS sessions_purchased,
       count(DISTINCT user_id) FILTER (viewed) AS users_viewed, count(DISTINCT user_id) FILTER (carted) AS users_carted,
       count(DISTINCT user_id) FILTER (purchased) AS users_purchased,
       rate(sessions_viewed - sessions_carted, sessions_viewed) AS drop_off_to_cart,
       rate(sessions_carted - sessions_purchased, sessions_carted) AS drop_off_to_purchase,
       list_aggregate(flatten(list(to_cart)), 'quantile_disc', 0.5) AS median_view_to_cart_s,
       list_aggregate(flatten(list(to_purchase)), 'quantile_disc', 0.5) AS median_cart_to_purchase_s,
       CAST(sum(views) AS BIGINT) AS views, CAST(sum(carts) AS BIGINT) AS carts, CAST(sum(purchases) AS BIGINT) AS purchases,
       rate(sum(carts), sum(views)) AS carts_per_view, rate(sum(purchases), sum(carts)) AS purchases_per_cart,
       day_of(window_start) AS day
FROM placed GROUP BY grain, window_start, window_end
