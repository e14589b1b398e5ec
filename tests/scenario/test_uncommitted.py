"""Figures and live.silver show rows before they are committed; what is published rests on commits alone."""

import datetime
import json
import signal
import threading
import urllib.request

import pytest

from tests.support.events import event
from tests.support.port import Port
from tests.support.shop import wait_until

LATE = "1h"  # no commit comes during a test


@pytest.fixture
def server(shop):
    running = Port(shop, "--no-simulator", "--trigger", LATE, command="run")
    wait_until(lambda: running.get("/readyz")[0] == 200)
    return running


def now_event(number, **fields):
    """An event of this moment, so that its minute is the newest window."""
    return event(number, timestamp=datetime.datetime.now(datetime.UTC).isoformat(), **fields)


def query(server, text):
    status, answer, _ = server.post({"query": text}, path="/v1/sql")
    assert status == 200, answer
    return answer["rows"]


def events_today(server):
    """The events of the newest day, as the dashboard's feed has them."""
    state = json.loads(server.get("/v1/state")[1])
    return sum(row["events"] for row in state.get("kpis", {}).get("day", []))


def committed(server):
    return query(server, "select count(*) as n from silver")[0]["n"]


def places(server, table):
    return query(server, f'select count(*) as n, count(distinct ("partition", "offset")) as d from {table}')[0]


def test_figures_and_sql_have_rows_that_are_not_committed(shop, server):
    server.post([now_event(n) for n in range(20)])
    server.post([now_event(3), now_event(20, price=-1)])  # a duplicate, and one that is refused
    wait_until(lambda: events_today(server) == 20)
    assert places(server, "live.silver") == {"n": 20, "d": 20}
    assert committed(server) == 0
    assert query(server, "select sum(events) as n from live.kpis where grain = 'minute'") == [{"n": "20"}]
    row = query(server, "select user_id, product_id, price, event_type from live.silver where event_id = 'e3'")
    assert row == [{"user_id": "u3", "product_id": "p1", "price": 9.5, "event_type": "view"}]
    assert shop.json("sql", "select count(*) as n from live.silver")["rows"] == [{"n": 20}]
    assert "silver" in [row["name"] for row in shop.json("sql", "show all tables", "--limit", "100")["rows"]]
    server.stop()
    assert shop.count("silver") == 20
    assert shop.json("sql", "select count(*) as n from live.silver")["rows"] == [{"n": 20}]
    shop.verify()


def test_the_feed_shows_an_event_at_once(server):
    shown = threading.Event()

    def watch():
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/v1/live", timeout=30) as feed:
            for line in feed:
                if b'"CHF"' in line:
                    return shown.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    server.post(now_event(1, currency="CHF"))
    assert shown.wait(20)
    assert committed(server) == 0


def test_rows_that_were_shown_before_a_kill_come_once(shop, server):
    server.post([now_event(n) for n in range(50)])
    wait_until(lambda: events_today(server) == 50)
    server.stop(signal.SIGKILL)
    assert shop.count("silver") == 0
    again = Port(shop, "--no-simulator", "--trigger", LATE, command="run")
    wait_until(lambda: events_today(again) == 50)
    again.post([now_event(n) for n in range(40, 60)])  # ten of them again
    wait_until(lambda: events_today(again) == 60)
    again.stop()
    assert shop.count("silver") == 60
    shop.verify()


def test_nothing_is_published_before_its_commit(shop, server):
    server.post([now_event(n) for n in range(10)])
    wait_until(lambda: events_today(server) == 10)
    query(server, "select count(*) from live.kpis")  # it publishes the windows that are closed
    for table in ("kpis", "sessions", "users"):
        assert query(server, f"select count(*) as n from gold.{table}") == [{"n": 0}]
    assert not list((shop.data / "silver").rglob("*.parquet"))


def test_figures_stay_right_while_commits_come(shop):
    server = Port(shop, "--no-simulator", "--trigger", "100ms", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    for n in range(60):
        server.post([now_event(2 * n), now_event(2 * n + 1)])
        rows = places(server, "live.silver")
        assert rows["n"] == rows["d"], "a row is there twice"
        assert rows["n"] <= 2 * n + 2
    wait_until(lambda: events_today(server) == 120)
    wait_until(lambda: places(server, "live.silver")["n"] == 120)
    server.stop()
    shop.verify()
