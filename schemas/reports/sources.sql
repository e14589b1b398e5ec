-- Sessions by where they came from: by channel, source, campaign or landing page. They began in the hours of the time range.
with figures as (
    select case $group when 'source' then source when 'campaign' then campaign when 'landing_page' then landing_page else channel end as name,
           currency, sum(sessions)::bigint as sessions, sum(converted)::bigint as converted, sum(orders)::bigint as orders, sum(revenue) as revenue
    from live.sources
    where grain = 'hour' and window_start >= date_trunc('hour', to_timestamp($from / 1000)) and window_start < to_timestamp($to / 1000)
    group by all
),
people as (
    select case $group when 'source' then source when 'campaign' then utm_campaign when 'landing_page' then landing_page else channel end as name,
           count(distinct user_id) as visitors
    from live.sessions
    where session_start >= date_trunc('hour', to_timestamp($from / 1000))
      and session_start < date_trunc('hour', to_timestamp(($to - 1) / 1000)) + interval 1 hour
    group by all
)
select figures.name, currency, coalesce(visitors, 0) as visitors, sessions, converted, orders, revenue, converted / nullif(sessions, 0) as conversion
from figures left join people on people.name is not distinct from figures.name
order by sessions desc, figures.name, currency
limit $limit
