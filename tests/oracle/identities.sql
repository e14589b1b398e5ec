SELECT hour AS window_start, hour + INTERVAL 1 HOUR AS window_end, anonymous_id, user_id, first_seen, last_seen, events,
       removed_at, day_of(hour) AS day
FROM told_identities
