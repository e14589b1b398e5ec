-- Sessions, the newest first.
select user_id, session_id, epoch_ms(session_start) as start, epoch_ms(session_end) as "end", duration_ms, events, products, entry_page, exit_page,
       device_type, views, carts, purchases, currency, revenue, bounced, converted, abandoned_cart, abandoned_value, channel, source, is_new
from live.sessions
where session_start >= to_timestamp($from / 1000) and session_start < to_timestamp($to / 1000) and ($user = '' or user_id = $user)
  and ($kind = '' or ($kind = 'converted' and converted) or ($kind = 'abandoned' and abandoned_cart) or ($kind = 'bounced' and bounced))
order by session_start desc, user_id
limit $limit
