"""All of Gold's tables by DuckDB, in batch, with the queries of tests/oracle, from silver's Parquet files to Parquet files.

    duckdb_gold.py SILVER TARGET [TABLE…]

Prints the number of rows written.
"""

import pathlib
import sys

import duckdb

QUERIES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "oracle"
TABLES = (
    "product_metrics",
    "category_metrics",
    "device_metrics",
    "kpis",
    "funnel",
    "sessions",
    "users",
    "high_interest",
)

silver, target, *chosen = sys.argv[1:]
db = duckdb.connect()
db.execute(
    "SET threads = 2; SET timezone = 'UTC'; SET VARIABLE zone = 'UTC'; "
    "SET VARIABLE session_gap = INTERVAL '4 hours'; SET VARIABLE inactivity = INTERVAL '30 minutes'"
)
db.execute(f"CREATE VIEW silver AS SELECT * FROM read_parquet('{silver}/*/*/*.parquet', hive_partitioning = true)")
db.execute((QUERIES / "prelude.sql").read_text())
rows = 0
for table in chosen or TABLES:
    rows += db.execute(
        f"COPY ({(QUERIES / f'{table}.sql').read_text()}) TO '{target}/{table}.parquet' (FORMAT parquet)"
    ).fetchone()[0]
print(rows)
