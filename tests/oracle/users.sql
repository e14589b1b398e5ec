SELECT user_id, currency, min(event_timestamp) AS first_seen, max(event_timestamp) AS last_seen, count(*) AS events,
       count(*) FILTER (event_type = 'view') AS views,
       count(*) FILTER (event_type = 'add_to_cart') AS carts,
       count(*) FILTER (event_type = 'purchase') AS purchases,
       count(DISTINCT order_id) FILTER (event_type = 'purchase')
           + count(*) FILTER (event_type = 'purchase' AND order_id IS NULL) AS orders,
       coalesce(sum(coalesce(quantity, 1)) FILTER (event_type = 'purchase'), 0) AS items,
       coalesce(sum(amount) FILTER (event_type = 'purchase'), 0) AS gross_spend,
       gross_spend - sum(discount) - coalesce(sum(amount) FILTER (event_type IN ('refund', 'cancellation')), 0) AS net_spend,
       user_id AS visitor_id, day_of(event_timestamp) AS day
FROM events GROUP BY user_id, currency, day_of(event_timestamp)
