-- The ids of a visitor are its own and those that were linked to it within identity_reach around the session. A session
-- is not new when there was an event of any of them within identity_reach before it.
WITH visits AS (SELECT DISTINCT user_id AS visitor, session_start AS starts, session_end AS ends FROM in_sessions),
with_ids AS (
    SELECT *, visitor AS id FROM visits
    UNION
    SELECT visits.*, uses.id FROM visits JOIN uses ON uses.user_id = visits.visitor AND uses.first_seen <= visits.ends + getvariable('identity_reach')
              AND uses.last_seen >= visits.starts - getvariable('identity_reach')),
seen AS (SELECT DISTINCT sent_user_id AS id, event_timestamp AS moment FROM events),
returned AS (
    SELECT DISTINCT visitor, starts, ends
    FROM with_ids ASOF JOIN seen ON seen.id = with_ids.id AND seen.moment < with_ids.starts
    WHERE with_ids.starts - seen.moment <= getvariable('identity_reach'))
SELECT in_sessions.user_id, in_sessions.session_id, session_start, session_end,
       (epoch_us(session_end) - epoch_us(session_start)) // 1000 AS duration_ms,
       count(*) AS events, count(DISTINCT product_id) AS products,
       min(page_url) FILTER (event_timestamp = session_start) AS entry_page,
       min(page_url) FILTER (event_timestamp = session_end) AS exit_page,
       min(device_type) FILTER (event_timestamp = session_start) AS device_type,
       count(*) FILTER (event_type = 'view') AS views,
       count(*) FILTER (event_type = 'add_to_cart') AS carts,
       count(*) FILTER (event_type = 'purchase') AS purchases,
       CASE WHEN count(DISTINCT currency) = 1 THEN min(currency) END AS currency,
       CASE WHEN count(DISTINCT currency) = 1
            THEN coalesce(sum(amount) FILTER (event_type = 'purchase'), 0) END AS revenue,
       events = 1 AS bounced, purchases > 0 AS converted, 
       carts > 0 AND purchases = 0 AND NOT bool_or(event_type = 'repeat') AS abandoned_cart,
       CASE WHEN abandoned_cart AND count(DISTINCT in_sessions.currency) = 1
            THEN sum(amount) FILTER (event_type = 'add_to_cart') END AS abandoned_value,
       bool_or(is_bot) AS is_bot, any_value(entry.channel) AS channel,
       any_value(entry.source) AS source, any_value(nullif(entry.landing_page, '')) AS landing_page,
       any_value(entry.referrer) AS referrer,
       any_value(entry.utm_source) AS utm_source, any_value(entry.utm_medium) AS utm_medium,
       any_value(entry.utm_campaign) AS utm_campaign,
       in_sessions.user_id AS visitor_id, any_value(returned.visitor) IS NULL AS is_new,
       day_of(session_start) AS day
FROM in_sessions LEFT JOIN entries AS entry
  ON entry.user_id = in_sessions.user_id AND entry.session_id IS NOT DISTINCT FROM in_sessions.session_id
     AND entry.chain = in_sessions.chain AND entry.piece = in_sessions.piece
     LEFT JOIN returned
  ON returned.visitor = in_sessions.user_id AND returned.starts = session_start AND returned.ends = session_end
GROUP BY in_sessions.user_id, in_sessions.session_id, in_sessions.chain, in_sessions.piece, session_start, session_end
