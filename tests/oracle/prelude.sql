-- What the queries of the gold tables share. `silver` is a view of the table's rows; the variables zone, session_gap,
-- inactivity, order_repeats, order_life and identity_reach are set. docs/metrics.md defines all of this; nothing here is
-- taken from the program.

CREATE MACRO rate(part, whole) AS CASE WHEN whole = 0 THEN NULL ELSE CAST(part AS DOUBLE) / CAST(whole AS DOUBLE) END;
CREATE MACRO local_day(t) AS CAST(t AT TIME ZONE getvariable('zone') AS DATE);
CREATE MACRO day_start(d) AS CAST(d AS TIMESTAMP) AT TIME ZONE getvariable('zone');
CREATE MACRO day_of(t) AS strftime(local_day(t), '%Y-%m-%d');
CREATE MACRO bin(s) AS CASE WHEN s < 64 THEN s ELSE s - s % CAST(pow(2, floor(log2(s)) - 5) AS BIGINT) END;

-- Where a visit came from. A host is shop.example of https://www.shop.example:443/, and its site is a domain that someone
-- has registered.
CREATE MACRO host_of(url) AS regexp_replace(regexp_extract(lower(url), '://([^/?#]*)', 1), '^(?:[^@]*@)?(?:www[.])?([^:]*).*$', '\1');
CREATE MACRO site_of(host) AS
    regexp_extract(host, '([^.]+[.](?:(?:co|com|org|net|ac|gov|ne|or)[.][a-z]{2}|[^.]+))$', 1);
CREATE MACRO channel_of(medium, source, host, page) AS CASE
    WHEN regexp_matches(coalesce(medium, ''), '^(paid.*|cp[acmpv]|ppc|display|affiliate)$', 'i')
         OR regexp_matches(coalesce(page, ''), '[?].*(gclid|msclkid)=') THEN 'paid'
    WHEN lower(medium) IN ('email', 'newsletter') OR lower(source) IN ('email', 'newsletter') OR host = 'mail.google.com' THEN 'mail'
    WHEN lower(medium) = 'social' OR split_part(site_of(coalesce(lower(source), host)), '.', 1) IN ('facebook', 'reddit', 'instagram', 'pinterest', 'tiktok', 'youtube')
         OR lower(source) IN ('facebook', 'instagram') THEN 'social'
    WHEN medium = 'organic' OR lower(source) IN ('google', 'bing') OR (source IS NULL AND (host = 'uk.search.yahoo.com' OR host IN ('google.com', 'bing.com', 'duckduckgo.com')))
         THEN 'search'
    WHEN coalesce(source, medium, nullif(host, '')) IS NOT NULL THEN 'referral'
    ELSE 'direct' END;

-- Messages that tell whose an id is are no events of the shop.
CREATE MACRO is_identity(kind) AS kind IN ('identify', 'alias', 'unlink');

-- Scripts write these where they have no order_id.
CREATE MACRO order_of(id) AS
    CASE WHEN lower(id) NOT IN ('', '0', 'undefined', 'null', 'none', 'nan', '(not set)', 'not set', 'false') THEN id END;

CREATE VIEW sent AS
SELECT * REPLACE (order_of(order_id) AS order_id),
       event_type IN ('order_cancelled', 'order_canceled', 'cancellation', 'cancel') AS is_cancellation,
       event_type = 'purchase' AND order_of(order_id) IS NOT NULL AND (
           order_total IS NOT NULL OR order_discount IS NOT NULL OR order_shipping IS NOT NULL OR order_tax IS NOT NULL
           OR order_refused > 0) AS has_amounts,
       coalesce(line_total,
                CAST(round_even(price * 10000, 0) / 10000 AS DECIMAL(18, 4)) * quantity,
                CAST(round_even(CAST(round_even(price * 10000, 0) AS DECIMAL(28, 0)) * quantity_exact, 0) / 10000 AS DECIMAL(28, 4)))
           AS amount
FROM silver WHERE NOT is_identity(event_type);

