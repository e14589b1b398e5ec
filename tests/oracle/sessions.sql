SELECT user_id, session_id, session_start, session_end,
       (epoch_us(session_end) - epoch_us(session_start)) // 1000 AS duration_ms,
       count(*) AS events, count(DISTINCT product_id) AS products,
       min(page_url) FILTER (event_timestamp = session_start) AS entry_page,
       min(page_url) FILTER (event_timestamp = session_end) AS exit_page,
       min(device_type) FILTER (event_timestamp = session_start) AS device_type,
       count(*) FILTER (event_type = 'view') AS views,
       count(*) FILTER (event_type = 'add_to_cart') AS carts,
       count(*) FILTER (event_type = 'purchase') AS purchases,
       CASE WHEN count(DISTINCT currency) = 1 THEN min(currency) END AS currency,
       CASE WHEN count(DISTINCT currency) = 1
            THEN coalesce(sum(amount) FILTER (event_type = 'purchase'), 0) END AS revenue,
       events = 1 AS bounced, purchases > 0 AS converted, 
       carts > 0 AND purchases = 0 AND NOT bool_or(event_type = 'repeat') AS abandoned_cart,
       CASE WHEN abandoned_cart AND count(DISTINCT in_sessions.currency) = 1
            THEN sum(amount) FILTER (event_type = 'add_to_cart') END AS abandoned_value,
       bool_or(is_bot) AS is_bot,
       day_of(session_start) AS day
FROM in_sessions GROUP BY user_id, session_id, chain, piece, session_start, session_end
