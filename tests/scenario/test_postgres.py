"""PostgreSQL has the same rows as Gold's Delta tables, each once, whatever happens to either side."""

import contextlib
import datetime
import json
import pathlib
import random
import signal
import subprocess

import deltalake
import psycopg
import pyarrow.parquet as pq
import pytest

from tests.support import gold_oracle
from tests.support.events import line, lines
from tests.support.paths import ROOT
from tests.support.port import Port, metric
from tests.support.postgres import Database
from tests.support.random_shop import RandomShop
from tests.support.shop import stop, wait_until

TABLES = [*gold_oracle.TABLES, "alerts"]
MIGRATIONS = sorted((ROOT / "schemas" / "postgres").glob("*.sql"))


@pytest.fixture
def database(postgres, request):
    return Database(postgres, "t" + format(abs(hash(request.node.name)), "x"))


def events_of(seed, days=0):
    def later(timestamp):
        return (datetime.datetime.fromisoformat(timestamp) + datetime.timedelta(days=days)).isoformat(
            timespec="microseconds"
        )

    return [
        made | {"event_id": f"{seed}-{made['event_id']}", "timestamp": later(made["timestamp"])}
        for made in RandomShop(seed).events
    ]


def fill(shop, seed=1, days=0):
    shop.write(*lines(events_of(seed, days)))
    shop.drain()


def gold(shop, database, *options):
    return shop.run("gold", "--available-now", "--postgres", database.url, *options)


def delta_rows(table, provisional):
    """The rows of a table's provisional files, or of its other files, as text."""
    rows = []
    for uri in table.file_uris():
        path = pathlib.Path(uri.removeprefix("file://"))
        if path.name.startswith("part-p") == provisional:
            rows += [
                repr([*row.values(), path.parent.name.removeprefix("day=")])
                for row in pq.ParquetFile(path).read().to_pylist()
            ]
    return sorted(map(same_zone, rows))


def differences(shop, database, tables=TABLES):
    """The tables whose closed rows differ from Delta's, or whose provisional rows, where Delta has provisional rows."""
    different = []
    for name in tables:
        table = deltalake.DeltaTable(shop.data / "gold" / name)
        columns = ", ".join(f'"{field.name}"' for field in table.schema().fields if field.name != "day")
        for provisional in (False, True):
            expected = delta_rows(table, provisional)
            rows = database.rows(f"select {columns}, day::text from millrace.{name} where closed = {not provisional}")
            found = sorted(same_zone(repr(list(row))) for row in rows)
            if expected != found and (expected or not provisional):
                different.append(name)
    return different


def same_zone(row):
    return (
        row.replace("zoneinfo.ZoneInfo(key='UTC')", "UTC")
        .replace("<UTC>", "UTC")
        .replace("datetime.timezone.utc", "UTC")
        .replace("zoneinfo.ZoneInfo(key='Etc/UTC')", "UTC")
    )


def test_every_table_is_there_with_all_rows_and_columns(shop_like, database):
    shop = shop_like(fill)
    gold(shop, database, "--close")
    assert differences(shop, database) == []
    assert database.rows("select count(*) from millrace.sessions")[0][0] > 100
    for table in TABLES:
        columns = {
            name
            for (name,) in database.rows(
                "select column_name::text from information_schema.columns where table_name = %s", table
            )
        }
        schema = json.loads(deltalake.DeltaTable(shop.data / "gold" / table).schema().to_json())
        assert columns == {field["name"] for field in schema["fields"]} | {"closed"}, table
    ((version,),) = database.rows("select distinct silver_version from millrace.progress where table_name = 'kpis'")
    assert version == deltalake.DeltaTable(shop.data / "silver").version()


def test_what_is_open_is_shown_and_gives_way_to_what_is_closed(shop_like, database):
    shop = shop_like(fill)
    gold(shop, database)
    days = "select window_start, events from millrace.kpis where grain = 'day' and "
    before = set(database.rows(days + "not closed"))
    assert before and differences(shop, database) == []
    gold(shop, database, "--close")
    assert differences(shop, database) == []
    assert before == set(database.rows(days + "not closed"))
    shop.write(
        *lines(
            [
                {**made, "event_id": f"later-{made['user_id']}", "timestamp": "2024-06-01T00:00:00Z"}
                for made in events_of(1)
                if made.get("user_id")
            ]
        )
    )
    shop.drain()
    gold(shop, database)
    assert differences(shop, database) == []
    assert before <= set(database.rows(days + "closed"))


def test_rows_of_open_windows_are_all_there_once_the_end_has_published_them(shop, database):
    for seed in (1, 2):
        fill(shop, seed)
        for _ in range(2):
            gold(shop, database, "--close")
            assert differences(shop, database) == []
            for table in ("sessions", "users", "funnel", "kpis"):
                ((rows, closed),) = database.rows(
                    f"select count(*), count(*) filter (where closed) from millrace.{table}"
                )
                assert rows == shop.count(f"gold.{table}") > closed, table
    gold(shop, database)
    assert differences(shop, database) == []
    assert database.rows("select count(*) from millrace.sessions where not closed") == [(0,)]


