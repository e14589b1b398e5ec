WITH of_orders AS (
    SELECT *, lag(event_timestamp) OVER (PARTITION BY order_id ORDER BY event_timestamp, event_id) AS before,
           event_type IN ('purchase', 'repeat') AS is_line
    FROM events WHERE order_id IS NOT NULL AND event_type IN ('purchase', 'repeat', 'refund', 'cancellation')),
numbered AS (
    SELECT *, sum(CASE WHEN event_timestamp - before <= getvariable('order_life') THEN 0 ELSE 1 END)
              OVER (PARTITION BY order_id ORDER BY event_timestamp, event_id) AS number
    FROM of_orders),
summed AS (
    SELECT order_id,
           arg_min({'user': user_id, 'session': session_id, 'currency': currency, 'id': event_id, 'at': event_timestamp},
                   {'later': NOT is_line, 'at': event_timestamp, 'id': event_id}) AS customer,
           min(event_timestamp) AS first_at, max(event_timestamp) AS last_at,
           count(*) FILTER (event_type = 'purchase') AS lines,
           coalesce(sum(coalesce(quantity, 1)) FILTER (event_type = 'purchase'), 0) AS items,
           coalesce(sum(amount) FILTER (event_type = 'purchase'), 0) AS gross, sum(discount) AS discount,
           arg_min({'total': order_total, 'shipping': order_shipping, 'tax': order_tax, 'refused': order_refused},
                   {'at': event_timestamp, 'id': event_id}) FILTER (counts_amounts) AS says,
           coalesce(sum(amount) FILTER (event_type IN ('refund', 'cancellation')), 0) AS refunded,
           count(*) FILTER (event_type = 'repeat') AS repeats,
           bool_or(event_type = 'cancellation') AS cancelled
    FROM numbered GROUP BY order_id, number),
-- How the visitor of a purchase came, as far as the events of the session up to the purchase tell.
came AS (
    SELECT bought.event_id, arg_min(arrivals.says.channel, arrivals.place) AS channel
    FROM in_sessions AS bought JOIN arrivals
      ON arrivals.user_id = bought.user_id AND arrivals.session_id IS NOT DISTINCT FROM bought.session_id
         AND arrivals.chain = bought.chain AND arrivals.piece = bought.piece AND arrivals.event_timestamp <= bought.event_timestamp
    WHERE bought.order_id IS NOT NULL AND bought.event_type IN ('purchase', 'repeat') GROUP BY bought.event_id),
-- A price may contain the tax, and a total may leave out the shipping: what fits best counts.
compared AS (
    SELECT *, gross - discount AS charged, coalesce(says.shipping, 0) AS shipping, coalesce(says.tax, 0) AS tax,
           list_sort([{'off': abs(says.total - charged - part), 'place': place, 'missing': says.total - charged - part}
                      FOR part, place IN [0, shipping, tax, shipping + tax]])[1].missing AS missing
    FROM summed)
SELECT order_id, customer.user AS user_id, customer.session AS session_id, first_at, last_at, customer.currency AS currency,
       lines, items, gross, discount, says.shipping AS shipping, says.tax AS tax, says.total AS total, refunded,
       charged - refunded AS net, repeats, coalesce(says.refused, 0) AS refused_lines,
       CASE WHEN says.total IS NOT NULL THEN missing END AS missing,
       CASE WHEN says.total IS NOT NULL THEN missing = 0 ELSE coalesce(says.refused, 0) = 0 END AS complete,
       cancelled, refunded > greatest(charged, coalesce(says.total, charged)) AS over_refunded,
       customer.user AS visitor_id,
       CASE WHEN date_trunc('hour', customer.at) = date_trunc('hour', first_at) THEN came.channel END AS channel, day_of(first_at) AS day
FROM compared LEFT JOIN came ON came.event_id = customer.id
