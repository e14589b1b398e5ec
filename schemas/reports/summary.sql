-- The last day with rows, in one row: the funnel's sessions, revenue by currency, the most viewed products,
-- products of high interest, and the alerts with a sequence number above "after" that fired.
with last as (
    select max(day) as day
    from (
        select max(day) as day from live.kpis union all select max(day) from live.product_metrics union all
        select max(day) from live.funnel union all select max(day) from live.high_interest union all
        select max(day) from live.category_metrics union all select max(day) from live.device_metrics
    )
),
steps as (
    select coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(sessions_viewed), 0)::bigint as sessions_viewed,
           coalesce(sum(sessions_carted), 0)::bigint as sessions_carted, coalesce(sum(sessions_purchased), 0)::bigint as sessions_purchased
    from live.funnel join last using (day)
    where grain = 'day'
),
money as (
    select currency, orders, gross_revenue::varchar as gross_revenue, net_revenue::varchar as net_revenue
    from live.kpis join last using (day)
    where grain = 'day'
    order by currency
),
products as (
    select product_id, sum(views)::bigint as views, sum(carts)::bigint as carts, sum(purchases)::bigint as purchases
    from live.product_metrics join last using (day)
    where "window" = '1m'
    group by product_id
    order by views desc, product_id
    limit 5
),
interest as (
    select product_id, share_of_views, conversion_upper
    from live.high_interest join last using (day)
    where grain = 'day'
    order by share_of_views desc, product_id
),
fired as (
    select alert_id, rule, subject, strftime("at" at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') as "at", message
    from gold.alerts
    where state = 'firing' and sequence > $after
    order by sequence
)
select coalesce(day, '1970-01-01') as day, sessions, sessions_viewed, sessions_carted, sessions_purchased,
       coalesce((select list(money) from money), []) as revenue,
       coalesce((select list(products) from products), []) as top_products,
       coalesce((select list(interest) from interest), []) as high_interest,
       coalesce((select list(fired) from fired), []) as alerts
from last, steps
limit $limit
