"""SQL queries see the rows that DuckDB reads from the files, and can do nothing but read the tables."""

import concurrent.futures
import contextlib
import csv
import io
import json
import os
import resource
import signal
import stat
import threading
import time

import duckdb
import pytest

from tests.support.events import event
from tests.support.port import Port
from tests.support.processes import children, memory_kib, running_in
from tests.support.shop import wait_until


def fill_with_rows(shop):
    shop.run("produce", "--rate", "max", "--count", "3000", "--span", "30h", "--seed", "7")
    shop.drain()
    shop.run("gold", "--available-now", "--close")


@pytest.fixture
def shop_with_rows(shop_like):
    return shop_like(fill_with_rows)


@pytest.fixture(scope="module")
def unchanged_shop(prepared, tmp_path_factory):
    """A shop that no query can change."""
    return prepared.copy(fill_with_rows, tmp_path_factory.mktemp("unchanged") / "data")


def queries_of(shop):
    """The DuckDB processes of a shop, which run in its data directory."""
    return running_in(shop.data, "duckdb")


def sql(shop, query, *options):
    return shop.json("sql", query, *options)


def test_silver_quarantine_and_gold_are_there_with_all_rows_and_columns(shop_with_rows):
    shop = shop_with_rows
    for table in ("silver", "quarantine", "gold.kpis", "gold.sessions", "gold.alerts"):
        folder = shop.data / table.replace(".", "/")
        files = [str(path) for path in folder.rglob("*.parquet")]
        expected = (
            duckdb.sql(f"select count(*) from read_parquet({files}, union_by_name = true)").fetchall()[0][0]
            if files
            else 0
        )
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
    assert [column["type"] for column in sql(shop, "select gross_revenue from gold.kpis")["columns"]] == [
        "DECIMAL(38,4)"
    ]


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
    assert [
        dict(row, events=int(row["events"])) for row in csv.DictReader(io.StringIO(shop.run("sql", query, "--csv")))
    ] == rows
    shop.run("sql", query, "--parquet", tmp_path / "out.parquet")
    assert duckdb.sql(f"select * from '{tmp_path}/out.parquet'").fetchall() == [tuple(row.values()) for row in rows]
    shop.run("sql", query, "--parquet", tmp_path / "out.parquet", code=2)
    assert "already exists" in shop.stderr


def test_only_so_many_rows_are_given(shop_with_rows):
    assert sql(shop_with_rows, "from range(10)", "--limit", "3") == {
        "columns": [{"name": "range", "type": "BIGINT"}],
        "rows": [{"range": 0}, {"range": 1}, {"range": 2}],
        "truncated": True,
    }
    assert sql(shop_with_rows, "from range(3)", "--limit", "3")["truncated"] is False


# FILE stands for a table's file, and NEW for a file that does not exist.
HOSTILE = [
    ("select * from read_csv('/etc/passwd')", "disabled by configuration"),
    ("select * from read_text('/etc/hostname')", "disabled by configuration"),
    ("select * from glob('/etc/*')", "disabled by configuration"),
    ("from 'http://127.0.0.1:1/x.csv'", "disabled by configuration"),
    ("select * from sniff_csv('/etc/passwd')", "disabled by configuration"),
    ("select getenv('HOME')", "disabled"),
    ("copy (select 1) to 'NEW'", "single SELECT"),
    ("copy silver to 'FILE'", "single SELECT"),
    ("export database 'NEW'", "single SELECT"),
    ("attach 'NEW'", "single SELECT"),
    ("install httpfs", "single SELECT"),
    ("load '/nowhere/x.duckdb_extension'", "single SELECT"),
    ("set enable_external_access = true", "single SELECT"),
    ("set memory_limit = '1TB'", "single SELECT"),
    ("pragma enable_logging", "single SELECT"),
    ("select 1; copy (select 1) to 'FILE'", "single SELECT"),
    ("select * from query('copy (select 1) to ''FILE''')", "single SELECT"),
    ("drop view silver", "single SELECT"),
    ("insert into silver select * from silver", "single SELECT"),
    (".shell touch NEW", "syntax error"),
    ("\n.output NEW\nselect 1", "syntax error"),
    ("select 1'); .shell touch NEW", "unterminated"),
    ("select 1) limit 1;\n.shell touch NEW\n--", "syntax error"),
    ("", "it is empty"),
    ("-- nothing but a comment", "it is empty"),
    ("select 1; select 2", "single SELECT"),
]


