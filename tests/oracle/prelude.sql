-- What the queries of the gold tables share. `silver` is a view of the table's rows; the variables zone, session_gap,
-- inactivity and order_repeats are set. docs/metrics.md defines all of this; nothing here is taken from the program.

CREATE MACRO rate(part, whole) AS CASE WHEN whole = 0 THEN NULL ELSE CAST(part AS DOUBLE) / CAST(whole AS DOUBLE) END;
CREATE MACRO local_day(t) AS CAST(t AT TIME ZONE getvariable('zone') AS DATE);
CREATE MACRO day_start(d) AS CAST(d AS TIMESTAMP) AT TIME ZONE getvariable('zone');
CREATE MACRO day_of(t) AS strftime(local_day(t), '%Y-%m-%d');
CREATE MACRO bin(s) AS CASE WHEN s < 64 THEN s ELSE s - s % CAST(pow(2, floor(log2(s)) - 5) AS BIGINT) END;

-- A line of an order that came within order_repeats before, by event time and event_id, is a repeat.
CREATE VIEW judged AS
SELECT *, coalesce(event_type = 'purchase' AND nullif(order_id, '') IS NOT NULL AND event_timestamp - lag(event_timestamp) OVER (
              PARTITION BY event_type, order_id,
                           CASE WHEN product_id NOT LIKE 'order:%' THEN product_id END, coalesce(line_number, 1 + coalesce(record_index, 0))
              ORDER BY event_timestamp, event_id) <= getvariable('order_repeats'), false) AS is_repeat
FROM silver;

CREATE TABLE events AS
SELECT event_timestamp, CASE WHEN is_repeat THEN 'repeat' ELSE event_type END AS event_type, user_id, currency, quantity,
       nullif(product_id, '') AS product_id, nullif(product_category, '') AS product_category,
       nullif(device_type, '') AS device_type, nullif(session_id, '') AS session_id, nullif(page_url, '') AS page_url,
       nullif(order_id, '') AS order_id,
       coalesce(line_total,
                CAST(round_even(price * 10000, 0) / 10000 AS DECIMAL(18, 4)) * quantity,
                CAST(round_even(CAST(round_even(price * 10000, 0) AS DECIMAL(28, 0)) * quantity_exact, 0) / 10000 AS DECIMAL(28, 4)))
           AS amount,
       event_type IN ('view', 'add_to_cart', 'purchase', 'refund') AS is_known,
       coalesce(is_bot, false) AS is_bot
FROM judged;

-- Windows of each grain, for each event.
CREATE VIEW placed AS
SELECT 'minute' AS grain, date_trunc('minute', event_timestamp) AS window_start,
       date_trunc('minute', event_timestamp) + INTERVAL 1 MINUTE AS window_end, * FROM events
UNION ALL
SELECT 'hour', date_trunc('hour', event_timestamp), date_trunc('hour', event_timestamp) + INTERVAL 1 HOUR, * FROM events
UNION ALL
SELECT 'day', day_start(local_day(event_timestamp)), day_start(local_day(event_timestamp) + 1), * FROM events;

-- Each event with its session: (user_id, session_id, chain, piece). A chain has no gap; events at one moment are in one chain
-- (RANGE). A piece of it ends where a session that has lasted over a whole day is cut.
CREATE TABLE in_sessions AS
WITH gaps AS (
    SELECT *, CASE WHEN session_id IS NULL THEN getvariable('inactivity') ELSE getvariable('session_gap') END AS gap,
           lag(event_timestamp) OVER (PARTITION BY user_id, session_id ORDER BY event_timestamp) AS before
    FROM events),
chains AS (
    SELECT *, sum(CASE WHEN event_timestamp - before < gap THEN 0 ELSE 1 END)
              OVER (PARTITION BY user_id, session_id ORDER BY event_timestamp RANGE UNBOUNDED PRECEDING) AS chain
    FROM gaps),
pieces AS (
    SELECT *, greatest(local_day(event_timestamp),
                       local_day(min(event_timestamp) OVER (PARTITION BY user_id, session_id, chain)) + 1) AS piece
    FROM chains)
SELECT *, min(event_timestamp) OVER (PARTITION BY user_id, session_id, chain, piece) AS session_start,
       max(event_timestamp) OVER (PARTITION BY user_id, session_id, chain, piece) AS session_end
FROM pieces;
