-- The funnel of the sessions that began in the period, rounded to whole hours (or days): the number of
-- sessions, and how many reached each step. The parameter "by" divides the sessions by hour, day, device or
-- category; without it, they are counted as a whole. A step only counts sessions that passed the steps before
-- it, so no rate is above 1 and no drop-off below 0. The parameter "measure" defines when a session passes a
-- step:
--   strict: a view, after it a cart and after that a purchase, all of one product, as in gold.funnel;
--   free:   a view, a cart or a purchase of any products, in any order. A purchase implies the cart, and a
--           cart the view, since real shops have purchases without a cart event, and carts without a view.
with chosen as not materialized (
    select hash(user_id, session_id, session_start) as session, hash(user_id, coalesce(session_id, '')) as visitor, session_start, session_end,
           if($by = 'device', coalesce(device_type, 'unknown'), null) as device,
           case $by when 'hour' then epoch_ms(session_start) // 3600000 * 3600000 when 'day' then epoch_ms(date_trunc('day', session_start)) end as start,
           views > 0 as viewed, carts > 0 as carted, purchases > 0 as purchased
    from live.sessions
    where session_start >= if($by = 'day', date_trunc('day', to_timestamp($from / 1000)), to_timestamp($from // 3600000 * 3600))
      and session_start < if($by = 'day', date_trunc('day', to_timestamp(($to - 1) / 1000)) + interval 1 day, to_timestamp(($to + 3599999) // 3600000 * 3600))
),
done as not materialized (
    -- A session without a purchase may have a line of an order that was sent again.
    select session, carted, if(event_type = 'purchase' and not purchased, 'repeat', event_type) as event_type, product_id, coalesce(product_category, 'unknown') as category, event_timestamp as moment
    from live.silver as silver
    join chosen on hash(silver.user_id, coalesce(silver.session_id, '')) = visitor and event_timestamp between session_start and session_end
    where event_type in ('view', 'add_to_cart', 'purchase')
      and event_date between strftime(to_timestamp($from / 1000) at time zone 'UTC' - interval 1 day, '%Y-%m-%d')
                         and strftime(to_timestamp(least($to, 253402000000000) / 1000) at time zone 'UTC' + interval 3 day, '%Y-%m-%d')
),
-- One row for each session, or one for each session and category.
visits as (
    select session, device as name, start, viewed, carted, purchased from chosen where $by <> 'category'
    union all
    select hash(session, category), category, null, bool_or(event_type = 'view'), bool_or(event_type = 'add_to_cart'), bool_or(event_type = 'purchase')
    from done
    where $by = 'category'
    group by session, category
),
-- For the strict measure: the first view of each product, the first cart after it, and the first purchase
-- after that.
carts as (
    select session, product_id, moment from done where $measure = 'strict' and carted and event_type = 'add_to_cart'
),
views as (
    select session, product_id, min(category) as category, min(moment) as viewed_at
    from (select distinct session, product_id from carts) join done using (session, product_id)
    where carted and event_type = 'view'
    group by session, product_id
),
carted as (
    select session, product_id, any_value(category) as category, any_value(viewed_at) as viewed_at, min(moment) as carted_at
    from carts join views using (session, product_id)
    where moment >= viewed_at
    group by session, product_id
),
bought as (
    select session, product_id, min(moment) as bought_at
    from done join carted using (session, product_id)
    where event_type = 'purchase' and moment >= carted_at
    group by session, product_id
),
paths as (
    select if($by = 'category', hash(session, category), session) as session, bool_or(bought_at is not null) as purchased,
           list((epoch_ms(carted_at) - epoch_ms(viewed_at)) // 1000) as to_cart_s,
           list((epoch_ms(bought_at) - epoch_ms(carted_at)) // 1000) filter (bought_at is not null) as to_purchase_s
    from carted left join bought using (session, product_id)
    group by 1
),
passed as (
    select name, start, to_cart_s, to_purchase_s,
           if($measure = 'strict', visits.viewed or to_cart_s is not null, visits.viewed or visits.carted or visits.purchased) as viewed,
           if($measure = 'strict', to_cart_s is not null, visits.carted or visits.purchased) as carted,
           if($measure = 'strict', coalesce(paths.purchased, false), visits.purchased) as purchased
    from visits left join paths using (session)
),
steps as (
    select name, start, count(*) as sessions, count(*) filter (viewed) as viewed, count(*) filter (carted) as carted,
           count(*) filter (purchased) as purchased,
           list_aggregate(flatten(list(to_cart_s)), 'quantile_disc', 0.5) as median_view_to_cart_s,
           list_aggregate(flatten(list(to_purchase_s)), 'quantile_disc', 0.5) as median_cart_to_purchase_s
    from passed
    group by name, start
)
select *, viewed / sessions as viewed_share, carted / sessions as carted_share, purchased / sessions as purchased_share,
       1 - carted / nullif(viewed, 0) as drop_off_to_cart, 1 - purchased / nullif(carted, 0) as drop_off_to_purchase
from steps
order by start, sessions desc, name
limit $limit
