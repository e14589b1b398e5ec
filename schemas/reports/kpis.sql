-- Key figures over time, by minute, hour or day.
select epoch_ms(window_start) as start, epoch_ms(window_end) as "end", currency, events, active_users, sessions, orders, items,
       gross_revenue, net_revenue, average_order_value, conversion, revenue_per_visitor,
       bot_events, bot_users, bot_sessions, events - bot_events as events_without_bots, active_users - bot_users as users_without_bots,
       sessions - bot_sessions as sessions_without_bots
from live.kpis
where grain = $grain and window_end > to_timestamp($from / 1000) and window_start < to_timestamp($to / 1000)
order by start, currency
limit $limit
