"""All of Gold's tables by Polars, in batch, from silver's Parquet files to Parquet files.

    polars_gold.py SILVER TARGET

Prints the number of rows written. Days are UTC's. Money is in ten-thousandths, as integers.
"""

import sys

import polars as pl

silver, target = sys.argv[1:3]
KNOWN = ["view", "add_to_cart", "purchase", "refund"]
c = pl.col


def is_type(name):
    return c("event_type") == name


VIEWS, CARTS, PURCHASES = (is_type(name) for name in ("view", "add_to_cart", "purchase"))
empty_to_null = [
    pl.when(c(name) != "").then(c(name)).alias(name)
    for name in ("product_id", "product_category", "device_type", "session_id", "page_url", "order_id")
]
events = (
    pl.scan_parquet(f"{silver}/*/*/*.parquet", hive_partitioning=True, extra_columns="ignore", missing_columns="insert")
    .select(
        "event_timestamp",
        c("event_type").cast(pl.String),
        "user_id",
        "currency",
        c("quantity").cast(pl.Int64),
        *empty_to_null,
        ((c("price") * 10000).round(0, mode="half_to_even").cast(pl.Int64) * c("quantity").cast(pl.Int64)).alias(
            "amount"
        ),
    )
    .with_columns(is_known=c("event_type").is_in(KNOWN))
    .collect()
)
rows = 0


def write(table, frame):
    global rows
    frame.write_parquet(f"{target}/{table}.parquet")
    rows += frame.height


def rate(part, whole):
    return pl.when(whole != 0).then(part / whole)


INTEREST = [
    VIEWS.sum().alias("views"),
    CARTS.sum().alias("carts"),
    PURCHASES.sum().alias("purchases"),
    c("user_id").n_unique().alias("users"),
    c("amount").filter(PURCHASES).sum().alias("revenue"),
]
RATES = [rate(c("carts"), c("views")).alias("cart_rate"), rate(c("purchases"), c("views")).alias("purchase_rate")]
minute = c("event_timestamp").dt.truncate("1m").alias("window_start")
hour = c("event_timestamp").dt.truncate("1h").alias("window_start")
day = c("event_timestamp").dt.truncate("1d").alias("window_start")

known = events.lazy().filter("is_known")
by_product = known.filter(c("product_id").is_not_null())
keys = ["product_id", "product_category", "currency"]
# Each event is in five windows of five minutes.
sliding = pl.concat(
    [
        by_product.with_columns(window_start=c("event_timestamp").dt.truncate("1m") - pl.duration(minutes=shift))
        for shift in range(5)
    ]
)
write(
    "product_metrics",
    pl.concat(
        [
            by_product.group_by(minute, *keys).agg(INTEREST).with_columns(pl.lit("1m").alias("window")),
            sliding.group_by("window_start", *keys).agg(INTEREST).with_columns(pl.lit("5m").alias("window")),
        ]
    )
    .with_columns(RATES)
    .collect(),
)
for table, group in (("category_metrics", "product_category"), ("device_metrics", "device_type")):
    write(table, known.group_by(hour, group, "currency").agg(INTEREST).with_columns(RATES).collect())

session = pl.struct("user_id", "session_id")
ORDERS = (
    c("order_id").filter(PURCHASES & c("order_id").is_not_null()).n_unique()
    + (PURCHASES & c("order_id").is_null()).sum()
)
MONEY = [
    ORDERS.alias("orders"),
    c("quantity").filter(PURCHASES).sum().alias("items"),
    c("amount").filter(PURCHASES).sum().alias("gross"),
    (c("amount").filter(PURCHASES).sum() - c("amount").filter(is_type("refund")).sum()).alias("net"),
]
write(
    "kpis",
    pl.concat(
        [
            events.lazy()
            .group_by(window, "currency")
            .agg(
                pl.len().alias("events"),
                c("user_id").n_unique().alias("active_users"),
                session.n_unique().alias("sessions"),
                session.filter(PURCHASES).n_unique().alias("converted"),
                *MONEY,
            )
            .with_columns(pl.lit(grain).alias("grain"))
            for grain, window in (("minute", minute), ("hour", hour), ("day", day))
        ]
    )
    .with_columns(
        average_order_value=rate(c("gross") / 10000, c("orders")),
        conversion=rate(c("converted"), c("sessions")),
        revenue_per_visitor=rate(c("net") / 10000, c("active_users")),
    )
    .collect(),
)
write(
    "users",
    events.lazy()
    .group_by(day, "user_id", "currency")
    .agg(
        c("event_timestamp").min().alias("first_seen"),
        c("event_timestamp").max().alias("last_seen"),
        pl.len().alias("events"),
        VIEWS.sum().alias("views"),
        CARTS.sum().alias("carts"),
        PURCHASES.sum().alias("purchases"),
        *MONEY,
    )
    .collect(),
)

interest = pl.concat(
    [
        by_product.filter(VIEWS | PURCHASES)
        .group_by(window, "product_id")
        .agg(VIEWS.sum().alias("views"), PURCHASES.sum().alias("purchases"))
        .with_columns(pl.lit(grain).alias("grain"))
        for grain, window in (("hour", hour), ("day", day))
    ]
)
n, p, z = c("views").cast(pl.Float64), pl.min_horizontal(rate(c("purchases"), c("views")), 1.0), 1.96
upper = (p + z * z / (2 * n) + z * (p * (1 - p) / n + z * z / (4 * n * n)).sqrt()) / (1 + z * z / n)
write(
    "high_interest",
    interest.with_columns(share=c("views") / c("views").sum().over("grain", "window_start"), upper=upper)
    .filter((c("views") >= 100) & (c("share") >= 0.05) & (c("upper") < 0.03))
    .collect(),
)

