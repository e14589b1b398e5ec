-- The events of one visitor, with those of the ids that were linked with it, the newest first.
select epoch_ms(event_timestamp) as at, event_type, product_id, product_category, price, quantity, currency, page_url, device_type, session_id, order_id
from live.silver
where (user_id = $user or user_id in (select anonymous_id from live.identities where identities.user_id = $user)) and event_date >= strftime(to_timestamp($from / 1000) at time zone 'UTC', '%Y-%m-%d')
  and event_timestamp >= to_timestamp($from / 1000) and event_timestamp < to_timestamp($to / 1000)
order by event_timestamp desc
limit $limit
