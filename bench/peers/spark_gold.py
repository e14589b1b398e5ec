"""All of Gold's tables by Spark SQL, in batch, from silver's Parquet files to Parquet files.

    spark_gold.py SILVER TARGET

Prints the number of rows written. The queries are DuckDB's (tests/oracle) in Spark's dialect. Days are UTC's.
"""

import sys

from pyspark.sql import SparkSession

silver, target = sys.argv[1:3]
spark = (
    SparkSession.builder.master("local[2]")
    .appName("gold")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.driver.memory", "6g")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.shuffle.compress", "false")
    .config("spark.shuffle.spill.compress", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
spark.read.parquet(silver).createOrReplaceTempView("silver")


def rate(part, whole):
    return f"CASE WHEN ({whole}) <> 0 THEN CAST({part} AS DOUBLE) / CAST({whole} AS DOUBLE) END"


def view(name, query):
    spark.sql(query).createOrReplaceTempView(name)


spark.sql("""
    SELECT event_timestamp, event_type, user_id, currency, quantity, nullif(product_id, '') AS product_id,
           nullif(product_category, '') AS product_category, nullif(device_type, '') AS device_type, nullif(session_id, '') AS session_id,
           nullif(page_url, '') AS page_url, nullif(order_id, '') AS order_id,
           CAST(bround(price * 10000, 0) AS BIGINT) * quantity AS amount,
           event_type IN ('view', 'add_to_cart', 'purchase', 'refund') AS is_known
    FROM silver""").cache().createOrReplaceTempView("events")
view(
    "placed",
    """
    SELECT 'minute' AS grain, date_trunc('minute', event_timestamp) AS window_start, * FROM events
    UNION ALL SELECT 'hour', date_trunc('hour', event_timestamp), * FROM events
    UNION ALL SELECT 'day', date_trunc('day', event_timestamp), * FROM events""",
)

INTEREST = f"""
    count(*) FILTER (WHERE event_type = 'view') AS views, count(*) FILTER (WHERE event_type = 'add_to_cart') AS carts,
    count(*) FILTER (WHERE event_type = 'purchase') AS purchases, count(DISTINCT user_id) AS users,
    coalesce(sum(amount) FILTER (WHERE event_type = 'purchase'), 0) AS revenue,
    {rate("count(*) FILTER (WHERE event_type = 'add_to_cart')", "count(*) FILTER (WHERE event_type = 'view')")} AS cart_rate,
    {rate("count(*) FILTER (WHERE event_type = 'purchase')", "count(*) FILTER (WHERE event_type = 'view')")} AS purchase_rate"""
MONEY = """
    count(DISTINCT order_id) FILTER (WHERE event_type = 'purchase')
        + count(*) FILTER (WHERE event_type = 'purchase' AND order_id IS NULL) AS orders,
    coalesce(sum(quantity) FILTER (WHERE event_type = 'purchase'), 0) AS items,
    coalesce(sum(amount) FILTER (WHERE event_type = 'purchase'), 0) AS gross,
    coalesce(sum(amount) FILTER (WHERE event_type = 'purchase'), 0)
        - coalesce(sum(amount) FILTER (WHERE event_type = 'refund'), 0) AS net"""
PIECE = "user_id, session_id, chain, piece"

view(
    "gaps",
    """
    SELECT *, CASE WHEN session_id IS NULL THEN INTERVAL 30 MINUTES ELSE INTERVAL 4 HOURS END AS gap,
           lag(event_timestamp) OVER (PARTITION BY user_id, session_id ORDER BY event_timestamp) AS before FROM events""",
)
view(
    "chains",
    """
    SELECT *, sum(CASE WHEN event_timestamp - before < gap THEN 0 ELSE 1 END)
              OVER (PARTITION BY user_id, session_id ORDER BY event_timestamp RANGE UNBOUNDED PRECEDING) AS chain FROM gaps""",
)
view(
    "pieces",
    """
    SELECT *, greatest(to_date(event_timestamp),
                       date_add(to_date(min(event_timestamp) OVER (PARTITION BY user_id, session_id, chain)), 1)) AS piece FROM chains""",
)
spark.sql(f"""
    SELECT *, min(event_timestamp) OVER (PARTITION BY {PIECE}) AS session_start,
           max(event_timestamp) OVER (PARTITION BY {PIECE}) AS session_end FROM pieces""").cache().createOrReplaceTempView(
    "in_sessions"
)
view(
    "viewed",
    f"""
    SELECT *, min(CASE WHEN event_type = 'view' THEN event_timestamp END) OVER (PARTITION BY {PIECE}, product_id) AS view_time
    FROM in_sessions""",
)
view(
    "carted",
    f"""
    SELECT *, min(CASE WHEN event_type = 'add_to_cart' AND event_timestamp >= view_time THEN event_timestamp END)
              OVER (PARTITION BY {PIECE}, product_id) AS cart_time FROM viewed""",
)
view(
    "by_product",
    f"""
    SELECT {PIECE}, session_start, product_id, any_value(view_time) AS view_time, any_value(cart_time) AS cart_time,
           min(event_timestamp) FILTER (WHERE event_type = 'purchase' AND event_timestamp >= cart_time) AS purchase_time,
           count(*) FILTER (WHERE event_type = 'view') AS views, count(*) FILTER (WHERE event_type = 'add_to_cart') AS carts,
           count(*) FILTER (WHERE event_type = 'purchase') AS purchases
    FROM carted GROUP BY {PIECE}, session_start, product_id""",
)
SECONDS = "(unix_micros({0}) - unix_micros({1})) DIV 1000000"
BIN = "CASE WHEN {0} < 64 THEN {0} ELSE {0} - {0} % CAST(pow(2, floor(log2({0})) - 5) AS BIGINT) END"
TO_CART, TO_PURCHASE = SECONDS.format("cart_time", "view_time"), SECONDS.format("purchase_time", "cart_time")
view(
    "by_session",
    f"""
    SELECT user_id, session_start, bool_or(product_id IS NOT NULL AND view_time IS NOT NULL) AS viewed,
           bool_or(product_id IS NOT NULL AND cart_time IS NOT NULL) AS carted,
           bool_or(product_id IS NOT NULL AND purchase_time IS NOT NULL) AS purchased,
           collect_list({BIN.format(TO_CART)}) FILTER (WHERE product_id IS NOT NULL) AS to_cart,
           collect_list({BIN.format(TO_PURCHASE)}) FILTER (WHERE product_id IS NOT NULL) AS to_purchase,
           sum(views) AS views, sum(carts) AS carts, sum(purchases) AS purchases
    FROM by_product GROUP BY {PIECE}, session_start""",
)
view(
    "sessions_placed",
    """
    SELECT 'hour' AS grain, date_trunc('hour', session_start) AS window_start, * FROM by_session
    UNION ALL SELECT 'day', date_trunc('day', session_start), * FROM by_session""",
)
MEDIAN = "element_at(array_sort(flatten(collect_list({0}))), CAST(greatest(ceil(size(flatten(collect_list({0}))) * 0.5), 1) AS INT))"

TABLES = {
    "product_metrics": f"""
        SELECT kind, window_start, product_id, product_category, currency, {INTEREST} FROM (
            SELECT '1m' AS kind, date_trunc('minute', event_timestamp) AS window_start, * FROM events
            UNION ALL SELECT '5m', date_trunc('minute', event_timestamp) - make_interval(0, 0, 0, 0, 0, shift, 0), events.*
            FROM events CROSS JOIN (SELECT explode(sequence(0, 4)) AS shift))
        WHERE is_known AND product_id IS NOT NULL GROUP BY kind, window_start, product_id, product_category, currency""",
    "category_metrics": f"""SELECT window_start, product_category, currency, {INTEREST} FROM placed WHERE grain = 'hour' AND is_known
        GROUP BY window_start, product_category, currency""",
    "device_metrics": f"""SELECT window_start, device_type, currency, {INTEREST} FROM placed WHERE grain = 'hour' AND is_known
        GROUP BY window_start, device_type, currency""",
    "kpis": f"""
        SELECT *, {rate("gross / 10000", "orders")} AS average_order_value, {rate("converted", "sessions")} AS conversion,
               {rate("net / 10000", "active_users")} AS revenue_per_visitor FROM (
            SELECT grain, window_start, currency, count(*) AS events, count(DISTINCT user_id) AS active_users,
                   count(DISTINCT struct(user_id, session_id)) AS sessions,
                   count(DISTINCT CASE WHEN event_type = 'purchase' THEN struct(user_id, session_id) END) AS converted, {MONEY}
            FROM placed GROUP BY grain, window_start, currency)""",
    "users": f"""SELECT to_date(event_timestamp) AS day, user_id, currency, min(event_timestamp) AS first_seen,
               max(event_timestamp) AS last_seen, count(*) AS events, count(*) FILTER (WHERE event_type = 'view') AS views,
               count(*) FILTER (WHERE event_type = 'add_to_cart') AS carts, count(*) FILTER (WHERE event_type = 'purchase') AS purchases, {MONEY}
        FROM events GROUP BY to_date(event_timestamp), user_id, currency""",
    "high_interest": """
        SELECT * FROM (
            SELECT *, (p + 1.96D * 1.96D / (2 * n) + 1.96D * sqrt(p * (1 - p) / n + 1.96D * 1.96D / (4 * n * n)))
                      / (1 + 1.96D * 1.96D / n) AS upper FROM (
                SELECT *, views / sum(views) OVER (PARTITION BY grain, window_start) AS share, CAST(views AS DOUBLE) AS n,
                       CASE WHEN views <> 0 THEN least(purchases / views, 1D) END AS p FROM (
                    SELECT grain, window_start, product_id, count(*) FILTER (WHERE event_type = 'view') AS views,
                           count(*) FILTER (WHERE event_type = 'purchase') AS purchases
                    FROM placed WHERE grain <> 'minute' AND product_id IS NOT NULL AND event_type IN ('view', 'purchase')
                    GROUP BY grain, window_start, product_id)))
        WHERE views >= 100 AND share >= 0.05 AND upper < 0.03""",
    "sessions": f"""
        SELECT {PIECE}, session_start, session_end, count(*) AS events, count(DISTINCT product_id) AS products,
               min(page_url) FILTER (WHERE event_timestamp = session_start) AS entry_page,
               min(page_url) FILTER (WHERE event_timestamp = session_end) AS exit_page,
               min(device_type) FILTER (WHERE event_timestamp = session_start) AS device_type,
               count(*) FILTER (WHERE event_type = 'view') AS views, count(*) FILTER (WHERE event_type = 'add_to_cart') AS carts,
               count(*) FILTER (WHERE event_type = 'purchase') AS purchases, count(DISTINCT currency) AS currencies,
               min(currency) AS currency, sum(amount) FILTER (WHERE event_type = 'purchase') AS revenue,
               sum(amount) FILTER (WHERE event_type = 'add_to_cart') AS carted
        FROM in_sessions GROUP BY {PIECE}, session_start, session_end""",
    "funnel": f"""
        SELECT grain, window_start, count(*) AS sessions, count(*) FILTER (WHERE viewed) AS sessions_viewed,
               count(*) FILTER (WHERE carted) AS sessions_carted, count(*) FILTER (WHERE purchased) AS sessions_purchased,
               count(DISTINCT user_id) FILTER (WHERE viewed) AS users_viewed, count(DISTINCT user_id) FILTER (WHERE carted) AS users_carted,
               count(DISTINCT user_id) FILTER (WHERE purchased) AS users_purchased,
               {MEDIAN.format("to_cart")} AS median_view_to_cart_s, {MEDIAN.format("to_purchase")} AS median_cart_to_purchase_s,
               sum(views) AS views, sum(carts) AS carts, sum(purchases) AS purchases
        FROM sessions_placed GROUP BY grain, window_start""",
}
rows = 0
for name, query in TABLES.items():
    spark.sql(query).write.mode("overwrite").parquet(f"{target}/{name}")
    rows += spark.read.parquet(f"{target}/{name}").count()
print(rows)
