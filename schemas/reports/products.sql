-- Views, carts, purchases and conversion of each product.
with totals as (
    select product_id, currency, max(product_category) as product_category, sum(views)::bigint as views, sum(carts)::bigint as carts,
           sum(purchases)::bigint as purchases, sum(revenue) as revenue
    from live.product_metrics
    where "window" = '1m' and window_start >= to_timestamp($from / 1000) and window_start < to_timestamp($to / 1000)
    group by product_id, currency
),
marked as (
    select distinct product_id from live.high_interest
    where grain = 'hour' and window_start >= to_timestamp($from / 1000) - interval 1 hour and window_start < to_timestamp($to / 1000)
)
select product_id, product_category, currency, views, carts, purchases, revenue, carts / nullif(views, 0) as cart_rate,
       purchases / nullif(views, 0) as purchase_rate, views / nullif(sum(views) over (), 0) as share_of_views,
       product_id in (from marked) as high_interest
from totals
order by views desc, product_id
limit $limit