# Sessions: a chain has no gap. A chain that lasts longer than a day is cut into pieces at midnight.
chain_keys = ["user_id", "session_id", "chain"]
piece_keys = [*chain_keys, "piece"]
gap = pl.when(c("session_id").is_null()).then(pl.duration(minutes=30)).otherwise(pl.duration(hours=4))
local_day = c("event_timestamp").dt.truncate("1d")
in_sessions = (
    events.lazy()
    .sort("user_id", "session_id", "event_timestamp")
    .with_columns(
        chain=((c("event_timestamp") - c("event_timestamp").shift(1).over("user_id", "session_id")) >= gap)
        .fill_null(True)
        .cum_sum()
        .over("user_id", "session_id")
    )
    .with_columns(piece=pl.max_horizontal(local_day, local_day.min().over(chain_keys) + pl.duration(days=1)))
    .with_columns(
        session_start=c("event_timestamp").min().over(piece_keys),
        session_end=c("event_timestamp").max().over(piece_keys),
    )
    .collect()
)
first, last = c("event_timestamp") == c("session_start"), c("event_timestamp") == c("session_end")
one_currency = c("currency").n_unique() == 1
write(
    "sessions",
    in_sessions.lazy()
    .group_by(*piece_keys, "session_start", "session_end")
    .agg(
        pl.len().alias("events"),
        c("product_id").drop_nulls().n_unique().alias("products"),
        c("page_url").filter(first).min().alias("entry_page"),
        c("page_url").filter(last).min().alias("exit_page"),
        c("device_type").filter(first).min().alias("device_type"),
        VIEWS.sum().alias("views"),
        CARTS.sum().alias("carts"),
        PURCHASES.sum().alias("purchases"),
        c("currency").min(),
        one_currency.alias("one_currency"),
        c("amount").filter(PURCHASES).sum().alias("revenue"),
        c("amount").filter(CARTS).sum().alias("carted"),
    )
    .with_columns(
        bounced=c("events") == 1, converted=c("purchases") > 0, abandoned_cart=(c("carts") > 0) & (c("purchases") == 0)
    )
    .collect(),
)

# Funnel: a product's first view in a session, its first cart after that, and its first purchase after that.
path = [*piece_keys, "session_start", "product_id"]
by_path = (
    in_sessions.lazy()
    .with_columns(view_time=c("event_timestamp").filter(VIEWS).min().over(path))
    .with_columns(
        cart_time=c("event_timestamp").filter(CARTS & (c("event_timestamp") >= c("view_time"))).min().over(path)
    )
    .group_by(path)
    .agg(
        c("view_time").first(),
        c("cart_time").first(),
        c("event_timestamp").filter(PURCHASES & (c("event_timestamp") >= c("cart_time"))).min().alias("purchase_time"),
        VIEWS.sum().alias("views"),
        CARTS.sum().alias("carts"),
        PURCHASES.sum().alias("purchases"),
    )
)
named = c("product_id").is_not_null()
to_cart = (c("cart_time") - c("view_time")).dt.total_seconds()
to_purchase = (c("purchase_time") - c("cart_time")).dt.total_seconds()


def binned(seconds):
    width = (2 ** (seconds.clip(1).log(2).floor() - 5)).cast(pl.Int64)
    return pl.when(seconds < 64).then(seconds).otherwise(seconds - seconds % width.clip(1))


by_session = (
    by_path.group_by(*piece_keys, "session_start")
    .agg(
        (named & c("view_time").is_not_null()).any().alias("viewed"),
        (named & c("cart_time").is_not_null()).any().alias("carted"),
        (named & c("purchase_time").is_not_null()).any().alias("purchased"),
        binned(to_cart.filter(named).drop_nulls()).alias("to_cart"),
        binned(to_purchase.filter(named).drop_nulls()).alias("to_purchase"),
        c("views").sum(),
        c("carts").sum(),
        c("purchases").sum(),
    )
    .collect()
)
steps = [
    c("user_id").filter(c(name)).n_unique().alias(f"users_{name}") for name in ("viewed", "carted", "purchased")
] + [c(name).sum().alias(f"sessions_{name}") for name in ("viewed", "carted", "purchased")]
write(
    "funnel",
    pl.concat(
        [
            by_session.lazy()
            .group_by(c("session_start").dt.truncate(every).alias("window_start"))
            .agg(
                pl.len().alias("sessions"),
                *steps,
                c("to_cart").explode().quantile(0.5, "lower").alias("median_view_to_cart_s"),
                c("to_purchase").explode().quantile(0.5, "lower").alias("median_cart_to_purchase_s"),
                c("views").sum(),
                c("carts").sum(),
                c("purchases").sum(),
            )
            .with_columns(pl.lit(grain).alias("grain"))
            for grain, every in (("hour", "1h"), ("day", "1d"))
        ]
    )
    .with_columns(
        drop_off_to_cart=rate(c("sessions_viewed") - c("sessions_carted"), c("sessions_viewed")),
        drop_off_to_purchase=rate(c("sessions_carted") - c("sessions_purchased"), c("sessions_carted")),
        carts_per_view=rate(c("carts"), c("views")),
        purchases_per_cart=rate(c("purchases"), c("carts")),
    )
    .collect(),
)
print(rows)
