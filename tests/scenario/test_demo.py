"""The demo: a shop with a plausible history that runs until it is stopped, and is never mixed with a real shop."""

import json

import pytest

from tests.support.events import line
from tests.support.shop import stop, wait_until


@pytest.fixture
def demo(port):
    """Starts a demo, and waits until its history is loaded."""
    return lambda *options: port("--no-browser", *options, command="demo")


def sql(shop, query):
    """The one row of a query, as a tuple."""
    (row,) = shop.json("sql", query)["rows"]
    return tuple(row.values())


def test_a_week_is_loaded_and_lives_on_until_it_is_stopped(shop, demo):
    server = demo("--events", "30000", "--days", "7", "--rate", "50")
    loaded = shop.count("bronze")
    assert loaded >= 30_000
    assert server.get("/readyz")[0] == 200
    rows = shop.count("silver")
    wait_until(lambda: shop.count("silver") > rows + 20, seconds=60)
    code, out, err = server.stop()
    assert code == 0, err
    assert "The shop on" in out and "goes on with it" in out
    shop.verify()


def test_its_figures_can_be_believed(shop, demo):
    server = demo("--events", "100000", "--days", "7", "--seed", "3", "--rate", "0.165")
    code, _, err = server.stop()
    assert code == 0, err
    sessions, events, carted, bought = sql(
        shop,
        """
        select count(*), sum(events)::double / count(*),
               count(*) filter (carts > 0) / count(*), count(*) filter (purchases > 0) / count(*)
        from (select session_id, count(*) as events, count(*) filter (event_type = 'add_to_cart') as carts,
                     count(*) filter (event_type = 'purchase') as purchases from silver group by 1)""",
    )
    assert sessions > 10_000 and 4 < events < 9 and 0.10 < carted < 0.25 and 0.02 < bought < 0.07
    evening, night = sql(
        shop, """select count(*) filter (event_hour = 20), count(*) filter (event_hour = 3) from silver"""
    )
    assert evening > 4 * night > 0
    hot_events, hot_revenue = sql(
        shop,
        """
        select count(*) filter (product_id = 'prod_0042') / count(*),
               sum(price * quantity) filter (event_type = 'purchase' and product_id = 'prod_0042')
                   / sum(price * quantity) filter (event_type = 'purchase')
        from silver""",
    )
    assert 0.19 < hot_events < 0.21 and hot_revenue < 0.5
    campaigns, referrers, devices = sql(
        shop,
        """
        select count(distinct regexp_extract(page_url, 'utm_campaign=([a-z_]+)', 1)) - 1, count(distinct referrer),
               count(distinct device_type)
        from silver""",
    )
    assert campaigns >= 5 and referrers >= 6 and devices == 3
    assert sql(
        shop,
        "select count(*) from (select session_id from silver group by 1 "
        "having count(distinct user_id || device_type || user_agent) > 1)",
    ) == (0,)
    for table, rows in {
        "kpis": 1000,
        "sessions": 8000,
        "product_metrics": 10_000,
        "funnel": 100,
        "users": 3000,
    }.items():
        assert sql(shop, f"select count(*) from gold.{table}") > (rows,), table


def test_a_stopped_history_is_completed_by_the_next_start(shop, demo):
    first = shop.start("demo", "--events", "120000", "--days", "7", "--no-browser", "--port", "0")
    wait_until(lambda: sum(path.stat().st_size for path in shop.data.glob("bronze/*-0/*.log")) > 1_000_000)
    code, _, err = stop(first)
    assert code == 0, err
    before = shop.count("bronze")
    server = demo()
    assert server.stop()[0] == 0
    assert shop.count("bronze") >= before
    assert shop.count("bronze") == pytest.approx(120_000, rel=0.02)
    (hours,) = sql(shop, "select count(distinct date_trunc('hour', event_timestamp)) from silver")
    assert hours >= 168
    shop.verify()


def test_each_start_goes_on_with_the_same_shop(shop, demo):
    assert demo("--events", "20000", "--days", "2").stop()[0] == 0
    first = shop.count("bronze")
    prices = shop.json(
        "sql", "select distinct product_id, price from silver where product_id is not null order by 1, 2"
    )["rows"]
    assert demo().stop()[0] == 0
    assert first <= shop.count("bronze") < first + 1000, "the history is there already"
    assert (
        shop.json("sql", "select distinct product_id, price from silver where product_id is not null order by 1, 2")[
            "rows"
        ]
        == prices
    )
    shop.verify()


def test_a_shop_that_the_demo_did_not_make_is_left_alone(shop):
    shop.write(line(1))
    shop.drain()
    files = sorted(str(path) for path in shop.data.rglob("*"))
    shop.run("demo", "--no-browser", code=2)
    assert "the demo did not make" in shop.stderr and "--data" in shop.stderr
    assert sorted(str(path) for path in shop.data.rglob("*")) == files


def test_two_demos_do_not_run_in_one_folder(shop, demo):
    demo("--events", "1000", "--days", "1")
    shop.run("demo", "--no-browser", "--port", "0", code=2)
    assert "runs there already" in shop.stderr


def test_it_reports_as_json(shop):
    process = shop.start("demo", "--events", "2000", "--days", "2", "--port", "0", "--json")
    wait_until(lambda: (shop.data / "silver" / "_delta_log").exists() and shop.count("silver") > 1900)
    code, out, err = stop(process)
    assert code == 0, err
    report = json.loads(out)
    assert report["history"] == 2000 and report["sent"] > 1900
    assert report["silver"] + report["duplicates"] + report["quarantined"] <= report["sent"]


@pytest.mark.parametrize(
    "words, says",
    [
        (["--days", "0"], "days"),
        (["--rate", "0"], "rate"),
        (["--events", "0"], "events"),
    ],
)
def test_wrong_options_say_what_is_wrong(shop, words, says):
    shop.run("demo", "--no-browser", *words, code=2)
    assert says in shop.stderr and not shop.data.exists()
