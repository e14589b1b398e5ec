-- Sessions with views, carts and purchases of a category's products, in whatever order.
with sessions as (
    select coalesce(product_category, 'unknown') as name, user_id, session_id, bool_or(event_type = 'view') as viewed,
           bool_or(event_type = 'add_to_cart') as carted, bool_or(event_type = 'purchase') as purchased
    from silver
    where event_type in ('view', 'add_to_cart', 'purchase') and event_date >= strftime(to_timestamp($from / 1000) at time zone 'UTC', '%Y-%m-%d')
      and event_timestamp >= to_timestamp($from / 1000) and event_timestamp < to_timestamp($to / 1000)
    group by all
)
select name, count(*) as sessions, count(*) filter (viewed) as viewed, count(*) filter (carted) as carted, count(*) filter (purchased) as purchased,
       1 - count(*) filter (carted) / nullif(count(*) filter (viewed), 0) as drop_off_to_cart,
       1 - count(*) filter (purchased) / nullif(count(*) filter (carted), 0) as drop_off_to_purchase
from sessions
group by all
order by sessions desc, name
limit $limit
