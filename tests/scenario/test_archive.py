"""The archive has each raw record once, and silver is rebuilt from it when the log has deleted the records."""

import json
import random
import time

import deltalake
import duckdb
import pytest

from tests.support import delta, oracle
from tests.support.events import line
from tests.support.kafka import SIMULATED, KafkaShop, delete_records, rows_of
from tests.support.shop import wait_until


@pytest.fixture
def kafka_shop(tmp_path, kafka):
    return KafkaShop(tmp_path / "data", kafka)


def archived(shop):
    return delta.rows(shop.data / "archive")


def records_of(shop):
    """The log's records: (partition, offset) → (key, value, headers)."""
    return {
        (r["partition"], r["offset"]): (r["key"], r["value"], r["headers"])
        for r in map(json.loads, shop.run("topic", "read", "--json").splitlines())
    }


def test_the_archive_holds_what_the_log_does(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "2")
    producer = shop.producer()
    for number, (key, value) in enumerate(
        [(b"k", b"v"), (None, b"v"), (b"", b""), (b"k", None), (b"k", b"x" * 100_000)]
    ):
        producer.produce(
            shop.topic, value, key, partition=number % 2, headers=[("a", b"1"), ("none", None)] if number == 0 else None
        )
    producer.flush()
    shop.run("produce", "--rate", "max", "--count", "3000")
    first = shop.run("archive", "--available-now")
    assert "3,005 records" in first
    expected = records_of(shop)
    rows = archived(shop)
    assert rows.num_rows == len(expected) == 3005
    for row in rows.to_pylist():
        as_text = {name: None if row[name] is None else row[name].decode() for name in ("key", "value")}
        headers = [
            {"key": h["key"], "value": None if h["value"] is None else h["value"].decode()} for h in row["headers"]
        ]
        assert expected[row["partition"], row["offset"]] == (as_text["key"], as_text["value"], headers)
    assert "nothing new" in shop.run("archive", "--available-now")
    shop.drain()
    shop.run("optimize")
    files = shop.data / "archive"
    listed = deltalake.DeltaTable(str(files)).file_uris()
    assert duckdb.sql(
        f'select count(*), count(distinct (partition, "offset")) from read_parquet({listed})'
    ).fetchall() == [(3005, 3005)]
    assert shop.verify()["passed"] and shop.count("archive") == 3005


