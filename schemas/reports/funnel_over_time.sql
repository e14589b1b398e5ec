-- The funnel by hour or day of the sessions' start.
select epoch_ms(window_start) as start, sessions, sessions_viewed as viewed, sessions_carted as carted, sessions_purchased as purchased,
       users_viewed, users_carted, users_purchased, drop_off_to_cart, drop_off_to_purchase, median_view_to_cart_s, median_cart_to_purchase_s
from live.funnel
where grain = $grain and window_end > to_timestamp($from / 1000) and window_start < to_timestamp($to / 1000)
order by start
limit $limit
