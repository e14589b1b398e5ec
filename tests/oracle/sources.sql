WITH by_session AS (
    SELECT made.user_id, made.session_start, made.currency, entry.channel,
           entry.source, entry.utm_campaign AS campaign,
           nullif(entry.landing_page, '') AS landing_page,
           list(made.order_id) FILTER (made.event_type = 'purchase' AND made.order_id IS NOT NULL) AS order_ids,
           count(*) FILTER (made.event_type = 'purchase' AND made.order_id IS NULL) AS without_order_id,
           count(*) FILTER (made.event_type = 'purchase') > 0 AS converted,
           coalesce(sum(made.amount) FILTER (made.event_type = 'purchase'), 0) AS revenue
    FROM in_sessions AS made LEFT JOIN entries AS entry
      ON entry.user_id = made.user_id AND entry.session_id IS NOT DISTINCT FROM made.session_id
         AND entry.chain = made.chain AND entry.piece = made.piece
    GROUP BY made.user_id, made.session_id, made.chain, made.piece, made.session_start, made.currency, entry.channel,
             entry.source, entry.utm_campaign, entry.landing_page),
placed AS (
    SELECT 'hour' AS grain, date_trunc('hour', session_start) AS window_start,
           date_trunc('hour', session_start) + INTERVAL 1 HOUR AS window_end, * FROM by_session
    UNION ALL
    SELECT 'day', day_start(local_day(session_start)), day_start(local_day(session_start) + 1), * FROM by_session)
SELECT grain, window_start, window_end, channel, source, campaign, landing_page, currency,
       count(DISTINCT user_id) AS visitors, count(*) AS sessions, count(*) FILTER (converted) AS converted,
       coalesce(len(list_distinct(flatten(list(order_ids)))), 0) + sum(without_order_id) AS orders, sum(revenue) AS revenue,
       rate(count(*) FILTER (converted), count(*)) AS conversion, day_of(window_start) AS day
FROM placed GROUP BY grain, window_start, window_end, channel, source, campaign, landing_page, currency