@pytest.mark.parametrize("records_left", ["some", "none"])
def test_silver_is_rebuilt_from_what_only_the_archive_still_has(kafka_shop, records_left):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "3")
    shop.run("produce", *SIMULATED)
    shop.write(line(1, price=-1))
    shop.run("archive", "--available-now", "--batch-bytes", "300KiB")
    shop.drain()
    before, quarantined = rows_of(shop), shop.count("quarantine")
    ends = {p["partition"]: p["end"] for p in shop.json("topic", "describe")["partitions"]}
    delete_records(shop, {p: end if records_left == "none" else end // 2 for p, end in ends.items()})
    report = shop.json("replay")
    assert report["received"] == sum(ends.values()) and report["kept_rows"] == 0
    assert rows_of(shop).equals(before) and shop.count("quarantine") == quarantined
    shop.verify()
    shop.write(line(2))
    shop.drain()
    assert shop.count("silver") == before.num_rows + 1
    shop.verify()


def test_without_the_archive_only_the_log_s_records_are_rebuilt(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "1")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.run("archive", "--available-now")
    shop.drain()
    delete_records(shop, {0: 40})
    assert shop.json("replay", "--no-archive")["received"] == 60
    assert shop.json("replay")["received"] == 100


def test_archivers_that_are_killed_and_that_compete_keep_each_record_once(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "3")
    load = shop.start("produce", "--rate", "3000", "--duration", "8s", "--invalid", "1%")
    chance = random.Random(1)
    archivers = [shop.start("archive", "--trigger", "50ms") for _ in range(2)]
    while load.poll() is None:
        time.sleep(chance.uniform(0.1, 0.6))
        victim = chance.randrange(2)
        archivers[victim].kill()
        archivers[victim].communicate()
        archivers[victim] = shop.start("archive", "--trigger", "50ms")
    for each in archivers:
        each.kill()
        each.communicate()
    shop.run("archive", "--available-now")
    rows = archived(shop)
    places = set(zip(rows["partition"].to_pylist(), rows["offset"].to_pylist(), strict=True))
    assert len(places) == rows.num_rows == 24_000
    shop.drain()
    shop.verify()


def test_a_gap_ends_the_archiver_or_is_counted(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "1")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.run("archive", "--available-now")
    shop.run("produce", "--rate", "max", "--count", "100")
    delete_records(shop, {0: 130})
    shop.run("archive", "--available-now", code=3)
    assert "30 records were removed" in shop.stderr
    shop.run("replay", code=3)
    assert "the archive ends at offset 100, and the log begins at 130" in shop.stderr and "--no-archive" in shop.stderr
    shop.run("archive", "--available-now", "--on-data-loss", "continue")
    assert archived(shop).num_rows == 170


def test_files_that_were_joined_are_still_read_in_order(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "1")
    for count in (50, 60, 70, 20_000, 30, 40, 50, 60, 70, 80, 90):  # small files on both sides of a large one
        shop.run("produce", "--rate", "max", "--count", count)
        shop.run("archive", "--available-now")
    shop.drain()
    before = rows_of(shop)
    writer = shop.start("silver", "--trigger", "1s")  # its maintenance joins some
    wait_until(lambda: len(deltalake.DeltaTable(str(shop.data / "archive")).file_uris()) < 11)
    writer.terminate()
    assert writer.wait(30) == 0
    delete_records(shop, {0: 20_600})
    for _ in range(2):
        assert shop.json("replay")["received"] == 20_600
        assert rows_of(shop).equals(before)
        shop.verify()
        shop.run("optimize")


def test_a_replay_refuses_to_lose_rows_that_neither_log_nor_archive_can_give(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "1")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.run("archive", "--available-now")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.drain()
    delete_records(shop, {0: 130})
    shop.run("archive", "--available-now", "--on-data-loss", "continue")
    shop.run("replay", code=3)
    assert "30 records that the table was made from are gone" in shop.stderr
    assert shop.count("silver") == 200
    shop.run("replay", "--no-archive")
    assert shop.count("silver") == 200
    shop.verify()


def test_topics_share_an_archive(kafka_shop):
    shop = kafka_shop
    other = KafkaShop(shop.data, shop.kafka)
    for each, count in ((shop, 100), (other, 250)):
        each.run("topic", "create", "--partitions", "1")
        each.run("produce", "--rate", "max", "--count", count)
        each.run("archive", "--available-now")
    shop.drain()
    shop.verify()
    assert shop.json("replay")["received"] == 100
    assert shop.count("archive") == 350


def test_the_archive_is_committed_to_once_a_trigger(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "2")
    archiver = shop.start("archive", "--trigger", "2s")
    shop.run("produce", "--rate", "2000", "--duration", "7s")
    archiver.terminate()
    out, err = archiver.communicate(timeout=30)
    assert archiver.returncode == 0, err
    assert 2 <= len(out.splitlines()) <= 6, out


def test_a_gap_up_to_the_end_is_passed_for_good(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "1")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.drain()
    shop.run("archive", "--available-now")
    shop.run("produce", "--rate", "max", "--count", "50")
    delete_records(shop, {0: 150})
    for command in ("silver", "archive"):
        shop.run(command, "--available-now", "--on-data-loss", "continue")
        shop.run(command, "--available-now")
    assert [p["lag"] for p in shop.json("group", "describe")["partitions"]] == [0]
    shop.verify()


def test_the_embedded_log_is_archived_too(shop):
    shop.run("topic", "create", "--segment-bytes", "20000", "--retention-bytes", "40000", "--partitions", "1")
    for _ in range(5):
        shop.run("produce", "--rate", "max", "--count", "300", "--invalid", "2%")
        shop.run("archive", "--available-now")
        shop.drain()
    before = rows_of(shop)
    assert shop.json("topic", "describe")["partitions"][0]["start"] > 0  # retention has removed some
    assert archived(shop).num_rows == 1500
    shop.run("replay")
    assert rows_of(shop).equals(before)
    shop.verify()
    assert oracle.silver(shop.data)[1].num_rows == before.num_rows


def test_a_worker_and_an_archiver_follow_one_topic(kafka_shop):
    shop = kafka_shop
    shop.run("topic", "create", "--partitions", "2")
    writers = [shop.start("silver", "--trigger", "0"), shop.start("archive", "--trigger", "100ms")]
    shop.run("produce", "--rate", "max", "--count", "2000")
    wait_until(lambda: all(p["lag"] == 0 for p in shop.json("group", "describe")["partitions"]))
    wait_until(
        lambda: (shop.data / "archive" / "_delta_log" / f"{1:020}.json").exists() and archived(shop).num_rows == 2000
    )
    for writer in writers:
        writer.terminate()
        assert writer.wait(30) == 0, writer.stderr.read()
    shop.verify()
