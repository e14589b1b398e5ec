"""Gold's tables have the rows that SQL makes of silver, in whatever order events come and whenever Gold is stopped."""

import json
import re
import subprocess
import sys

import deltalake
import pytest

from tests.support import delta, gold_oracle
from tests.support.events import event, line, lines
from tests.support.paths import FIXTURES
from tests.support.random_shop import RandomShop
from tests.support.shop import stop, wait_until


def fill(shop, events, *options):
    shop.write(*lines(events))
    shop.drain(*options)


def at(number, time):
    """An event at that time of 2024-05-01. All are in one partition, so that its newest event sets the watermark."""
    return event(number, user_id="u1", timestamp=f"2024-05-01T{time}Z")


def publish(shop, *options, **environment):
    return shop.run("gold", "--available-now", *options, **environment)


def publish_open(shop, *options):
    """Publishes closed and open windows, and returns the report."""
    return json.loads(publish(shop, "--close", "--json", *options).splitlines()[-1])


def listed(shop):
    """The rows of `gold list`, by table."""
    return {row["table"].removeprefix("gold."): row for row in shop.json("gold", "list")["rows"]}


def much_later(number):
    """Events in all partitions that close all windows of a random shop."""
    return [event(10**6 + n, user_id=f"u{n}", timestamp="2024-04-20T00:00:00Z") for n in range(number, number + 20)]


def rows_of(shop):
    """The sorted rows of all gold tables, for comparing two shops."""
    found = {}
    for table in gold_oracle.TABLES:
        rows = delta.rows(shop.data / "gold" / table)
        found[table] = sorted(
            repr(row)
            for row in zip(*(rows.column(name).cast("string").to_pylist() for name in rows.column_names), strict=True)
        )
    return found


@pytest.mark.parametrize("seed, zone", [(1, "UTC"), (2, "Europe/Berlin"), (3, "Asia/Kolkata"), (4, "America/New_York")])
def test_all_tables_of_a_random_shop_are_what_sql_makes_of_silver(shop, seed, zone):
    fill(shop, RandomShop(seed).events, "--time-zone", zone)
    publish(shop, "--close")
    counts = gold_oracle.check(shop.data, zone=zone)
    assert counts["sessions"] > 300 and counts["product_metrics"] > 5000


def test_the_made_up_shop_with_copies_and_broken_events_agrees_with_sql(shop):
    shop.run(
        "produce",
        "--rate",
        "max",
        "--count",
        "40000",
        "--span",
        "6h",
        "--duplicates",
        "1%",
        "--invalid",
        "1%",
        "--seed",
        "9",
    )
    shop.drain()
    publish(shop, "--close")
    counts = gold_oracle.check(shop.data)
    assert counts["high_interest"] > 0
    found = {row["product_id"] for row in shop.json("show", "gold.high_interest", "--limit", "100")["rows"]}
    assert found == {"prod_0042"}


def test_the_real_sample_has_the_sessions_that_it_is_known_for(shop, sample):
    shop.run("import", "--format", "rees46", sample)
    shop.drain()
    publish(shop, "--close")
    assert gold_oracle.check(shop.data)["sessions"] == 5063


def test_closed_windows_are_the_same_however_the_events_came(shop_at):
    made = RandomShop(11, on_devices=0)  # a login changes windows that are closed
    shops = [shop_at(f"shop{n}") for n in range(3)]
    fill(shops[0], made.events)
    publish(shops[0], "--close")
    fill(shops[1], made.shuffled(500), "--lanes", "1", "--batch-rows", "100")
    publish(shops[1], "--close")
    for part in range(0, len(made.events), 170):  # in parts, with a run of Gold after each
        fill(shops[2], made.events[part : part + 170], "--lanes", "3")
        publish(shops[2])
    publish(shops[2], "--close")
    expected = rows_of(shops[0])
    for other in shops[1:]:
        assert rows_of(other) == expected


