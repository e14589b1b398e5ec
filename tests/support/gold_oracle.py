"""Gold's tables by DuckDB, from silver, with the queries of tests/oracle/; the tables are compared cell by cell."""

import duckdb

from tests.support import delta
from tests.support.paths import ROOT

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
QUERIES = ROOT / "tests" / "oracle"


def connect(data, zone="UTC", session_gap="4 hours", inactivity="30 minutes"):
    """A DuckDB database with silver's rows and the views that the queries share."""
    db = duckdb.connect()
    db.execute("SET timezone = 'UTC'")
    db.register("silver", delta.rows(data / "silver"))
    db.execute(
        f"SET VARIABLE zone = '{zone}'; SET VARIABLE session_gap = INTERVAL '{session_gap}'; "
        f"SET VARIABLE inactivity = INTERVAL '{inactivity}'"
    )
    db.execute((QUERIES / "prelude.sql").read_text())
    return db


def differences(db, data, table, where="true"):
    """(Rows that the table lacks, rows that it should not have), at most five of each; `where` filters both sides."""
    rows = delta.rows(data / "gold" / table)
    db.register("all_published", rows)
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    query = (QUERIES / f"{table}.sql").read_text()
    db.execute(f"CREATE OR REPLACE TEMP TABLE expected AS SELECT {columns} FROM ({query}) WHERE {where}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE published AS SELECT {columns} FROM all_published WHERE {where}")

    def only_in(one, other):
        return db.sql(f"SELECT COLUMNS(*)::VARCHAR FROM (FROM {one} EXCEPT ALL FROM {other}) LIMIT 5").fetchall()

    return only_in("expected", "published"), only_in("published", "expected")


def check(data, tables=TABLES, where="true", **settings):
    """Checks that the tables have the rows that the queries make of silver. Returns each table's number of rows."""
    db = connect(data, **settings)
    counts = {}
    for table in tables:
        missing, extra = differences(db, data, table, where)
        assert not missing and not extra, f"{table}\n missing: {missing}\n extra: {extra}"
        counts[table] = db.sql("SELECT count(*) FROM published").fetchall()[0][0]
    return counts
