SELECT in_sessions.user_id, in_sessions.session_id, session_start, session_end,
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
       bool_or(is_bot) AS is_bot, any_value(entry.channel) AS channel,
       any_value(entry.source) AS source, any_value(nullif(entry.landing_page, '')) AS landing_page,
       any_value(entry.referrer) AS referrer,
       any_value(entry.utm_source) AS utm_source, any_value(entry.utm_medium) AS utm_medium,
       any_value(entry.utm_campaign) AS utm_campaign,
       day_of(session_start) AS day
FROM in_sessions LEFT JOIN entries AS entry
  ON entry.user_id = in_sessions.user_id AND entry.session_id IS NOT DISTINCT FROM in_sessions.session_id
     AND entry.chain = in_sessions.chain AND entry.piece = in_sessions.piece
GROUP BY in_sessions.user_id, in_sessions.session_id, in_sessions.chain, in_sessions.piece, session_start, session_end
