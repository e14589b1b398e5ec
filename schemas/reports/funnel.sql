-- How far the sessions that began in this time have come.
select coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(sessions_viewed), 0)::bigint as viewed,
       coalesce(sum(sessions_carted), 0)::bigint as carted, coalesce(sum(sessions_purchased), 0)::bigint as purchased,
       (sum(sessions_viewed) - sum(sessions_carted)) / nullif(sum(sessions_viewed), 0) as drop_off_to_cart,
       (sum(sessions_carted) - sum(sessions_purchased)) / nullif(sum(sessions_carted), 0) as drop_off_to_purchase,
       sum(sessions_viewed) / nullif(sum(sessions), 0) as viewed_share, sum(sessions_carted) / nullif(sum(sessions), 0) as carted_share,
       sum(sessions_purchased) / nullif(sum(sessions), 0) as purchased_share
from live.funnel
where grain = 'hour' and window_end > to_timestamp($from / 1000) and window_start < to_timestamp($to / 1000)
