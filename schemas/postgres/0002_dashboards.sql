-- Small views for dashboards. Millrace refreshes them after their tables have changed.

CREATE MATERIALIZED VIEW daily_kpis AS
SELECT day, currency, events, active_users, sessions, orders, items, gross_revenue, net_revenue, average_order_value,
       conversion, revenue_per_visitor, closed
FROM kpis WHERE grain = 'day';
CREATE UNIQUE INDEX daily_kpis_key ON daily_kpis (day, currency);

CREATE MATERIALIZED VIEW daily_products AS
SELECT day, product_id, product_category, currency, sum(views)::bigint AS views, sum(carts)::bigint AS carts,
       sum(purchases)::bigint AS purchases, sum(revenue) AS revenue
FROM product_metrics WHERE "window" = '1m'
GROUP BY day, product_id, product_category, currency;
CREATE UNIQUE INDEX daily_products_key ON daily_products (day, product_id, product_category, currency) NULLS NOT DISTINCT;

CREATE MATERIALIZED VIEW firing_alerts AS
SELECT alert_id, rule, subject, severity, at, started_at, value, threshold, message
FROM alerts AS fired
WHERE state = 'firing'
  AND NOT EXISTS (SELECT 1 FROM alerts AS later WHERE later.alert_id = fired.alert_id AND later.state = 'resolved');
CREATE UNIQUE INDEX firing_alerts_key ON firing_alerts (alert_id);
