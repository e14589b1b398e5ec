"""PostgreSQL has Gold's tables as they are in Delta, each row once, whatever happens to either side."""
import json
import signal
import subprocess

import deltalake
import psycopg
import pytest

from tests import gold_oracle
from tests.conftest import line, stop, wait_until
from tests.random_shop import RandomShop, lines

TABLES = [*gold_oracle.TABLES, "alerts"]


class Database:
    """A database of the test's own."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        server.psql(f"create database {name}")
        self.url = f"postgresql://millrace@127.0.0.1:{server.port}/{name}"

    def rows(self, query, *parameters):
        with psycopg.connect(self.url) as connection:
            connection.execute("set timezone to 'UTC'")
            return connection.execute(query, parameters or None).fetchall()

    def run(self, statement):
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture
def database(postgres, request):
    return Database(postgres, "t" + format(abs(hash(request.node.name)), "x"))


def events_of(seed):
    return [made | {"event_id": f"{seed}-{made['event_id']}"} for made in RandomShop(seed).events]


def fill(shop, seed=1):
    shop.write(*lines(events_of(seed)))
    shop.drain()


def gold(shop, database, *options):
    return shop.run("gold", "--available-now", "--postgres", database.url, *options)


def differences(shop, database, tables=TABLES):
    """The tables whose closed rows differ from Delta's."""
    different = []
    for table in tables:
        delta = deltalake.DeltaTable(shop.data / "gold" / table).to_pyarrow_table()
        names = delta.column_names
        expected = sorted(repr([str(value) if name == "day" else value for name, value in row.items()])
                          for row in delta.to_pylist())
        columns = ", ".join(f'"{name}"' for name in names)
        found = sorted(repr([str(value) if name == "day" else value for name, value in zip(names, row)])
                       for row in database.rows(f"select {columns} from millrace.{table} where closed"))
        if [same_zone(row) for row in expected] != [same_zone(row) for row in found]:
            different.append(table)
    return different


def same_zone(row):
    return row.replace("zoneinfo.ZoneInfo(key='UTC')", "UTC").replace("<UTC>", "UTC").replace("datetime.timezone.utc", "UTC") \
        .replace("zoneinfo.ZoneInfo(key='Etc/UTC')", "UTC")


def test_every_table_is_there_with_all_rows_and_columns(shop, database):
    fill(shop)
    gold(shop, database, "--close")
    assert differences(shop, database) == []
    assert database.rows("select count(*) from millrace.sessions")[0][0] > 100
    for table in TABLES:
        columns = {name for name, in database.rows("select column_name::text from information_schema.columns where table_name = %s", table)}
        schema = json.loads(deltalake.DeltaTable(shop.data / "gold" / table).schema().to_json())
        assert columns == {field["name"] for field in schema["fields"]} | {"closed"}, table
    (version,), = database.rows("select distinct silver_version from millrace.progress where table_name = 'kpis'")
    assert version == deltalake.DeltaTable(shop.data / "silver").version()


def test_what_is_open_is_shown_and_gives_way_to_what_is_closed(shop, database):
    fill(shop)
    gold(shop, database)
    before = database.rows("select window_start, events from millrace.kpis where not closed and grain = 'day'")
    assert before and differences(shop, database) == []
    gold(shop, database, "--close")
    assert differences(shop, database) == []
    assert database.rows("select count(*) from millrace.kpis where not closed") == [(0,)]
    assert set(before) <= set(database.rows("select window_start, events from millrace.kpis where closed and grain = 'day'"))


def test_replaced_days_new_beginnings_and_joined_files_come_through(shop, database):
    events = RandomShop(3).shuffled(3 * 86400)
    shop.write(*lines(events[:1000]))
    shop.drain()
    gold(shop, database, "--close")
    shop.write(*lines(events[1000:]))  # late for what was closed
    shop.drain()
    for options in (["--batch"], ["--rebuild", "--close"]):
        shop.run("gold", *(["--available-now"] if options[0] != "--batch" else []), *options)
        gold(shop, database)
        assert differences(shop, database) == []
    views = database.rows("select sum(views) from millrace.daily_products")
    assert views == database.rows("select sum(views) from millrace.product_metrics where \"window\" = '1m'")


def test_a_server_that_is_away_is_caught_up_with_and_holds_nothing_up(shop, database, postgres):
    fill(shop)
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
        try:
            process.wait(timeout=0.15 * (round_ + 1))
        except subprocess.TimeoutExpired:
            pass
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


def test_an_older_schema_is_upgraded_and_a_newer_one_refused(shop, database):
    fill(shop)
    gold(shop, database)
    database.run("drop materialized view millrace.daily_kpis, millrace.daily_products, millrace.firing_alerts")
    database.run("alter table millrace.kpis drop column bot_events, drop column bot_users, drop column bot_sessions")
    database.run("alter table millrace.sessions drop column is_bot")
    database.run("delete from millrace.migrations where version > 1")
    gold(shop, database)
    assert database.rows("select count(*) from millrace.daily_kpis")[0][0] > 0
    database.run("insert into millrace.migrations values (1000, 'of the future', now())")
    gold(shop, database)
    assert "Use a newer millrace" in shop.stderr


def test_passwords_are_not_told(shop, postgres, free_port):
    shop.write(line(1))
    shop.drain()
    shop.run("gold", "--available-now", "--postgres", "postgresql://u:s3cret@[", code=2)
    assert "s3cret" not in shop.stderr
    running = shop.start("gold", "--postgres", f"postgresql://u:s3cret@127.0.0.1:{free_port}/db")
    wait_until(lambda: (shop.data / "gold" / "state.bin").exists())
    code, _, err = stop(running)
    assert code == 0 and "not all is published" in err and "s3cret" not in err