def test_windows_stay_open_until_the_watermark_has_passed_them(shop):
    fill(shop, [at(1, "10:00:30"), at(2, "10:05:00")])
    publish(shop)
    assert shop.count("gold.product_metrics") == 0
    fill(shop, [at(3, "10:11:01")])
    publish(shop)
    assert {row["window"] for row in shop.json("show", "gold.product_metrics")["rows"]} == {"1m", "5m"}
    assert shop.count("gold.kpis", "grain") == {"minute": 1}
    gold_oracle.check(shop.data, tables=("kpis",), where="window_end <= TIMESTAMPTZ '2024-05-01 10:01:01Z'")


@pytest.mark.parametrize("correct, events", [("auto", 2), ("off", 1)])
def test_an_event_that_comes_too_late_is_counted_and_its_day_corrected(shop, correct, events):
    fill(shop, [at(1, "10:00:30"), at(2, "12:00:00")])
    publish(shop)
    fill(shop, [at(3, "10:00:40")])
    assert publish_open(shop, "--correct", correct)["late"] > 0
    rows = shop.json("show", "gold.kpis", "--limit", "100")["rows"]
    by_grain = {row["grain"]: row["events"] for row in rows if row["window_start"] == "2024-05-01T10:00:00Z"}
    assert by_grain == {"minute": events, "hour": events}
    day = [row for row in rows if row["grain"] == "day"]
    assert [row["events"] for row in day] == [3]  # the day's window was still open


def test_windows_that_were_published_open_go_on_as_if_they_never_were(shop_at):
    made = RandomShop(12, users=12, on_devices=0).events  # a login changes windows that are closed
    calm, published = shop_at("calm"), shop_at("published")
    for start in range(0, len(made), 300):
        for shop in (calm, published):
            fill(shop, made[start : start + 300])
        publish(calm)
        for _ in range(2):  # the second time from the state that the first has left
            report = publish_open(published)
            assert report["late"] == 0 and 0 < report["provisional"] <= report["rows"]
            gold_oracle.check(published.data)
            published.verify()
            assert published.json("gold", "reconcile")["differences"] == []
        before = rows_of(published)
        published.run("gold", "--batch")
        assert rows_of(published) == before
    published.run("gold", "--available-now")
    assert rows_of(published) == rows_of(calm)
    for shop in (calm, published):
        fill(shop, much_later(0))
        publish(shop)
    assert rows_of(published) == rows_of(calm)
    assert listed(published)["sessions"]["provisional"] == 0


def parts_of_a_shop():
    made = RandomShop(21, users=10).events
    return [made[start : start + 250] for start in range(0, len(made), 250)]


def publish_in_parts(shop):
    publish(shop)  # creates empty tables
    *parts, last = parts_of_a_shop()
    for part in parts:
        fill(shop, part)
        publish(shop)
    fill(shop, last)
    publish(shop, "--close")


@pytest.mark.parametrize(
    "point",
    [
        "gold.committed",
        "delta.commit.done",
        pytest.param("gold.files.synced", marks=pytest.mark.long),
        pytest.param("gold.provisional.committed", marks=pytest.mark.long),
        pytest.param("gold.withdrawn", marks=pytest.mark.long),
        pytest.param("gold.state.saved", marks=pytest.mark.long),
        pytest.param("parquet.synced", marks=pytest.mark.long),
    ],
)
def test_tables_are_the_same_after_a_kill_at_any_point(shop_like, shop_at, point):
    calm, killed = shop_like(publish_in_parts), shop_at("killed", "millrace_crash")
    publish(killed)
    kills = 0
    for part in parts_of_a_shop():
        fill(killed, part)
        for passage in (1, 2, 5, 9):
            done = subprocess.run(
                killed.command("gold", "--available-now", "--close"),
                capture_output=True,
                env={"MILLRACE_FAIL_AT": f"{point}:{passage}"},
            )
            kills += done.returncode == -9
        killed.verify()
        publish(killed, "--close")
        killed.verify()
    assert kills >= 3
    assert rows_of(killed) == rows_of(calm)
    gold_oracle.check(killed.data)