def test_replaced_days_new_beginnings_and_joined_files_come_through(shop, database):
    events = RandomShop(3).shuffled(3 * 86400)
    shop.write(*lines(events[:1000]))
    shop.drain()
    gold(shop, database, "--close")
    shop.write(*lines(events[1000:]))  # late for the closed windows
    shop.drain()
    for options in (["--batch"], ["--rebuild", "--close"]):
        shop.run("gold", *(["--available-now"] if options[0] != "--batch" else []), *options)
        gold(shop, database)
        assert differences(shop, database) == []
    views = database.rows("select sum(views) from millrace.daily_products")
    assert views == database.rows("select sum(views) from millrace.product_metrics where \"window\" = '1m'")


def test_a_server_that_is_away_is_caught_up_with_and_holds_nothing_up(shop_like, database, postgres):
    shop = shop_like(fill)
    postgres.stop(signal.SIGKILL)
    running = shop.start("gold", "--trigger", "50ms", "--postgres", database.url)
    try:
        wait_until(lambda: (shop.data / "gold" / "state.bin").exists())
        fill(shop, 2)
        postgres.start()
        wait_until(lambda: database.rows("select to_regclass('millrace.progress') is not null")[0][0])
        wait_until(lambda: differences(shop, database) == [])
        postgres.stop(signal.SIGKILL)
        fill(shop, 4)
        postgres.start()
        wait_until(lambda: differences(shop, database) == [])
        code, _, err = stop(running)
        assert code == 0, err
        assert "postgres" in err.lower() and "trying again" in err
    finally:
        running.kill()
        running.wait()
        if not postgres.pid():
            postgres.start()


def test_a_kill_while_rows_are_sent_leaves_no_row_twice_and_none_out(shop, database):
    for round_ in range(4):
        fill(shop, 10 + round_)
        process = shop.start("gold", "--trigger", "20ms", "--postgres", database.url)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.15 * (round_ + 1))
        process.kill()
        process.wait()
    gold(shop, database, "--close")
    assert differences(shop, database) == []


def test_another_shop_is_kept_out(shop_at, database):
    first, second = shop_at("first"), shop_at("second")
    for shop in (first, second):
        shop.write(line(1))
        shop.drain()
    gold(first, database)
    gold(second, database)
    assert "another data directory" in second.stderr and "given up until the next start" in second.stderr
    assert differences(first, database) == []
    gold(second, database, "--postgres-schema", "second")
    assert database.rows("select silver_id from second.shop") != database.rows("select silver_id from millrace.shop")


def make_older(database, version):
    """Moves the rows into a schema of an older version."""
    database.run("alter schema millrace rename to newer")
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("create schema millrace")
        connection.execute("set search_path to millrace")
        connection.execute(
            "create table migrations (version integer primary key, name text not null, applied_at timestamptz not null)"
        )
        for number, path in enumerate(MIGRATIONS[:version], 1):
            connection.execute(path.read_text())
            connection.execute("insert into migrations values (%s, %s, now())", (number, path.stem))
        for table in ["shop", "progress", *TABLES]:
            columns = ", ".join(
                name
                for (name,) in connection.execute(
                    "select quote_ident(column_name) from information_schema.columns "
                    "where table_schema = 'millrace' and table_name = %s",
                    (table,),
                ).fetchall()
            )
            if columns:
                connection.execute(f"insert into {table} ({columns}) select {columns} from newer.{table}")
            else:  # the older version did not have the table
                connection.execute("delete from progress where table_name = %s", (table,))
    database.run("drop schema newer cascade")


def lacking(version):
    """The tables whose rows of a version lack columns: about bots, where a session came from, visitors, and orders'."""
    visitors = {"sessions", "users", "orders"} if version < 8 else set()
    channels = {"orders"} if version < 9 else set()
    return (
        ({"kpis", "sessions"} if version < 3 else set())
        | ({"sessions"} if version < 7 else set())
        | visitors
        | channels
    )


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_an_older_schema_is_upgraded_with_its_rows(shop_like, database, version):
    shop = shop_like(fill)
    gold(shop, database, "--close")
    make_older(database, version)
    if version > 1:
        database.run("grant select on millrace.daily_products to public")
    fill(shop, 2, days=10)
    gold(shop, database, "--close")
    assert set(differences(shop, database)) <= lacking(version)
    assert database.rows("select count(*) from millrace.migrations") == [(len(MIGRATIONS),)]
    assert database.rows("select count(*) from millrace.daily_kpis")[0][0] > 0
    views = database.rows("select sum(views) from millrace.daily_products")
    assert views == database.rows("select sum(views) from millrace.product_metrics where \"window\" = '1m'")
    if version > 1:
        assert (
            "=r/"
            in database.rows("select relacl::text from pg_class where oid = 'millrace.daily_products'::regclass")[0][0]
        )


