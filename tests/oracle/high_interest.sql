WITH products AS (
    SELECT grain, window_start, window_end, product_id, count(*) FILTER (event_type = 'view') AS views,
           count(*) FILTER (event_type = 'purchase') AS purchases
    FROM placed WHERE grain <> 'minute' AND product_id IS NOT NULL AND event_type IN ('view', 'purchase')
    GROUP BY grain, window_start, window_end, product_id),
shares AS (
    SELECT *, views / sum(views) OVER (PARTITION BY grain, window_start) AS share_of_views,
           rate(purchases, views) AS conversion, least(conversion, 1.0) AS p, CAST(views AS DOUBLE) AS n FROM products),
bounds AS (
    SELECT *, (p + 1.96::DOUBLE * 1.96::DOUBLE / (2 * n) + 1.96::DOUBLE * sqrt(p * (1 - p) / n + 1.96::DOUBLE * 1.96::DOUBLE / (4 * n * n)))
              / (1 + 1.96::DOUBLE * 1.96::DOUBLE / n) AS conversion_upper FROM shares)
SELECT grain, window_start, window_end, product_id, views, purchases, share_of_views, conversion, conversion_upper,
       day_of(window_start) AS day
FROM bounds WHERE views >= 100 AND share_of_views >= 0.05 AND conversion_upper < 0.03
