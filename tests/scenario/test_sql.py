"""SQL over the tables: what it sees is what DuckDB sees in the files, and it can do nothing else."""
import csv
import io
import json
import os
import pathlib

import duckdb
import pytest

from tests.conftest import event


@pytest.fixture
def shop_with_rows(shop):
    shop.run("produce", "--rate", "max", "--count", "3000", "--span", "30h", "--seed", "7")
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    return shop


def sql(shop, query, *options):
    return shop.json("sql", query, *options)


def test_silver_quarantine_and_gold_are_there_with_all_rows_and_columns(shop_with_rows):
    shop = shop_with_rows
    for table in ("silver", "quarantine", "gold.kpis", "gold.sessions", "gold.alerts"):
        folder = shop.data / table.replace(".", "/")
        files = [str(path) for path in folder.rglob("*.parquet")]
        expected = duckdb.sql(f"select count(*) from read_parquet({files}, union_by_name = true)").fetchall()[0][0] if files else 0
        assert sql(shop, f"select count(*) as n from {table}")["rows"] == [{"n": expected}], table
    described = [column["name"] for column in sql(shop, "select * from silver limit 1")["columns"]]
    assert described[:5] == ["event_id", "user_id", "product_id", "event_type", "event_timestamp"]
    shown = sql(shop, "show all tables", "--limit", "100")["rows"]
    assert {row["name"] for row in shown} >= {"silver", "quarantine", "kpis", "funnel", "users"}


def test_bronze_is_there_where_there_is_an_archive(shop_with_rows):
    shop = shop_with_rows
    shop.run("sql", "from bronze", code=2)
    assert "bronze" in shop.stderr
    shop.run("archive", "--available-now")
    assert sql(shop, "select count(*) as n from bronze")["rows"] == [{"n": 3000}]


def test_tables_without_rows_have_their_columns_all_the_same(shop):
    assert sql(shop, "select event_type, count(*) from silver group by 1")["rows"] == []
    assert [column["type"] for column in sql(shop, "select gross_revenue from gold.kpis")["columns"]] == ["DECIMAL(38,4)"]


def test_money_is_exact_and_times_are_those_of_the_shop(shop):
    shop.run("gold", "--rebuild", "--available-now", "--time-zone", "America/New_York")
    lines = [json.dumps(event(1, event_type="purchase", price=0.1, timestamp="2024-07-01T12:00:00Z"))]
    shop.run("topic", "write", input="\n".join(lines).encode())
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    rows = sql(shop, "select gross_revenue, window_start from gold.kpis where grain = 'minute'")["rows"]
    assert rows == [{"gross_revenue": "0.1000", "window_start": "2024-07-01 08:00:00-04"}]


def test_rows_come_as_a_table_as_csv_and_as_parquet(shop_with_rows, tmp_path):
    shop = shop_with_rows
    query = "select event_type, count(*) as events from silver group by 1 order by 2 desc"
    rows = sql(shop, query)["rows"]
    assert "event_type" in shop.run("sql", query) and "view" in shop.run("sql", query)
    assert [dict(row, events=int(row["events"])) for row in csv.DictReader(io.StringIO(shop.run("sql", query, "--csv")))] == rows
    shop.run("sql", query, "--parquet", tmp_path / "out.parquet")
    assert duckdb.sql(f"select * from '{tmp_path}/out.parquet'").fetchall() == [tuple(row.values()) for row in rows]
    shop.run("sql", query, "--parquet", tmp_path / "out.parquet", code=2)
    assert "there already" in shop.stderr


def test_only_so_many_rows_are_given(shop_with_rows):
    assert sql(shop_with_rows, "from range(10)", "--limit", "3") == {
        "columns": [{"name": "range", "type": "BIGINT"}], "rows": [{"range": 0}, {"range": 1}, {"range": 2}], "truncated": True}
    assert sql(shop_with_rows, "from range(3)", "--limit", "3")["truncated"] is False


HOSTILE = [
    ("select * from read_csv('/etc/passwd')", "disabled by configuration"),
    ("select * from read_text('/etc/hostname')", "disabled by configuration"),
    ("select * from glob('/etc/*')", "disabled by configuration"),
    ("from 'http://127.0.0.1:1/x.csv'", "disabled by configuration"),
    ("select * from sniff_csv('/etc/passwd')", "disabled by configuration"),
    ("select getenv('HOME')", "disabled"),
    ("copy (select 1) to '/tmp/millrace-hostile.csv'", "single SELECT"),
    ("copy silver to 'FILE'", "single SELECT"),
    ("export database '/tmp/millrace-hostile'", "single SELECT"),
    ("attach '/tmp/millrace-hostile.db'", "single SELECT"),
    ("install httpfs", "single SELECT"),
    ("load '/tmp/x.duckdb_extension'", "single SELECT"),
    ("set enable_external_access = true", "single SELECT"),
    ("set memory_limit = '1TB'", "single SELECT"),
    ("pragma enable_logging", "single SELECT"),
    ("select 1; copy (select 1) to 'FILE'", "single SELECT"),
    ("select * from query('copy (select 1) to ''FILE''')", "single SELECT"),
    ("drop view silver", "single SELECT"),
    ("insert into silver select * from silver", "single SELECT"),
    (".shell touch /tmp/millrace-hostile", "syntax error"),
    ("\n.output /tmp/millrace-hostile\nselect 1", "syntax error"),
    ("select 1'); .shell touch /tmp/millrace-hostile", "unterminated"),
    ("select 1) limit 1;\n.shell touch /tmp/millrace-hostile\n--", "syntax error"),
    ("", "single SELECT"),
]


@pytest.mark.parametrize("query, reason", HOSTILE)
def test_nothing_but_a_select_over_the_tables_is_run(shop_with_rows, query, reason):
    shop = shop_with_rows
    file = next(path for path in shop.data.rglob("*.parquet"))
    before = file.read_bytes()
    shop.run("sql", query.replace("FILE", str(file)), code=2)
    assert reason in shop.stderr, shop.stderr
    assert file.read_bytes() == before and not list(pathlib.Path("/tmp").glob("millrace-hostile*"))


def test_a_query_that_takes_too_much_is_ended(shop_with_rows):
    shop = shop_with_rows
    shop.run("sql", "select count(*) from range(100000000000) a, range(1000) b", "--timeout", "1s", code=2)
    assert "more than 1 s" in shop.stderr
    shop.run("sql", "select count(distinct i) from (select hash(range) i from range(200000000))", "--memory", "64MiB", code=2)
    assert "Out of Memory" in shop.stderr
    assert os.system("pgrep -x duckdb >/dev/null") != 0


def test_a_missing_duckdb_is_an_error_that_says_what_to_do(shop):
    shop.run("sql", "select 1", "--duckdb", "/nowhere/duckdb", code=2)
    assert "no such file" in shop.stderr
