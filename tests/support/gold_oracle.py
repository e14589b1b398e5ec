"""Gold's tables by DuckDB, from silver, with the queries of tests/oracle/; the tables are compared cell by cell."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.support import delta
from tests.support.paths import ROOT

TABLES = (
    "product_metrics",
    "category_metrics",
    "device_metrics",
    "kpis",
    "orders",
    "sources",
    "funnel",
    "sessions",
    "users",
    "identities",
    "high_interest",
)
QUERIES = ROOT / "tests" / "oracle"
# A session that was published while it was open has not bounced, and has not abandoned its cart.
WITHOUT_OUTCOME = """
    SELECT * EXCLUDE (is_open) REPLACE (
        bounced AND NOT is_open AS bounced, abandoned_cart AND NOT is_open AS abandoned_cart,
        CASE WHEN NOT is_open THEN abandoned_value END AS abandoned_value)
    FROM (SELECT *, EXISTS (
            FROM open_sessions AS open
            WHERE open.user_id = made.user_id AND open.session_start = made.session_start
              AND open.session_id IS NOT DISTINCT FROM made.session_id) AS is_open
          FROM expected_sessions AS made)"""


class Oracle:
    """A DuckDB database with the rows of one silver table, and what the queries make of them."""

    def __init__(
        self,
        silver,
        zone="UTC",
        session_gap="30 minutes",
        inactivity="30 minutes",
        order_repeats="30 days",
        order_life="100 days",
        identity_reach="30 days",
    ):
        self.db = duckdb.connect()
        self.db.execute("SET timezone = 'UTC'")
        self.db.register("silver", delta.rows(silver))
        self.db.execute(
            f"SET VARIABLE zone = '{zone}'; SET VARIABLE session_gap = INTERVAL '{session_gap}'; "
            f"SET VARIABLE inactivity = INTERVAL '{inactivity}'; "
            f"SET VARIABLE order_repeats = INTERVAL '{order_repeats}'; "
            f"SET VARIABLE order_life = INTERVAL '{order_life}'; "
            f"SET VARIABLE identity_reach = INTERVAL '{identity_reach}'"
        )
        self.db.execute((QUERIES / "prelude.sql").read_text())
        self.made = set()

    def differences(self, table, rows, where):
        """(Rows that are missing, rows that should not be there), at most five of each; `where` filters both sides."""
        columns = ", ".join(f'"{name}"' for name in rows.column_names)
        if table not in self.made:
            query = (QUERIES / f"{table}.sql").read_text()
            self.db.execute(f"CREATE TEMP TABLE expected_{table} AS {query}")
            self.made.add(table)
        self.db.register("published", rows)
        source = f"({WITHOUT_OUTCOME})" if table == "sessions" else f"expected_{table}"
        expected, published = (f"SELECT {columns} FROM {name} WHERE {where}" for name in (source, "published"))
        missing = self.only_in(expected, published)
        if not missing and self.count(expected) == self.count(published):
            return [], []  # as many rows, and none is missing, so none is too many
        return missing, self.only_in(published, expected)

    def only_in(self, one, other):
        return self.db.sql(f"SELECT COLUMNS(*)::VARCHAR FROM (({one}) EXCEPT ALL ({other})) LIMIT 5").fetchall()

    def count(self, query):
        return self.db.sql(f"SELECT count(*) FROM ({query})").fetchall()[0][0]


latest = (None, None)  # the oracle that was used last, after what it was made from


def oracle_of(data, settings):
    """The oracle of a data directory. Copies of a directory share it, since their silver tables have the same files."""
    global latest
    silver = delta.open_table(data / "silver")
    files = pa.table(silver.get_add_actions(flatten=True)).select(["path", "size_bytes", "modification_time"])
    made_from = (sorted(files.to_pylist(), key=lambda file: file["path"]), settings)
    if latest[0] != made_from:
        latest = made_from, Oracle(silver, **settings)
    return latest[1]


def open_sessions(data):
    """The keys of the sessions that Gold published while they were open, according to the names of its files."""
    files = [uri for uri in delta.open_table(data / "gold" / "sessions").file_uris() if "/part-p" in uri]
    names = ["user_id", "session_id", "session_start"]
    schema = pa.schema([("user_id", "string"), ("session_id", "string"), ("session_start", pa.timestamp("us", "UTC"))])
    tables = [pq.read_table(file, columns=names).cast(schema) for file in files]
    return pa.concat_tables([schema.empty_table(), *tables])


def check(data, tables=TABLES, where="true", **settings):
    """Checks that the tables have the rows that the queries make of silver. Returns each table's number of rows."""
    oracle = oracle_of(data, settings)
    counts = {}
    for table in tables:
        rows = delta.rows(data / "gold" / table)
        if table == "sessions":
            oracle.db.register("open_sessions", open_sessions(data))
        missing, extra = oracle.differences(table, rows, where)
        assert not missing and not extra, f"{table}\n missing: {missing}\n extra: {extra}"
        counts[table] = oracle.count(f"FROM published WHERE {where}")
    return counts
