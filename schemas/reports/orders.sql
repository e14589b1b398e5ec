-- Orders by the time of their first event, the newest first, with the channel of the session of their first purchase.
with found as (
    select *
    from live.orders
    where first_at >= to_timestamp($from / 1000) and first_at < to_timestamp($to / 1000)
      and ($search = '' or contains(lower(order_id), lower($search)) or contains(lower(user_id), lower($search)))
      and ($state = '' or ($state = 'incomplete' and not complete) or ($state = 'cancelled' and cancelled)
           or ($state = 'refunded' and refunded > 0) or ($state = 'over_refunded' and over_refunded) or ($state = 'repeated' and repeats > 0))
    order by first_at desc, order_id
    limit $limit),
came as (
    select found.order_id, found.first_at, any_value(sessions.channel) as channel
    from found join live.sessions on sessions.user_id = found.user_id and sessions.session_id is not distinct from found.session_id
         and found.first_at between sessions.session_start and sessions.session_end
    group by all)
select order_id, user_id, session_id, epoch_ms(found.first_at) as first_at, epoch_ms(last_at) as last_at, currency, lines, items, gross, discount,
       shipping, tax, total, refunded, net, repeats, refused_lines, missing, complete, cancelled, over_refunded, channel
from found left join came using (order_id, first_at)
order by found.first_at desc, order_id