def test_gold_begins_anew_when_its_state_is_damaged_or_silver_was_rebuilt(shop):
    made = RandomShop(31, users=8).events
    fill(shop, made[:300])
    publish(shop)
    state = shop.data / "gold" / "state.bin"
    state.write_bytes(state.read_bytes()[:-3])
    fill(shop, made[300:])
    publish(shop)
    assert "Gold will be rebuilt" in shop.stderr
    shop.run("replay")
    publish(shop, "--close")
    assert "the silver table was rebuilt" in shop.stderr
    gold_oracle.check(shop.data)


def test_other_settings_are_refused_until_gold_is_rebuilt_with_them(shop):
    fill(shop, RandomShop(41, users=8).events)
    publish(shop)
    shop.run("gold", "--available-now", "--session-gap", "1h", code=2)
    assert "gold --rebuild" in shop.stderr
    publish(shop, "--rebuild", "--session-gap", "1h", "--time-zone", "Asia/Tokyo", "--close")
    gold_oracle.check(shop.data, zone="Asia/Tokyo", session_gap="1 hour")


def test_gold_follows_silver_while_both_run(shop):
    silver = shop.start("silver", "--trigger", "50ms")
    gold = shop.start("gold", "--trigger", "50ms")
    shop.write(*lines([at(1, "10:00:30"), at(2, "11:00:00")]))
    wait_until(lambda: (shop.data / "gold" / "kpis" / "_delta_log").exists() and shop.count("gold.kpis") > 0)
    assert stop(silver)[0] == 0 and stop(gold)[0] == 0


def test_a_second_gold_waits_for_its_turn(shop):
    shop.write(line(1))
    shop.drain()
    first = shop.start("gold")
    wait_until(lambda: (shop.data / "gold" / "state.bin").exists())
    second = shop.start("gold")
    wait_until(lambda: b"waiting for its turn" in second.stderr.readline())
    assert stop(first)[0] == 0
    shop.write(line(2))
    shop.drain()
    wait_until(
        lambda: json.loads((shop.data / "gold" / "state.bin").read_bytes().split(b"\n")[0])["silver_version"] >= 1
    )
    assert stop(second)[0] == 0


def test_the_rows_of_the_last_hour_are_shown(shop):
    fill(shop, [at(1, "10:00:30"), at(2, "12:30:00"), at(3, "13:10:00")])
    publish(shop, "--close")
    rows = shop.json("show", "gold.kpis", "--last", "1h", "--limit", "100")["rows"]
    assert {row["window_start"] for row in rows if row["grain"] == "minute"} == {
        "2024-05-01T12:30:00Z",
        "2024-05-01T13:10:00Z",
    }


def test_a_made_up_shop_runs_up_to_the_report_of_its_day(shop):
    out = shop.run("run", "--rate", "2000", "--duration", "3s", "--trigger", "300ms", "--seed", "5")
    assert "The shop on" in out and "funnel" in out and "! prod_0042 has" in out
    assert "gold.kpis" in out and "verified" in out
    gold_oracle.check(shop.data)
    for table in ("product_metrics", "category_metrics", "device_metrics", "kpis", "funnel", "sessions", "users"):
        assert int(listed(shop)[table]["provisional"]) > 0, table
    publish(shop, "--close")
    gold_oracle.check(shop.data)


def test_a_run_with_a_count_ends_with_all_tables_filled_and_a_later_one_goes_on(shop):
    for _ in range(2):
        report = shop.json("run", "--rate", "max", "--count", "2000", "--trigger", "200ms", "--no-http")
        assert report["verify"]["passed"], report["verify"]
        gold_oracle.check(shop.data)
    assert (
        report["gold"]["sessions"]
        == shop.json("sql", "select sessions as n from gold.funnel where grain = 'day' order by day desc limit 1")[
            "rows"
        ][0]["n"]
    )


