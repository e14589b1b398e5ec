-- Today's revenue and traffic so far, and those up to the same time of yesterday and of last week.
with clock as (
    -- The clock of a visitor may be ahead, so the moment is at most the current time. The last minute of a
    -- day belongs to that day.
    select least(coalesce(max(window_end), now()), now()) as moment from live.kpis where grain = 'minute'
),
days as (
    select 'today' as day, date_trunc('day', moment - interval 1 microsecond) as start, moment as until from clock
    union all select 'yesterday', date_trunc('day', moment - interval 1 microsecond) - interval 1 day, moment - interval 1 day from clock
    union all select 'last_week', date_trunc('day', moment - interval 1 microsecond) - interval 7 days, moment - interval 7 days from clock
),
totals as (
    select days.day, minutes.currency, sum(minutes.gross_revenue) as gross_revenue, sum(minutes.net_revenue) as net_revenue,
           sum(minutes.orders)::bigint as orders, sum(minutes.events)::bigint as events
    from days join live.kpis as minutes
      on minutes.grain = 'minute' and minutes.window_start >= days.start and minutes.window_start < days.until
    group by all
)
select totals.*, today.net_revenue / nullif(totals.net_revenue, 0) - 1 as change_since
from totals left join totals as today on today.day = 'today' and today.currency = totals.currency
order by totals.day, totals.currency
