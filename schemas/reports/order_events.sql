-- The events that name one order, in the order of time.
select epoch_ms(event_timestamp) as at, event_id, event_type, user_id, product_id, product_name, line_number, price, quantity, currency,
       coalesce(line_total, cast(price * coalesce(quantity, quantity_exact) as decimal(38, 4))) as amount,
       event_type = 'purchase' and row_number() over (
           partition by event_type, product_id, coalesce(line_number, 1 + coalesce(record_index, 0)) order by event_timestamp, event_id) > 1 as again
from live.silver
where order_id = $order
order by event_timestamp, event_id
limit $limit