@pytest.mark.parametrize("query, reason", HOSTILE)
def test_nothing_but_a_select_over_the_tables_is_run(unchanged_shop, query, reason, tmp_path):
    shop = unchanged_shop
    file = next(path for path in shop.data.rglob("*.parquet"))
    before = file.read_bytes()
    shop.run("sql", query.replace("FILE", str(file)).replace("NEW", str(tmp_path / "new")), code=2)
    assert reason in shop.stderr, shop.stderr
    assert file.read_bytes() == before and not (tmp_path / "new").exists()


def test_a_query_that_takes_too_much_is_ended(shop_with_rows):
    shop = shop_with_rows
    shop.run("sql", "select count(*) from range(100000000000) a, range(1000) b", "--timeout", "1s", code=2)
    assert "more than 1 s" in shop.stderr
    shop.run(
        "sql",
        "select count(distinct i) from (select hash(range) i from range(200000000))",
        "--memory",
        "64MiB",
        "--temporary-files",
        "0",
        code=2,
    )
    assert "it needs more than 64.0 MiB of memory" in shop.stderr
    shop.run("sql", "select repeat('a', 3000000)", "--result", "2MiB", code=2)
    assert "its result has more than 2.0 MiB" in shop.stderr
    shop.run("sql", "select 1", "--memory", "1MiB", code=2)
    assert "Allow at least 64.0 MiB" in shop.stderr
    assert not list(queries_of(shop)), "a process outlived the command that made it"


def test_a_missing_duckdb_is_an_error_that_says_what_to_do(shop):
    shop.run("sql", "select 1", "--duckdb", "/nowhere/duckdb", code=2)
    assert "the file does not exist" in shop.stderr


def test_the_data_directorys_name_is_not_data(shop_at, port):
    names = "price=7/currency=XXX/event_date=2001-01-01/day=1999-01-01/rule=none/[a]"
    shop = shop_at(names)
    shop.run("topic", "write", input="\n".join(json.dumps(each) for each in (event(1), event(2, price=-1))).encode())
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    assert sql(shop, "select price, currency, event_date, event_type from silver")["rows"] == [
        {"price": 9.5, "currency": "EUR", "event_date": "2019-10-01", "event_type": "view"}
    ]
    assert sql(shop, "select rule from quarantine")["rows"] == [{"rule": "bad_price"}]
    assert sql(shop, "select distinct currency, day from gold.kpis")["rows"] == [
        {"currency": "EUR", "day": "2019-10-01"}
    ]
    assert sql(shop, "select count(*) as n from silver where event_date = '2019-10-01' and event_type = 'view'")[
        "rows"
    ] == [{"n": 1}]


def test_reports_do_not_take_the_data_directorys_name_for_data(shop_at):
    shop = shop_at("currency=XXX/grain=minute/day=1999-01-01")
    shop.run("topic", "write", input=json.dumps(event(1, event_type="purchase")).encode())
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    server = Port(shop)
    try:
        rows = json.loads(server.get("/v1/reports/kpis?grain=day&from=0")[1])["rows"]
        assert [(row["currency"], row["gross_revenue"]) for row in rows] == [("EUR", "9.5000")]
        rows = json.loads(server.get("/v1/reports/journey?user=u1&from=0")[1])["rows"]
        assert [row["currency"] for row in rows] == ["EUR"]
    finally:
        server.stop()


