SELECT grain, window_start, window_end, currency, count(*) AS events, count(DISTINCT user_id) AS active_users,
       count(DISTINCT {'user': user_id, 'session': session_id}) AS sessions,
       count(DISTINCT order_id) FILTER (event_type = 'purchase')
           + count(*) FILTER (event_type = 'purchase' AND order_id IS NULL) AS orders,
       coalesce(sum(coalesce(quantity, 1)) FILTER (event_type = 'purchase'), 0) AS items,
       coalesce(sum(amount) FILTER (event_type = 'purchase'), 0) AS gross_revenue,
       gross_revenue - sum(discount) - coalesce(sum(amount) FILTER (event_type IN ('refund', 'cancellation')), 0) AS net_revenue,
       rate(gross_revenue, orders) AS average_order_value,
       rate(count(DISTINCT {'user': user_id, 'session': session_id}) FILTER (event_type = 'purchase'), sessions) AS conversion,
       rate(net_revenue, active_users) AS revenue_per_visitor,
       count(*) FILTER (is_bot) AS bot_events, count(DISTINCT user_id) FILTER (is_bot) AS bot_users,
       count(DISTINCT {'user': user_id, 'session': session_id}) FILTER (is_bot) AS bot_sessions,
       day_of(window_start) AS day
FROM placed GROUP BY grain, window_start, window_end, currency