def test_a_short_run_does_not_end_before_gold_is_built_from_what_was_there(shop):
    shop.run("produce", "--rate", "max", "--count", "200000", "--span", "2d")
    shop.drain()
    shop.run("run", "--rate", "10", "--duration", "300ms", "--trigger", "100ms", "--no-http")
    gold_oracle.check(shop.data, tables=("users",))
    # The day's number of sessions is an estimate, since there are so many.
    gold_oracle.check(shop.data, tables=("kpis",), where="grain <> 'day'")


def test_the_status_line_counts_what_this_run_has_processed(shop):
    shop.run("produce", "--rate", "max", "--count", "3000")
    shop.drain()
    out = shop.run("run", "--rate", "100", "--duration", "6s", "--trigger", "500ms", "--no-http")
    counts = re.search(r"received ([\d,]+)  silver ([\d,]+)  duplicates ([\d,]+)  quarantined ([\d,]+)  lag", out)
    received, silver, duplicates, quarantined = (int(count.replace(",", "")) for count in counts.groups())
    assert 0 < received == silver + duplicates + quarantined <= 700


def test_what_was_published_open_is_seen_once_while_gold_runs_and_after_it(shop, port):
    fill(shop, [at(1, "10:00:30"), at(2, "10:05:00"), at(3, "10:11:01")])
    publish(shop, "--close")

    def seen(server):
        """The rows of kpis as (gold, live)."""
        query = "select (select count(*) from gold.kpis) as gold, (select count(*) from live.kpis) as live"
        status, answer, _ = server.post({"query": query}, "/v1/sql")
        assert status == 200, answer
        return answer["rows"][0]["gold"], answer["rows"][0]["live"]

    serve = port()
    assert seen(serve) == (5, 5)  # three minutes, an hour, a day
    assert serve.stop()[0] == 0
    running = port("--no-simulator", command="run")
    wait_until(lambda: running.get("/readyz")[0] == 200)
    assert seen(running) == (1, 5)
    assert running.stop()[0] == 0
    assert shop.count("gold.kpis") == 1  # `run` without --duration does not publish open windows


def test_rows_of_open_windows_that_another_engine_has_joined_are_not_published_twice(shop):
    fill(shop, RandomShop(13, users=8).events)
    publish(shop, "--close")
    assert deltalake.DeltaTable(shop.data / "gold" / "kpis").optimize.compact()["numFilesRemoved"] > 1
    report = shop.json("verify", code=1)
    assert any(check["name"] == "gold.kpis" and "another program" in check["detail"] for check in report["checks"])
    publish(shop, "--close")
    assert "Gold will be rebuilt" in shop.stderr
    gold_oracle.check(shop.data)
    shop.verify()


def test_days_without_events_between_others_are_not_committed(shop):
    fill(shop, [at(1, "10:00:30"), {**at(2, "10:00:30"), "timestamp": "2019-10-01T10:00:30Z"}])
    publish(shop, "--close")

    def versions():
        return len(list((shop.data / "gold" / "kpis" / "_delta_log").glob("*.json")))

    before = versions()
    shop.run("gold", "--batch")
    assert versions() - before <= 2
    gold_oracle.check(shop.data)


def test_a_table_without_rows_says_when_its_first_ones_are_due(shop):
    assert all("Silver has no events" in row["why_empty"] for row in listed(shop).values())
    fill(shop, [at(1, "10:00:30"), at(2, "10:05:00")])
    assert "gold --available-now" in listed(shop)["kpis"]["why_empty"]
    publish(shop)
    due = {
        "kpis": "2024-05-01T10:11:00Z",
        "product_metrics": "2024-05-01T10:11:00Z",
        "device_metrics": "2024-05-01T11:10:00Z",
        "sessions": "2024-05-01T10:41:00Z",
        "funnel": "2024-05-01T11:10:00Z",
        "users": "2024-05-02T00:10:00Z",
    }
    for table, time in due.items():
        assert time in listed(shop)[table]["why_empty"], listed(shop)[table]
    assert "no alert" in listed(shop)["alerts"]["why_empty"]
    fill(shop, [at(3, "10:10:59")])  # one second before the window closes
    publish(shop)
    assert shop.count("gold.kpis") == 0
    fill(shop, [at(4, "10:11:00"), at(5, "11:10:00")])
    publish(shop)
    assert int(listed(shop)["kpis"]["rows"]) > 0 and listed(shop)["kpis"]["why_empty"] == ""
    assert "no window that has closed so far" in listed(shop)["high_interest"]["why_empty"]
    out = shop.run("gold", "list")
    assert re.search(r"gold\.users\t.*events of 2024-05-02T00:10:00Z", out), out