def test_numbers_are_in_the_form_that_people_read_and_nan_is_a_text(shop, port):
    query = (
        "select 0.20269133725820015::double as share, 'nan'::double as a, [1e400, -1e400] as b, "
        "9.5::decimal(38,4) as price"
    )
    row = {"share": 0.20269133725820015, "a": "NaN", "b": ["Infinity", "-Infinity"], "price": "9.5000"}
    assert sql(shop, query)["rows"] == [row]
    assert '"share":0.20269133725820015' in shop.run("sql", query, "--json")
    shown = shop.run("sql", query)
    assert "0.20269133725820015" in shown and "NaN" in shown and "9.5000" in shown
    status, answer, _ = port().post({"query": query}, path="/v1/sql")
    assert status == 200 and answer["rows"] == [row]
    assert [column["type"] for column in answer["columns"]] == ["DOUBLE", "DOUBLE", "DOUBLE[]", "DECIMAL(38,4)"]


def test_a_query_is_read_from_a_file_or_standard_input(shop, tmp_path):
    file = tmp_path / "query.sql"
    file.write_text("-- how many\nselect 7 as n;\n")
    rows = [{"n": 7}]
    assert shop.json("sql", "-f", file)["rows"] == rows and shop.json("sql", "--file", file)["rows"] == rows
    for arguments in (["-"], ["-f", "-"]):
        assert json.loads(shop.run("sql", *arguments, "--json", input=file.read_bytes()))["rows"] == rows
    for arguments, reason in (
        (["-f", tmp_path / "none.sql"], "No such file"),
        ([], "there is no query"),
        (["select 1", "-f", file], "there are two queries"),
        (["-f", "/dev/null"], "it is empty"),
    ):
        shop.run("sql", *arguments, code=2)
        assert reason in shop.stderr, shop.stderr


def test_an_unknown_table_is_answered_with_those_that_there_are(shop):
    for query in ("from slver", "from gold.kpi", "select * from nowhere.kpis"):
        shop.run("sql", query, code=2)
        assert (
            "There are: silver, quarantine, gold.product_metrics," in shop.stderr and "Did you mean" not in shop.stderr
        ), shop.stderr


def test_what_is_open_is_seen_from_the_command_line_while_the_pipeline_runs(shop, port):
    query = "select (select count(*) from live.kpis) as live, (select count(*) from gold.kpis) as gold"
    shop.run("sql", query, code=2)
    assert f"none runs on {shop.data}" in shop.stderr and "millrace run" in shop.stderr
    server = port("--no-simulator", "--trigger", "0", command="run")
    server.post(event(1, timestamp=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))
    wait_until(lambda: shop.count("silver") == 1)
    wait_until(lambda: sql(shop, query)["rows"][0]["live"] > 0)
    assert sql(shop, query)["rows"][0]["gold"] == 0, "no window is closed yet"
    assert len(sql(shop, "show all tables", "--limit", "100")["rows"]) > 18
    folders = list((shop.data / "live").iterdir())
    assert folders and all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in folders), (
        "another user may not ask"
    )
    beside = port()  # this server knows closed windows only, so the query does not use it
    assert sql(shop, query)["rows"][0]["live"] > 0
    server.stop()
    rows = sql(shop, query)["rows"]
    assert rows[0]["live"] == rows[0]["gold"]
    beside.stop()


def test_a_killed_pipeline_leaves_nothing_that_hangs(shop, port):
    server = port("--no-simulator", command="run")
    server.stop(signal.SIGKILL)
    began = time.monotonic()
    shop.run("sql", "from live.kpis", code=2)
    assert "none runs on" in shop.stderr and time.monotonic() - began < 10
    wait_until(lambda: not list((shop.data / "live").iterdir()))


def test_a_query_ends_with_the_command_that_asked(shop):
    shop.data.mkdir()
    process = shop.start("sql", "select count(*) from range(100000000000) a, range(1000) b")
    wait_until(lambda: list(queries_of(shop)))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3 and b"it was stopped" in err
    assert not list(queries_of(shop)) and not list((shop.data / "live").iterdir())


