-- Views, carts, purchases and conversion by device.
select coalesce(device_type, 'unknown') as name, currency, sum(views)::bigint as views, sum(carts)::bigint as carts, sum(purchases)::bigint as purchases,
       sum(revenue) as revenue, sum(carts) / nullif(sum(views), 0) as cart_rate, sum(purchases) / nullif(sum(views), 0) as purchase_rate,
       sum(purchases) / nullif(sum(carts), 0) as purchases_per_cart
from live.device_metrics
where window_end > to_timestamp($from / 1000) and window_start < to_timestamp($to / 1000)
group by all
order by views desc, name
limit $limit