def test_sessions_that_are_named_are_due_later(shop):
    fill(shop, [at(1, "10:00:30") | {"session_id": "s"}], "--session-gap", "4h")
    publish(shop)
    assert "2024-05-01T14:11:00Z" in listed(shop)["sessions"]["why_empty"]


def test_the_report_counts_all_rows_that_were_published(shop):
    made = RandomShop(14, users=8, on_devices=0).events  # Silver has rows of identity messages too
    for sent in made:
        sent.pop("order_id", None)  # rows of orders are published again when more of an order comes
    fill(shop, made)
    report = publish_open(shop)
    assert report["events"] == shop.count("silver")
    assert report["rows"] == sum(int(row["rows"]) for row in listed(shop).values())
    assert "nothing new in silver" in publish(shop)
    assert "nothing new" not in publish(shop, "--rebuild")


def test_verify_finds_what_gold_and_silver_do_not_share(shop):
    fill(shop, RandomShop(81, users=6).events)
    publish(shop, "--close")
    shop.verify()
    kpis = shop.data / "gold" / "kpis"
    deltalake.write_deltalake(kpis, delta.rows(kpis).slice(0, 1), mode="append")
    report = shop.json("verify", code=1)
    assert any(check["name"] == "gold.kpis" and "occurs twice" in check["detail"] for check in report["checks"])


def test_the_text_null_is_not_null(shop):
    fill(shop, [at(1, "10:00:00") | {"device_type": "null"}, at(2, "10:00:01")])
    publish(shop, "--close")
    shop.verify()
    shop.run("gold", "reconcile")
    gold_oracle.check(shop.data)


def test_vacuum_leaves_what_gold_has_yet_to_read(shop):
    fill(shop, [at(1, "10:00:00")])
    publish(shop)
    for number in range(2, 12):
        fill(shop, [at(number, f"10:{number}:00")])
    shop.run("optimize")
    shop.run("vacuum", "--retention", "0")
    publish(shop, "--close")
    gold_oracle.check(shop.data)
    assert shop.json("vacuum", "--retention", "0")["silver"]["files"] > 0


def test_gold_begins_anew_where_files_that_it_had_yet_to_read_are_gone(shop):
    events = RandomShop(47, users=8).events
    fill(shop, events[:100])
    publish(shop)
    for start in range(100, len(events), 100):
        fill(shop, events[start : start + 100])
    state = shop.data / "gold" / "state.bin"
    kept = state.read_bytes()
    state.unlink()  # without a state, vacuum waits for no one
    shop.run("optimize")
    shop.run("vacuum", "--retention", "0")
    state.write_bytes(kept)
    publish(shop, "--close")
    assert "are missing" in shop.stderr
    gold_oracle.check(shop.data)


def test_a_rebuild_with_other_settings_waits_for_the_gold_that_runs(shop):
    fill(shop, RandomShop(48, users=8).events)
    running = shop.start("gold", "--trigger", "50ms")
    wait_until(lambda: (shop.data / "gold" / "state.bin").exists())
    rebuild = shop.start("gold", "--rebuild", "--available-now", "--session-gap", "1h", "--close")
    fill(shop, [at(1, "00:00:00")])
    code, _, err = stop(running)
    assert code == 0, err
    assert rebuild.wait(timeout=60) == 0
    gold_oracle.check(shop.data, session_gap="1 hour")


