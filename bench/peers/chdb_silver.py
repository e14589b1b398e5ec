"""Silver's cleaning by ClickHouse (chdb), in batch, from JSON lines to Parquet by event_date and event_type.

    chdb_silver.py SOURCE TARGET

Prints the number of rows written. The lines are read as text, since ClickHouse's JSON formats stop at the first broken line.
"""

import sys

import chdb

source, target = sys.argv[1:]
chdb.query(f"""insert into function file('{target}/{{_partition_id}}.parquet', 'Parquet')
    partition by concat(event_date, '_', event_type)
    select event_id, user_id, product_id, event_type, event_timestamp, session_id, product_category, device_type, page_url,
           price, price > 500 as is_high_value, formatDateTime(event_timestamp, '%Y-%m-%d') as event_date,
           toInt32(toHour(event_timestamp)) as event_hour, quantity, order_id, currency, now64(6) as processing_timestamp
    from (select JSONExtract(line, 'Tuple(event_id String, user_id String, product_id Nullable(String), event_type String, timestamp String, session_id Nullable(String), product_category Nullable(String), device_type Nullable(String), page_url Nullable(String), price Nullable(Float64), quantity Nullable(Int32), order_id Nullable(String), currency Nullable(String))') as e,
                 e.event_id as event_id, e.user_id as user_id, e.product_id as product_id, e.event_type as event_type,
                 parseDateTime64BestEffortOrNull(e.timestamp, 6, 'UTC') as event_timestamp, e.session_id as session_id,
                 e.product_category as product_category, e.device_type as device_type, e.page_url as page_url, e.price as price,
                 coalesce(e.quantity, 1) as quantity, e.order_id as order_id, coalesce(e.currency, 'EUR') as currency
          from file('{source}', 'LineAsString', 'line String'))
    where event_id != '' and user_id != '' and match(event_type, '^[A-Za-z0-9_.-]{{1,64}}$')
      and event_timestamp >= toDateTime64('2000-01-01 00:00:00', 6, 'UTC') and event_timestamp < now64(6) + interval 1 day
      and (event_type not in ('view', 'add_to_cart', 'purchase', 'refund') or (product_id != '' and price is not null))
      and (price is null or (price > 0 and price <= 1e9)) and quantity between 1 and 1000000
    limit 1 by event_id
    settings max_threads = 2, output_format_parquet_compression_method = 'snappy' """)
print(chdb.query(f"select count() from file('{target}/*.parquet', 'Parquet')", "CSV").data().strip())
