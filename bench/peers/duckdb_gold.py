"""All of Gold's tables by DuckDB, in batch, with the queries of tests/oracle, from silver's Parquet files to Parquet files.

    duckdb_gold.py SILVER TARGET [TABLE…]

Prints the number of rows written.
"""

import json
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

# Delta's types that have another name in DuckDB.
TYPES = {"string": "VARCHAR", "long": "BIGINT", "timestamp": "TIMESTAMPTZ", "binary": "BLOB"}

silver, target, *chosen = sys.argv[1:]


def columns():
    """The names and types of the table's columns, those of structs aside."""
    first = pathlib.Path(silver, "_delta_log", f"{0:020}.json").read_text()
    (schema,) = [json.loads(line)["metaData"]["schemaString"] for line in first.splitlines() if "metaData" in line]
    fields = json.loads(schema)["fields"]
    return [(field["name"], field["type"]) for field in fields if isinstance(field["type"], str)]


db = duckdb.connect()
db.execute(
    "SET threads = 2; SET timezone = 'UTC'; SET VARIABLE zone = 'UTC'; "
    "SET VARIABLE session_gap = INTERVAL '4 hours'; SET VARIABLE inactivity = INTERVAL '30 minutes'; "
    "SET VARIABLE order_repeats = INTERVAL '30 days'; SET VARIABLE order_life = INTERVAL '100 days'; "
    "SET VARIABLE identity_reach = INTERVAL '30 days'"
)
files = f"read_parquet('{silver}/*/*/*.parquet', hive_partitioning = true, union_by_name = true)"
present = {column[0] for column in db.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()}
# A column without a value is in no file.
lacking = [f"CAST(NULL AS {TYPES.get(kind, kind)}) AS {name}" for name, kind in columns() if name not in present]
db.execute(f"CREATE VIEW silver AS SELECT {', '.join(['*', *lacking])} FROM {files}")
db.execute((QUERIES / "prelude.sql").read_text())
rows = 0
for table in chosen or TABLES:
    rows += db.execute(
        f"COPY ({(QUERIES / f'{table}.sql').read_text()}) TO '{target}/{table}.parquet' (FORMAT parquet)"
    ).fetchone()[0]
print(rows)
