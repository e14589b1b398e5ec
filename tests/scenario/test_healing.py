"""Days heal: whenever events come, and however often Gold is killed, its tables are those of events in order."""

import datetime
import json
import random

import pytest

from tests.support import delta, gold_oracle
from tests.support.events import event, lines
from tests.support.kills import kill_at
from tests.support.port import metric
from tests.support.random_shop import RandomShop
from tests.support.shop import Millrace, wait_until

OF_SESSIONS = {"sessions", "funnel", "sources"}
WINDOWS = tuple(name for name in gold_oracle.TABLES if name not in OF_SESSIONS)
GOLD = ["gold", "--available-now"]


def fill(shop, events):
    shop.write(*lines(events))
    shop.drain()


def much_later():
    """Events in all partitions that close all windows of a random shop."""
    return [event(10**6 + n, user_id=f"u{n}", timestamp="2024-06-20T00:00:00Z") for n in range(20)]


def days_of(made):
    """The events of each UTC day."""
    days = {}
    for one in made.events:
        days.setdefault(one["timestamp"][:10], []).append(one)
    return list(days.values())


def correcting(shop):
    """What `gold list` says about each table's late days."""
    return {
        row["table"].removeprefix("gold."): row["being_corrected"]
        for row in shop.json("gold", "list")["rows"]
        if row["being_corrected"]
    }


def notes(shop):
    return " ".join(shop.verify()["notes"])


def serve_with_watermark(run, *options):
    """A run whose watermark is ten minutes ago. Returns it and the day two days ago."""
    server = run("--no-simulator", "--gold-trigger", "1s", *options)
    now = datetime.datetime.now(datetime.UTC)
    server.post([event(n, timestamp=now.isoformat(), user_id=f"u{n}") for n in range(20)])
    wait_until(lambda: metric(server, "millrace_gold_watermark_timestamp_seconds"))
    return server, (now - datetime.timedelta(days=2)).strftime("%Y-%m-%d")


@pytest.mark.parametrize("seed, zone", [(1, "UTC"), (2, "America/New_York"), (3, "Asia/Kolkata")])
def test_any_order_of_days_makes_the_tables_of_the_order_of_time(shop, seed, zone):
    chance = random.Random(seed)
    made = RandomShop(100 + seed, users=12, days=9)
    days = days_of(made)
    chance.shuffle(days)
    for day in days:
        shop.write(*lines(day))
        shop.drain("--time-zone", zone)
        shop.run(*GOLD)
    shop.run(*GOLD, "--close")
    # A day that is open keeps what a late event of an order has changed, and is corrected when it has passed.
    gold_oracle.check(shop.data, tables=WINDOWS, where="day < '2024-04-06'", zone=zone)
    shop.verify()
    assert set(correcting(shop)) <= OF_SESSIONS | {"orders"}, "the last two days wait for their second midnight"
    fill(shop, much_later())
    shop.run(*GOLD, "--close")
    assert correcting(shop) == {}
    gold_oracle.check(shop.data, zone=zone)
    assert shop.json("gold", "reconcile")["differences"] == []
    shop.verify()


def test_kills_at_any_point_of_a_correction_leave_no_day_wrong(tmp_path):
    shop = Millrace(tmp_path / "data", "millrace_crash")
    chance = random.Random(7)
    made = RandomShop(107, users=10, days=8)
    days = days_of(made)
    chance.shuffle(days)
    kills = 0
    for day in [*days, much_later()]:
        fill(shop, day)
        for point in chance.sample(["gold.replaced", "gold.files.synced", "gold.state.saved", "gold.committed"], 3):
            kills += kill_at(shop, GOLD, point, chance.randrange(1, 4))
    shop.run(*GOLD, "--close")
    assert kills > 6, kills
    gold_oracle.check(shop.data)
    assert correcting(shop) == {}
    shop.verify()


def test_a_late_day_waits_without_correction_and_is_named_everywhere(shop):
    fill(shop, [event(1, user_id="u1", timestamp="2024-05-03T10:00:00Z")])
    shop.run(*GOLD)
    fill(
        shop,
        [
            event(2, user_id="u1", timestamp="2024-05-01T10:00:00Z"),
            event(3, user_id="u1", timestamp="2024-05-01T11:00:00Z"),
        ],
    )
    shop.run(*GOLD, "--correct", "off")
    assert correcting(shop)["kpis"] == "2024-05-01 (2 events)"
    assert "2 events came after their hour was closed" in notes(shop)
    assert shop.json("gold", "reconcile", code=1)["differences"]
    shop.run("gold", "--batch")
    assert "kpis" not in correcting(shop), "the batch layer has recomputed the day"
    assert "came after" not in notes(shop)
    gold_oracle.check(shop.data, tables=WINDOWS, where="day < '2024-05-03'")


def test_verify_finds_a_day_that_gold_lacks(shop):
    fill(
        shop,
        [
            event(1, user_id="u1", timestamp="2024-05-01T10:00:00Z"),
            event(2, user_id="u1", timestamp="2024-05-03T10:00:00Z"),
        ],
    )
    shop.run(*GOLD)
    table = delta.open_table(shop.data / "gold" / "kpis")
    table.delete("day = '2024-05-01'")
    report = shop.json("verify", code=1)
    (fault,) = [check for check in report["checks"] if not check["passed"]]
    assert "gold has 0 events" in fault["detail"] and "--from 2024-05-01 --to 2024-05-01" in fault["detail"]


def test_a_purchase_of_two_days_ago_is_in_its_day_within_seconds(run, shop):
    server, day = serve_with_watermark(run)
    server.post(event(99, timestamp=f"{day}T12:00:00Z", event_type="purchase", quantity=1))

    def found():
        rows = delta.rows(shop.data / "gold" / "kpis").to_pylist()
        return [row for row in rows if str(row["day"]) == day and row["grain"] == "day"]

    wait_until(found)
    assert [row["orders"] for row in found()] == [1]
    wait_until(lambda: metric(server, "millrace_gold_events_to_correct") == 0)
    server.stop()
    shop.verify()


@pytest.mark.long
def test_a_day_can_be_compared_and_recomputed_right_after_its_correction(run, shop):
    server, day = serve_with_watermark(run)
    server.post([event(n, timestamp=f"{day}T10:00:{n % 60:02}Z", user_id=f"u{n}") for n in range(100, 200)])
    kpis = shop.data / "gold" / "kpis"
    wait_until(lambda: [1 for row in delta.rows(kpis).to_pylist() if (str(row["day"]), row["events"]) == (day, 100)])
    # Both wait until the process has saved a position that has the correction.
    assert shop.json("gold", "reconcile", "--from", day, "--to", day)["differences"] == []
    assert shop.json("gold", "--batch", "--from", day, "--to", day)["rows"] > 0
    server.stop()
    shop.verify()


def test_days_that_wait_are_in_the_status_and_in_the_metrics(run):
    server, day = serve_with_watermark(run, "--correct", "off")
    server.post(event(99, timestamp=f"{day}T12:00:00Z"))
    wait_until(lambda: metric(server, "millrace_gold_events_to_correct") == 1)
    assert metric(server, "millrace_gold_corrections_pending") == 1
    state = json.loads(server.get("/v1/state")[1])
    assert state["correcting"] == [{"day": day, "events": 1}]
