-- Orders by the time of their first event, the newest first.
select order_id, user_id, session_id, epoch_ms(first_at) as first_at, epoch_ms(last_at) as last_at, currency, lines, items, gross, discount,
       shipping, tax, total, refunded, net, repeats, refused_lines, missing, complete, cancelled, over_refunded, channel
from live.orders
where live.orders.first_at >= to_timestamp($from / 1000) and live.orders.first_at < to_timestamp($to / 1000)
  and ($search = '' or contains(lower(order_id), lower($search)) or contains(lower(user_id), lower($search)))
  and ($state = '' or ($state = 'incomplete' and not complete) or ($state = 'cancelled' and cancelled)
       or ($state = 'refunded' and refunded > 0) or ($state = 'over_refunded' and over_refunded) or ($state = 'repeated' and repeats > 0))
order by live.orders.first_at desc, order_id
limit $limit
