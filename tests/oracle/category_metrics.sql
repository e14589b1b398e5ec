SELECT window_start, window_end, product_category, currency,
       count(*) FILTER (event_type = 'view') AS views,
       count(*) FILTER (event_type = 'add_to_cart') AS carts,
       count(*) FILTER (event_type = 'purchase') AS purchases,
       count(DISTINCT user_id) AS users,
       coalesce(sum(amount) FILTER (event_type = 'purchase'), 0) AS revenue,
       rate(carts, views) AS cart_rate, rate(purchases, views) AS purchase_rate,
       day_of(window_start) AS day
FROM placed WHERE grain = 'hour' AND is_known GROUP BY window_start, window_end, product_category, currency
