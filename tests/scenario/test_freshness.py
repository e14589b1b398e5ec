"""`millrace freshness` says up to which time the tables are complete, from the tables and the log alone."""

import datetime
import shutil

import pytest

from tests.support.events import event, lines
from tests.support.kafka import SIMULATED, KafkaShop

DAY = "2024-06-01"
END = "2024-06-02T00:00:00Z"


def events_of(hours, first=0):
    """An event in each of twenty partitions' worth of users for each hour of the day."""
    return [
        event(first + 100 * hour + n, user_id=f"u{n}", timestamp=f"{DAY}T{hour:02}:30:00Z")
        for hour in hours
        for n in range(20)
    ]


def later(day="2024-06-02", first=10**6):
    return [event(first + n, user_id=f"u{n}", timestamp=f"{day}T01:00:00Z") for n in range(20)]


def complete(shop, *options, code=0):
    """(whether the goal is reached, what is missing)."""
    report = shop.json("freshness", *options, code=code)
    assert report["complete"] == (code == 0)
    return report["missing"]


def test_a_day_is_complete_when_gold_has_closed_it(shop):
    shop.write(*lines(events_of(range(24))))
    assert "silver has come" in complete(shop, "--layer", "silver", "--day", DAY, code=1)
    shop.drain()
    assert complete(shop, "--layer", "silver", "--day", DAY) is None
    assert "gold has come" in complete(shop, "--day", DAY, code=1)
    shop.run("gold", "--available-now")
    assert f"gold is complete up to {DAY}T23:20:00" in complete(shop, "--day", DAY, code=1)
    assert complete(shop, "--until", f"{DAY}T23:00:00Z") is None
    shop.write(*lines(later()))
    shop.drain()
    report = shop.json("freshness")
    assert (report["silver"]["lag_records"], report["gold"]["lag_versions"]) == (0, 1)
    shop.run("gold", "--available-now")
    assert complete(shop, "--until", END) is None
    assert "sessions of 2024-06-01 may still go on" in complete(shop, "--day", DAY, code=1)
    shop.write(*lines(later("2024-06-03", first=2 * 10**6)))
    shop.drain()
    shop.run("gold", "--available-now")
    assert complete(shop, "--day", DAY) is None
    assert f"gold has all events before {END}" in shop.run("freshness", "--day", DAY)


def test_a_late_day_waits_for_its_correction(shop):
    shop.write(*lines(events_of(range(24)) + later("2024-06-04")))
    shop.drain()
    shop.run("gold", "--available-now")
    assert complete(shop, "--day", DAY) is None
    shop.write(*lines(events_of([3], first=50_000)))
    shop.drain()
    assert f"gold is complete up to {DAY}T03:30:00Z" in complete(shop, "--day", DAY, code=1), "Gold has not seen them"
    assert complete(shop, "--until", f"{DAY}T03:00:00Z") is None
    shop.run("gold", "--available-now", "--correct", "off")
    assert "lack late events" in complete(shop, "--day", DAY, code=1)
    assert "lack late events" in complete(shop, "--until", END, code=1)
    assert next(day["day"] for day in shop.json("freshness")["waiting_days"]) <= DAY
    assert complete(shop, "--layer", "silver", "--day", DAY) is None
    shop.run("gold", "--batch", "--from", "2024-05-31", "--to", "2024-06-02")
    assert complete(shop, "--day", DAY) is None


def test_silver_is_as_far_as_its_slowest_partition(shop):
    shop.write(*lines(events_of(range(12))))
    shop.drain()
    shop.write(*lines(events_of(range(12, 24), first=70_000)))
    report = shop.json("freshness")
    assert report["silver"]["lag_records"] == 240
    assert report["silver"]["up_to"] == f"{DAY}T11:30:00Z"
    assert complete(shop, "--layer", "silver", "--until", f"{DAY}T11:00:00Z") is None
    assert "wanted" in complete(shop, "--layer", "silver", "--until", f"{DAY}T12:00:00Z", code=1)


def test_what_is_not_known_is_not_complete(shop):
    shop.run("topic", "create", "--partitions", "2")
    shop.drain()
    assert "not known" in complete(shop, "--layer", "silver", "--day", DAY, code=1), "an empty table tells nothing"
    shop.write(*lines(events_of(range(24)) + later("2024-06-04")))
    shop.drain()
    shop.run("gold", "--available-now")
    assert complete(shop, "--day", DAY) is None
    shutil.rmtree(shop.data / "gold" / "sessions")
    assert "not known" in complete(shop, "--day", DAY, code=1), "Gold has lost a table"
    shutil.rmtree(shop.data / "bronze")
    shop.run("topic", "create", "--partitions", "2")
    shop.write(*lines([event(1)]))
    assert complete(shop, "--layer", "silver", "--day", DAY, code=1)


def test_no_table_is_complete_up_to_a_time_to_come(shop):
    shop.write(*lines(events_of([1])))
    shop.drain()
    tomorrow = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "silver is complete up to" in complete(shop, "--layer", "silver", "--until", tomorrow, code=1)


def test_a_topic_of_kafka_tells_the_lag(kafka, tmp_path):
    shop = KafkaShop(tmp_path / "shop", kafka)
    shop.run("produce", *SIMULATED)
    assert shop.json("freshness")["silver"] == {"up_to": None, "version": None, "lag_records": 5000}
    shop.drain()
    report = shop.json("freshness")
    assert report["silver"]["lag_records"] == 0 and report["silver"]["up_to"] == report["now"]


@pytest.mark.parametrize(
    "options, told",
    [
        (["--day", "2024-06-31"], "2024-06-31 is not a day"),
        (["--day", DAY, "--until", END], "cannot be used together"),
        (["--until", "yesterday"], "--until"),
        (["--layer", "bronze"], "--layer must be silver or gold"),
    ],
)
def test_wrong_options_are_told(shop, options, told):
    shop.write(*lines(events_of([1])))
    assert shop.run("freshness", *options, code=2) == ""
    assert told in shop.stderr
