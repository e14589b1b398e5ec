-- One order; several rows where its order_id was used again much later.
select order_id, user_id, session_id, epoch_ms(first_at) as first_at, epoch_ms(last_at) as last_at, currency, lines, items, gross, discount,
       shipping, tax, total, refunded, net, repeats, refused_lines, missing, complete, cancelled, over_refunded, channel
from live.orders
where order_id = $order
order by live.orders.first_at desc
limit $limit