-- A line of an order that came within order_repeats before, by event time and event_id, is a repeat. What the sender says
-- of the whole order counts with the first line that has it.
CREATE TABLE judged AS
SELECT *, coalesce(event_type = 'purchase' AND order_id IS NOT NULL AND event_timestamp - lag(event_timestamp) OVER (
              PARTITION BY event_type, order_id,
                           CASE WHEN product_id NOT LIKE 'order:%' THEN product_id END, coalesce(line_number, 1 + coalesce(record_index, 0))
              ORDER BY event_timestamp, event_id) <= getvariable('order_repeats'), false) AS is_repeat,
       has_amounts AND coalesce(event_timestamp - lag(event_timestamp) OVER (
              PARTITION BY has_amounts, order_id ORDER BY event_timestamp, event_id) > getvariable('order_repeats'), true)
           AS counts_amounts
FROM sent;

-- What each cancellation of an order refunds: what is left of the lines that count within order_repeats before it. The
-- cancellations of one order follow one another.
CREATE TABLE cancellations AS
WITH RECURSIVE worth AS (
    SELECT order_id, event_timestamp, event_id, event_type = 'purchase' AND NOT is_repeat AS is_line,
           CASE WHEN event_type = 'refund' THEN -amount WHEN event_type = 'purchase' AND NOT is_repeat THEN amount ELSE 0 END
               - CASE WHEN counts_amounts THEN abs(coalesce(order_discount, 0)) ELSE 0 END AS amount
    FROM judged WHERE order_id IS NOT NULL AND event_type IN ('purchase', 'refund')),
left_over AS (
    SELECT sent.order_id, sent.event_id, sent.event_timestamp, coalesce(sent.amount, 0) AS says,
           coalesce(bool_or(worth.is_line), false) AS has_lines, coalesce(sum(worth.amount), 0) AS remains
    FROM judged AS sent LEFT JOIN worth
      ON worth.order_id = sent.order_id AND sent.event_timestamp - worth.event_timestamp <= getvariable('order_repeats')
         AND (worth.event_timestamp, worth.event_id) < (sent.event_timestamp, sent.event_id)
    WHERE sent.is_cancellation AND sent.order_id IS NOT NULL
    GROUP BY ALL),
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY event_timestamp, event_id) AS number FROM left_over),
told AS (
    SELECT order_id, number, event_id, CAST(CASE WHEN has_lines THEN greatest(remains, 0) ELSE says END AS DECIMAL(38, 4)) AS refund,
           [{'at': event_timestamp, 'refund': CAST(CASE WHEN has_lines THEN greatest(remains, 0) ELSE says END AS DECIMAL(38, 4))}] AS before
    FROM numbered WHERE number = 1
    UNION ALL
    SELECT order_id, number, event_id, refund, list_append(before, {'at': event_timestamp, 'refund': refund})
    FROM (SELECT numbered.*, told.before,
                 CAST(CASE WHEN has_lines THEN greatest(remains - coalesce(list_sum(list_transform(
                     list_filter(told.before, lambda each: numbered.event_timestamp - each.at <= getvariable('order_repeats')),
                     lambda each: each.refund)), 0), 0) ELSE says END AS DECIMAL(38, 4)) AS refund
          FROM numbered JOIN told ON told.order_id = numbered.order_id AND numbered.number = told.number + 1))
SELECT event_id, refund FROM told;

-- What each hour tells of an id and a user: messages with both of them, and unlinks.
CREATE TABLE told_identities AS
SELECT anonymous_id, user_id, date_trunc('hour', event_timestamp) AS hour,
       min(event_timestamp) FILTER (event_type <> 'unlink') AS first_seen,
       max(event_timestamp) FILTER (event_type <> 'unlink') AS last_seen,
       count(*) FILTER (event_type <> 'unlink') AS events,
       max(event_timestamp) FILTER (event_type = 'unlink') AS removed_at
FROM silver WHERE nullif(anonymous_id, '') <> user_id GROUP BY ALL;

-- What the last unlink of an id and a user leaves of them.
CREATE TABLE uses AS
SELECT anonymous_id AS id, user_id,
       CASE WHEN first_seen <= unlinked THEN last_seen ELSE first_seen END AS first_seen, last_seen
FROM (SELECT *, max(removed_at) OVER (PARTITION BY anonymous_id, user_id) AS unlinked FROM told_identities)
WHERE last_seen IS NOT NULL AND coalesce(last_seen > unlinked, true);

CREATE TABLE points AS
SELECT id, moment, min(user_id) AS smallest, max(user_id) AS greatest
FROM (SELECT id, user_id, unnest([first_seen, last_seen]) AS moment FROM uses) GROUP BY id, moment;

