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
    db.register("published", delta.rows(data / "gold" / table))
    columns = ", ".join(f'"{name}"' for name, *_ in db.execute("DESCRIBE published").fetchall())
    query = f"SELECT {columns} FROM ({(QUERIES / f'{table}.sql').read_text()}) WHERE {where}"
    published = f"SELECT {columns} FROM published WHERE {where}"
    only_in = "SELECT COLUMNS(*)::VARCHAR FROM (({}) EXCEPT ALL ({})) LIMIT 5"
    return db.sql(only_in.format(query, published)).fetchall(), db.sql(only_in.format(published, query)).fetchall()


def check(data, tables=TABLES, where="true", **settings):
    """Checks that the tables have the rows that the queries make of silver. Returns each table's number of rows."""
    db = connect(data, **settings)
    counts = {}
    for table in tables:
        missing, extra = differences(db, data, table, where)
        assert not missing and not extra, f"{table}\n missing: {missing}\n extra: {extra}"
        counts[table] = db.sql(f"SELECT count(*) FROM published WHERE {where}").fetchall()[0][0]
    return counts