def test_a_small_import_is_published(shop):
    shop.run("import", "--format", "rees46", FIXTURES / "rees46-small.csv")
    shop.drain()
    publish(shop, "--close")
    assert gold_oracle.check(shop.data)["users"] > 0


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata"])  # hours of UTC overlap midnight in India
def test_the_batch_layer_agrees_with_the_speed_layer_where_nothing_was_late(shop, zone):
    made = RandomShop(51, users=12)
    for part in range(0, len(made.events), 300):
        fill(shop, made.events[part : part + 300], "--time-zone", zone)
        publish(shop)
    assert "agree in every cell" in shop.run("gold", "reconcile")
    publish(shop, "--close")
    assert shop.json("gold", "reconcile")["differences"] == []
    before = rows_of(shop)
    assert shop.json("gold", "--batch", "--from", "2024-03-31", "--to", "2024-04-01")["rows"] > 0
    assert rows_of(shop) == before
    gold_oracle.check(shop.data, zone=zone)


def test_the_batch_layer_takes_in_what_came_late(shop):
    made = RandomShop(61, users=12).events
    late = made[::25]
    fill(shop, [one for one in made if one not in late])
    publish(shop)
    fill(shop, late)
    assert publish_open(shop, "--correct", "off")["late"] > 0
    differences = shop.json("gold", "reconcile", "--limit", "1000000", code=1)["differences"]
    assert {each["table"] for each in differences} >= {"kpis", "product_metrics"}
    days = sorted(row["day"] for row in shop.json("show", "gold.kpis", "--limit", "100000")["rows"])
    shop.run("gold", "--batch", "--from", days[0], "--to", "2024-03-30")
    shop.run("gold", "reconcile", "--to", "2024-03-30")
    shop.run("gold", "reconcile", code=1)
    shop.run("gold", "--batch")
    shop.run("gold", "reconcile")
    fill(shop, much_later(0))  # closes the sessions of the last two days
    publish(shop, "--correct", "off")
    shop.run("gold", "--batch")
    shop.run("gold", "reconcile")
    publish(shop, "--close")
    gold_oracle.check(shop.data)


# Linux counts the memory of the process that forks as the child's, so a small process starts the command.
MEASURE = """import os, sys
_, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))"""


def peak_of(shop, *command):
    """The peak memory of a command in KiB."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, *shop.command(*command)], capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    return int(done.stdout.splitlines()[-1])


@pytest.mark.long
def test_a_reconciliation_takes_hardly_more_memory_than_the_batch_layer(shop):
    shop.run("produce", "--rate", "max", "--count", "150000", "--users", "100000", "--span", "3d", "--seed", "5")
    shop.drain()
    publish(shop, "--close")
    of_batch = peak_of(shop, "gold", "--batch")
    assert peak_of(shop, "gold", "reconcile") < 1.3 * of_batch
    day = max(row["day"] for row in shop.json("show", "gold.kpis", "--limit", "100000")["rows"])
    fill(
        shop,
        [
            event(number, event_id=f"late{number}", user_id=f"late{number}", timestamp=f"{day}T00:00:00Z")
            for number in range(100)
        ],
    )
    publish(shop, "--close", "--correct", "off")
    assert peak_of(shop, "gold", "reconcile") < 1.3 * of_batch
    assert len(shop.json("gold", "reconcile", "--limit", "7", code=1)["differences"]) == 7


def test_what_is_open_stays_open_in_the_batch_layer_and_is_published_once_later(shop):
    made = RandomShop(71, users=12).events
    half = len(made) // 2
    fill(shop, made[:half])
    publish(shop)
    shop.run("gold", "--batch")
    fill(shop, made[half:])
    publish(shop, "--close")
    gold_oracle.check(shop.data)
    assert int(listed(shop)["sessions"]["rows"]) == shop.count("gold.sessions") > 100
