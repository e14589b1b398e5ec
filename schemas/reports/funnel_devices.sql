-- Sessions with views, carts and purchases (of whatever product, in whatever order), by device.
select coalesce(device_type, 'unknown') as name, count(*) as sessions, count(*) filter (views > 0) as viewed, count(*) filter (carts > 0) as carted,
       count(*) filter (converted) as purchased, 1 - count(*) filter (carts > 0) / nullif(count(*) filter (views > 0), 0) as drop_off_to_cart,
       1 - count(*) filter (converted) / nullif(count(*) filter (carts > 0), 0) as drop_off_to_purchase
from live.sessions
where session_start >= to_timestamp($from / 1000) and session_start < to_timestamp($to / 1000)
group by all
order by sessions desc, name
limit $limit
