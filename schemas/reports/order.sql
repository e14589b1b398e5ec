-- One order, with the channel of the session of its first purchase; several rows where its order_id was used again much later.
with came as (
    select orders.first_at, any_value(sessions.channel) as channel
    from live.orders join live.sessions on sessions.user_id = orders.user_id and sessions.session_id is not distinct from orders.session_id
         and orders.first_at between sessions.session_start and sessions.session_end
    where order_id = $order
    group by all)
select order_id, user_id, session_id, epoch_ms(orders.first_at) as first_at, epoch_ms(last_at) as last_at, currency, lines, items, gross, discount,
       shipping, tax, total, refunded, net, repeats, refused_lines, missing, complete, cancelled, over_refunded, channel
from live.orders left join came using (first_at)
where order_id = $order
order by orders.first_at desc
limit $limit
