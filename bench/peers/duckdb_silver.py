"""Silver's cleaning by DuckDB, in batch, from JSON lines to Parquet by event_date and event_type.

    duckdb_silver.py SOURCE TARGET

Prints the number of rows written.
"""

import sys

import duckdb

source, target = sys.argv[1:]
db = duckdb.connect()
db.execute("set threads = 2; set timezone = 'UTC'")
db.execute(
    """copy (
    select * exclude (copy_number) from (
        select *, row_number() over (partition by event_id) as copy_number from (
            select event_id, user_id, product_id, event_type, try_cast("timestamp" as timestamptz) as event_timestamp,
                   session_id, product_category, device_type, page_url, try_cast(price_text as double) as price,
                   price > 500 as is_high_value, strftime(event_timestamp, '%Y-%m-%d') as event_date,
                   hour(event_timestamp)::int as event_hour, coalesce(try_cast(quantity_text as int), 1) as quantity, order_id,
                   coalesce(currency_text, 'EUR') as currency, now() as processing_timestamp
            from read_json(?, format='newline_delimited', ignore_errors=true, columns={event_id:'VARCHAR',
                 user_id:'VARCHAR', product_id:'VARCHAR', event_type:'VARCHAR', "timestamp":'VARCHAR', session_id:'VARCHAR',
                 product_category:'VARCHAR', device_type:'VARCHAR', page_url:'VARCHAR', price:'VARCHAR', quantity:'VARCHAR',
                 order_id:'VARCHAR', currency:'VARCHAR'}) as r(event_id, user_id, product_id, event_type, "timestamp", session_id,
                 product_category, device_type, page_url, price_text, quantity_text, order_id, currency_text))
        where event_id <> '' and user_id <> '' and regexp_full_match(event_type, '[A-Za-z0-9_.-]{1,64}')
          and event_timestamp >= '2000-01-01' and event_timestamp < now() + interval 1 day
          and (event_type not in ('view', 'add_to_cart', 'purchase', 'refund') or (product_id <> '' and price is not null))
          and (price is null or (price > 0 and price <= 1e9)) and quantity between 1 and 1000000)
    where copy_number = 1) to 'TARGET' (format parquet, partition_by (event_date, event_type), compression snappy)""".replace(
        "TARGET", target
    ),
    [source],
)
print(db.execute(f"select count(*) from read_parquet('{target}/*/*/*.parquet')").fetchone()[0])
