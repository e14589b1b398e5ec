-- One product over time.
select epoch_ms(date_trunc($grain, window_start)) as start, currency, sum(views)::bigint as views, sum(carts)::bigint as carts,
       sum(purchases)::bigint as purchases, sum(revenue) as revenue, sum(carts) / nullif(sum(views), 0) as cart_rate,
       sum(purchases) / nullif(sum(views), 0) as purchase_rate
from live.product_metrics
where "window" = '1m' and product_id = $product and window_start >= to_timestamp($from / 1000) and window_start < to_timestamp($to / 1000)
group by all
order by start, currency
limit $limit