HUNGRY = [
    "select len(string_split(repeat('a,', 300000000), ','))",
    "select len(array_to_string(range(300000000), ','))",
    "select len(regexp_extract_all(repeat('ab', 300000000), 'a'))",
    "select len(repeat('a', 2000000000) || repeat('b', 2000000000))",
    "select len(list_transform(range(300000000), lambda x: x + 1))",
    "select len(repeat('a', 4000000000))",
    "select list(range) from range(300000000)",
]


def peak_of_queries(server, ended):
    """The memory that a query's process has held at most, in KiB."""
    peak = 0
    while not ended.wait(0.005):
        peak = max(peak, *(memory_kib(query, "VmHWM") for query in children(server.process.pid, "duckdb")), 0)
    return peak


def test_a_hungry_query_is_refused_and_counted(shop, port):
    server = port("--sql-memory", "256MiB")
    ended = threading.Event()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        peak = pool.submit(peak_of_queries, server, ended)
        try:
            answers = [server.post({"query": query}, path="/v1/sql") for query in HUNGRY]
        finally:
            ended.set()
    for query, (status, answer, _) in zip(HUNGRY, answers, strict=True):
        assert status == 400 and "it needs more than 256.0 MiB of memory" in answer["detail"], (query, answer)
    assert 0 < peak.result() < 400 << 10, f"{peak.result()} KiB"
    metrics = server.get("/metrics")[1]
    assert f'millrace_sql_queries_total{{outcome="memory"}} {len(HUNGRY)}' in metrics


# Sorts for minutes more rows than fit into 128 MiB.
OFFLOADING = (
    "select h from (select hash(range) as h, repeat('x', 50) as s from range(100000000)) "
    "order by h, s limit 1 offset 90000000"
)


def in_background(server, query):
    def ask():
        with contextlib.suppress(OSError):  # the test may kill the server meanwhile
            server.post({"query": query}, path="/v1/sql")

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_so_many_queries_run_and_wait_and_no_more(port):
    server = port("--sql-queries", "1", "--sql-waiting", "0", "--sql-timeout", "3s")
    thread = in_background(server, "select count(*) from range(100000000000) a, range(1000) b")
    wait_until(lambda: "millrace_sql_waiting 1" in server.get("/metrics")[1])
    status, answer, headers = server.post({"query": "select 1"}, path="/v1/sql")
    assert status == 503 and headers["Retry-After"] == "1", answer
    thread.join()
    assert server.post({"query": "select 1"}, path="/v1/sql")[0] == 200
    metrics = server.get("/metrics")[1]
    assert (
        'millrace_sql_queries_total{outcome="busy"} 1' in metrics
        and 'millrace_sql_queries_total{outcome="time"} 1' in metrics
    )


def test_the_system_bounds_a_query_whose_server_was_killed_and_its_files_are_removed(shop, port):
    server = port("--sql-memory", "128MiB", "--sql-timeout", "20s", "--sql-temporary-files", "5GiB")
    thread = in_background(server, OFFLOADING)
    wait_until(lambda: list((shop.data / "live").rglob("duckdb_temp_storage*")), seconds=20)
    server.stop(signal.SIGKILL)
    thread.join()
    [query] = queries_of(shop)
    assert resource.prlimit(query, resource.RLIMIT_DATA)[1] == 128 << 20
    assert resource.prlimit(query, resource.RLIMIT_CPU)[1] <= 2 * 20 + 2, "it ends by itself"
    assert resource.prlimit(query, resource.RLIMIT_FSIZE)[1] == 5 << 30
    sql(shop, "select 1 as n")
    wait_until(lambda: not list((shop.data / "live").iterdir()))
    with contextlib.suppress(ProcessLookupError):  # it may have ended by itself, since its files are gone
        os.kill(query, signal.SIGKILL)