def test_somebody_elses_view_upon_ours_does_not_stop_an_upgrade(shop_like, database):
    shop = shop_like(fill)
    gold(shop, database, "--close")
    make_older(database, 3)
    database.run("create view public.theirs as select product_id, views from millrace.daily_products")
    fill(shop, 2, days=10)
    gold(shop, database, "--close")
    assert set(differences(shop, database)) <= lacking(3)
    assert database.rows("select sum(views) from public.theirs") == database.rows(
        "select sum(views) from millrace.daily_products"
    )


def test_a_newer_schema_is_refused(shop_like, database):
    shop = shop_like(fill)
    gold(shop, database)
    database.run("insert into millrace.migrations values (1000, 'of the future', now())")
    gold(shop, database)
    assert "Use a newer version of Millrace" in shop.stderr


def test_a_database_that_cannot_hold_every_text_is_refused(shop_like, postgres, database):
    postgres.psql(f"create database {database.name}_latin encoding 'LATIN1' locale 'C' template template0")
    shop = shop_like(fill)
    shop.run("gold", "--available-now", "--postgres", f"{database.url}_latin")
    assert "LATIN1" in shop.stderr and "--encoding=UTF8" in shop.stderr


def test_ids_of_any_length_are_published_whole(shop, database):
    """An entry of a B-tree has at most 2,704 bytes. An id may have 65,536, and a random one cannot be compressed."""
    fields = ["user_id", "product_id", "session_id", "product_category", "device_type"]
    long = random.Random(7).randbytes(30_000).hex()
    texts = [
        long + "a",
        long + "b",
        *("x" * length for length in (31, 32, 33, 2704, 65_536)),
        "a\\1",
        "a\\\\1",
        "quoted \"' and, parted",
        "\\",
        "\\.",
        "ü" * 16,
        "ü" * 15 + "u",
    ]
    made = [dict.fromkeys(fields, text) for text in texts] + [{"product_id": "of two\nlines", "user_id": "u"}]
    shop.write(
        *[line(n, **each) for n, each in enumerate(made)],
        *[line(100 + n, event_type="purchase", **each) for n, each in enumerate(made)],
    )
    fill(shop)
    gold(shop, database)
    gold(shop, database, "--close")
    assert differences(shop, database) == []
    for table in ("daily_products", "product_metrics"):
        found = {name for (name,) in database.rows(f"select product_id from millrace.{table}")}
        assert {each["product_id"] for each in made} <= found
    for each in made:
        found = database.rows(
            "select distinct product_id from millrace.product_metrics "
            "where millrace.text_key(product_id) = millrace.text_key(%s)",
            each["product_id"],
        )
        assert found == [(each["product_id"],)]
    gold(shop, database, "--rebuild", "--close")
    assert differences(shop, database) == []


def test_a_table_or_view_that_fails_holds_up_no_other_and_is_counted(shop_like, database):
    shop = shop_like(fill)
    gold(shop, database, "--close")
    database.run("alter table millrace.users add constraint broken check (events < 0) not valid")
    database.run("drop index millrace.daily_kpis_key")  # the view needs it to be refreshed without blocking its readers
    server = Port(shop, "--no-simulator", "--postgres", database.url, "--gold-trigger", "100ms", command="run")
    try:
        shop.write(*lines(events_of(2, days=10)))
        for target in ("users", "daily_kpis"):
            wait_until(
                lambda target=target: (metric(server, "millrace_postgres_failures_total", target=target) or 0) > 1
            )  # the program tries again
        shop.write(*lines(events_of(3, days=20)))
        newest = "select max(day)::text from millrace.{} where closed"
        wait_until(lambda: database.rows(newest.format("kpis"))[0][0] > "2024-04-17")
        wait_until(lambda: database.rows("select max(day)::text from millrace.daily_products")[0][0] > "2024-04-17")
        assert metric(server, "millrace_postgres_failures_total", target="kpis") == 0
        assert database.rows(newest.format("users"))[0][0] < "2024-04-08"
    finally:
        code, _, err = server.stop()
    assert (
        code == 0
        and "updating users failed" in err
        and "updating daily_kpis failed" in err
        and "not everything could be published" in err
    )
    gold(shop, database, "--close")
    assert "not everything could be published" in shop.stderr and set(differences(shop, database)) == {"users"}
    database.run("alter table millrace.users drop constraint broken")
    database.run("create unique index daily_kpis_key on millrace.daily_kpis (day, currency)")
    gold(shop, database)
    assert "postgres" not in shop.stderr and differences(shop, database) == []


def test_passwords_are_not_told(shop, postgres, free_port):
    shop.write(line(1))
    shop.drain()
    shop.run("gold", "--available-now", "--postgres", "postgresql://u:s3cret@[", code=2)
    assert "s3cret" not in shop.stderr
    running = shop.start("gold", "--postgres", f"postgresql://u:s3cret@127.0.0.1:{free_port}/db")
    wait_until(lambda: (shop.data / "gold" / "state.bin").exists())
    code, _, err = stop(running)
    assert code == 0 and "not everything could be published" in err and "s3cret" not in err