-- The rows of a table with the owner of each id at a moment: the user of the latest point that is not after it, or else of
-- the earliest one after it, within identity_reach; or else the id itself.
CREATE MACRO with_owner(ids) AS TABLE
SELECT named.*, CASE WHEN named.moment - before.moment <= getvariable('identity_reach') THEN before.greatest
                     WHEN later.moment - named.moment <= getvariable('identity_reach') THEN later.smallest
                     ELSE named.id END AS owner
FROM query_table(ids) AS named
     ASOF LEFT JOIN points AS before ON before.id = named.id AND before.moment <= named.moment
     ASOF LEFT JOIN points AS later ON later.id = named.id AND later.moment > named.moment;

-- The visitor of an event is the owner of the owner of its user_id.
CREATE VIEW sent_ids AS SELECT DISTINCT user_id AS id, event_timestamp AS moment FROM sent;
CREATE TABLE first_owners AS SELECT id AS sent_user_id, moment, owner AS id FROM with_owner('sent_ids');
CREATE TABLE visitors AS SELECT sent_user_id, moment, owner AS visitor FROM with_owner('first_owners');

CREATE TABLE events AS
SELECT event_timestamp, event_id, visitor AS user_id, sent_user_id, currency, quantity,
       CASE WHEN is_repeat THEN 'repeat' WHEN is_cancellation THEN 'cancellation' ELSE event_type END AS event_type,
       nullif(product_id, '') AS product_id, nullif(product_category, '') AS product_category,
       nullif(device_type, '') AS device_type, nullif(session_id, '') AS session_id, nullif(page_url, '') AS page_url,
       nullif(referrer, '') AS referrer, nullif(utm_source, '') AS utm_source, nullif(utm_medium, '') AS utm_medium,
       nullif(utm_campaign, '') AS utm_campaign,
       order_id, coalesce(refund, amount) AS amount,
       CASE WHEN counts_amounts THEN abs(coalesce(order_discount, 0)) ELSE 0 END AS discount, counts_amounts,
       order_total, order_shipping, order_tax, order_refused,
       event_type IN ('view', 'add_to_cart', 'purchase', 'refund') AS is_known,
       coalesce(is_bot, false) AS is_bot
FROM judged LEFT JOIN cancellations USING (event_id)
     JOIN visitors ON visitors.sent_user_id = judged.user_id AND visitors.moment = judged.event_timestamp;

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

-- What each event that has a page, a referrer or a campaign says of how its visitor came.
CREATE TABLE arrivals AS
WITH pages AS (
    SELECT user_id, session_id, chain, piece, event_timestamp, page_url, utm_source, utm_medium, utm_campaign,
           CASE WHEN host_of(referrer) <> '' AND site_of(host_of(referrer)) IS DISTINCT FROM site_of(host_of(page_url))
                THEN regexp_extract(referrer, '^[^?#]*') END AS referrer,
           regexp_extract(page_url, '^[^?#]*') AS page
    FROM in_sessions
    WHERE coalesce(page_url, referrer, utm_source, utm_medium, utm_campaign) IS NOT NULL),
described AS (
    SELECT *, channel_of(utm_medium, utm_source, host_of(referrer), page_url) AS channel,
           CASE WHEN contains(page, '://') THEN coalesce(nullif(regexp_extract(page, '://[^/]*(.*)$', 1), ''), '/') ELSE page END AS landing_page
    FROM pages)
SELECT user_id, session_id, chain, piece, event_timestamp,
       {'channel': channel, 'source': coalesce(utm_source, nullif(host_of(referrer), '')), 'utm_source': utm_source, 'utm_medium': utm_medium, 'utm_campaign': utm_campaign,
        'referrer': referrer, 'landing_page': landing_page} AS says,
       {'at': event_timestamp, 'text': concat_ws(chr(31), channel, coalesce(utm_source, host_of(referrer), ''), coalesce(utm_source, ''), coalesce(utm_medium, ''),
           coalesce(utm_campaign, ''), coalesce(referrer, ''), coalesce(landing_page, ''), '')} AS place
FROM described;

-- What the first one of each session says; of several at that time, the smallest text.
CREATE TABLE entries AS
SELECT user_id, session_id, chain, piece, unnest(arg_min(says, place)) FROM arrivals GROUP BY user_id, session_id, chain, piece;
