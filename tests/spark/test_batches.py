"""The batch layer and a replay in tasks of Spark make what the program makes of the same data."""

import shutil

import pytest

from tests.support import delta
from tests.support.kafka import SIMULATED, KafkaShop, accounts, delete_records, rows_of
from tests.support.shop import Millrace

TABLES = ("users", "sessions", "products", "orders", "funnel", "sources", "kpis", "devices", "categories")


@pytest.fixture
def shop(tmp_path):
    shop = Millrace(tmp_path / "shop")
    shop.run("produce", *SIMULATED[:4], "--span", "190h", *SIMULATED[6:])
    shop.drain()
    return shop


def gold_rows(shop, table):
    rows = delta.rows(delta.open_table(shop.data / "gold" / table))
    return sorted(str(row) for row in rows.to_pylist())


@pytest.mark.parametrize("days_per_task", [1, 3, None])
def test_gold_in_tasks_has_the_rows_of_gold_batch(shop, spark, days_per_task):
    from millrace.spark.gold import gold

    other = Millrace(shop.data.with_name("other"))
    shutil.copytree(shop.data, other.data)
    other.run("gold", "--batch")
    done = gold(spark, shop.data, days_per_task=days_per_task)
    assert len(done["days"]) == 8
    names = sorted(path.name for path in (shop.data / "gold").iterdir() if path.is_dir())
    assert set(TABLES) & set(names)
    for table in names:
        assert gold_rows(shop, table) == gold_rows(other, table), table
    shop.run("gold", "reconcile")
    again = gold(spark, shop.data, first=done["days"][2], last=done["days"][3], days_per_task=days_per_task)
    assert again["days"] == done["days"][2:4]
    shop.run("gold", "reconcile")


def test_gold_waits_for_nothing_while_the_speed_layer_runs(shop, spark):
    from millrace.spark.gold import gold

    shop.run("gold", "--available-now")
    before = gold_rows(shop, "users")
    assert gold(spark, shop.data)["rows"] > 0
    assert gold_rows(shop, "users") == before
    shop.run("gold", "reconcile")


def test_gold_without_events_does_nothing(tmp_path, spark):
    from millrace.spark.gold import gold

    shop = Millrace(tmp_path / "empty")
    shop.run("topic", "create")
    shop.drain()
    assert gold(spark, shop.data) == {"days": [], "rows": 0}


def test_a_replay_in_tasks_makes_the_table_of_millrace_replay(tmp_path, kafka, spark):
    from millrace.spark.replay import replay

    shop = KafkaShop(tmp_path / "shop", kafka)
    shop.run("produce", *SIMULATED)
    shop.drain()
    shop.run("archive", "--available-now")
    delete_records(shop, {0: 500, 1: 300})  # the archive has them
    other = KafkaShop(tmp_path / "other", kafka)
    other.topic = shop.topic
    shutil.copytree(shop.data, other.data)
    other.run("replay", "--currency", "USD")
    options = {"kafka.bootstrap.servers": kafka.address, "subscribe": shop.topic}
    report = replay(
        spark, shop.data, options, settings={"currency": "USD"}, records_per_round=2000, records_per_task=300
    )
    assert report["received"] == 5000
    assert accounts(shop.verify()) == accounts(other.verify())
    assert rows_of(shop).equals(rows_of(other))
    assert set(rows_of(shop)["currency"].to_pylist()) == {"USD"}


def test_a_setting_that_there_is_not_is_named(shop, spark):
    from millrace.spark.replay import replay

    with pytest.raises(ValueError, match="no setting is called colour"):
        replay(spark, shop.data, {"log": f"{shop.data}/bronze"}, settings={"colour": "red"})
