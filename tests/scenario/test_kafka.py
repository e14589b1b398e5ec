"""The log is a Kafka topic on a real broker, which Kafka's own tools, kcat and the Python client also use."""

import json
import re
import signal
import subprocess
import time

import pytest

from tests.support import oracle
from tests.support.events import line
from tests.support.kafka import (
    SIMULATED,
    KafkaShop,
    accounts,
    add_partitions,
    delete_records,
    dump,
    everything_processed,
    rows_of,
)
from tests.support.port import Port
from tests.support.shop import stop, wait_until


@pytest.fixture
def shop(tmp_path, kafka):
    return KafkaShop(tmp_path / "data", kafka)


def test_the_same_events_give_the_same_rows_through_either_log(shop, shop_at):
    embedded = shop_at("embedded")
    for each in (shop, embedded):
        each.run("produce", *SIMULATED)
        each.drain()
        each.verify()
    assert shop.json("topic", "describe")["partitions"] == embedded.json("topic", "describe")["partitions"]
    assert rows_of(shop).equals(rows_of(embedded))


def test_partitions_counts_and_lag_agree_with_kafka_s_own_tools(shop, kafka):
    shop.run(
        "topic", "create", "--partitions", "4", "--retention", "2h", "--retention-bytes", "0", "--compression", "zstd"
    )
    shop.run("produce", *SIMULATED)
    ends = {p["partition"]: p["end"] for p in shop.json("topic", "describe")["partitions"]}
    tool = kafka.tool("org.apache.kafka.tools.GetOffsetShell", "--topic", shop.topic)
    assert {int(p): int(end) for _, p, end in (row.split(":") for row in tool.split())} == ends
    described = kafka.tool("org.apache.kafka.tools.TopicCommand", "--describe", "--topic", shop.topic)
    assert (
        "PartitionCount: 4" in described
        and "retention.bytes=-1" in described
        and "retention.ms=7200000" in described
        and "compression.type=zstd" in described
    )
    listed = {t["topic"]: t for t in shop.json("topic", "list")["topics"]}
    assert listed[shop.topic]["records"] == sum(ends.values()) and not any(name.startswith("__") for name in listed)
    assert [p["lag"] for p in shop.json("group", "describe")["partitions"]] == [ends[p] for p in range(4)]
    shop.drain()
    assert [p["lag"] for p in shop.json("group", "describe")["partitions"]] == [0] * 4
    shop.run("topic", "delete")
    assert shop.topic not in {t["topic"] for t in shop.json("topic", "list")["topics"]}


def test_kcat_reads_what_produce_wrote_and_silver_reads_what_kcat_wrote(shop, kafka):
    shop.run("topic", "create", "--partitions", "3")
    lines = [line(i, user_id=f"u{i % 7}") for i in range(200)]
    subprocess.run(
        ["kcat", "-P", "-b", kafka.address, "-t", shop.topic, "-K", "|", "-X", "partitioner=murmur2"],
        check=True,
        input="\n".join(lines).encode(),
    )
    shop.drain()
    assert shop.count("silver") == 200
    shop.write(*[line(i, user_id=f"u{i % 7}") for i in range(200, 300)])
    read = subprocess.run(
        ["kcat", "-C", "-b", kafka.address, "-t", shop.topic, "-e", "-q", "-f", "%k|%p\n"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert len(read) == 300
    partition_of = {}
    for record in read:  # both use murmur2, so a user is in one partition
        key, partition = record.split("|")
        assert partition_of.setdefault(key, partition) == partition


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_is_read(shop, codec):
    shop.run("topic", "create", "--partitions", "1")
    producer = shop.producer(**{"compression.type": codec})
    for i in range(50):
        key, value = line(i).split("|", 1)
        producer.produce(shop.topic, value, key)
    producer.flush()
    shop.drain()
    assert shop.count("silver") == 50


def test_what_comes_behind_the_end_of_a_drain_is_left_for_the_next(shop):
    shop.run("topic", "create", "--partitions", "1")
    producer = shop.producer(**{"transactional.id": shop.topic})
    producer.init_transactions()
    sent = 0
    for _ in range(6):  # a drain ends after a transaction's marker, while more records come
        for _ in range(3):
            producer.begin_transaction()
            for _ in range(50):
                producer.produce(shop.topic, line(sent).split("|", 1)[1], "u")
                sent += 1
            producer.commit_transaction()
        drain = shop.start("silver", "--available-now")
        while drain.poll() is None:
            producer.begin_transaction()
            for _ in range(20):
                producer.produce(shop.topic, line(sent).split("|", 1)[1], "u")
                sent += 1
            producer.commit_transaction()
        assert drain.returncode == 0, drain.stderr.read()
    shop.drain()
    assert shop.count("silver") == sent
    shop.run("replay")
    assert shop.count("silver") == sent
    shop.verify()


def test_tombstones_empty_keys_and_headers(shop):
    shop.run("topic", "create", "--partitions", "1")
    producer = shop.producer()
    value = line(1).split("|", 1)[1]
    producer.produce(shop.topic, value, key=None)
    producer.produce(shop.topic, line(2).split("|", 1)[1], key=b"")
    producer.produce(shop.topic, None, key=b"u1")
    producer.produce(
        shop.topic, line(3).split("|", 1)[1], key=b"u1", headers={"source": b"app", "none": None, "empty": b""}
    )
    producer.flush()
    shop.drain()
    keys = {row["event_id"]: row["kafka_key"] for row in oracle.silver(shop.data)[1].to_pylist()}
    assert list(keys.values()) == [None, "", "u1"]
    (quarantined,) = shop.json("quarantine", "list")["rows"]
    assert quarantined["rule"] == "empty_record" and quarantined["value"] is None
    records = [json.loads(row) for row in shop.run("topic", "read", "--json").splitlines()]
    assert records[3]["headers"] == [
        {"key": "source", "value": "app"},
        {"key": "none", "value": None},
        {"key": "empty", "value": ""},
    ]
    shop.verify()


def test_a_transaction_s_records_are_read_when_it_is_committed_and_its_marks_are_counted(shop):
    shop.run("topic", "create", "--partitions", "1")
    producer = shop.producer(**{"transactional.id": shop.topic})
    producer.init_transactions()
    for end in (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction):
        producer.begin_transaction()
        for i in range(10):
            key, value = line(id(end) + i if end == producer.abort_transaction else i).split("|", 1)
            producer.produce(shop.topic, value, key)
        producer.flush()
        end()
    producer.begin_transaction()
    producer.produce(shop.topic, line(99).split("|", 1)[1], "u")
    producer.flush()
    shop.drain()  # silver does not wait for an open transaction
    assert shop.count("silver") == 10
    shop.write(line(5))
    producer.commit_transaction()
    shop.drain()
    assert shop.count("silver") == 11
    report = shop.verify()
    (accounting,) = [c["detail"] for c in report["checks"] if c["name"] == "accounting of partition 0"]
    assert accounting.startswith("22 received = 11 silver + 11 duplicates")
    # Three markers and the ten aborted records, and the last marker when it was committed before the count.
    assert any(re.search("1[34] offsets had no record", note) for note in report["notes"]), report["notes"]


def test_records_that_kafka_has_deleted_end_the_stage_or_are_counted(shop):
    shop.run("topic", "create", "--partitions", "1")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.drain()
    shop.run("produce", "--rate", "max", "--count", "100")
    delete_records(shop, {0: 130})
    shop.run("silver", "--available-now", code=3)
    assert "partition 0" in shop.stderr and "30 records were removed" in shop.stderr
    shop.drain("--on-data-loss", "continue")
    assert shop.count("silver") == 170
    assert any("30 offsets had no record" in note for note in shop.verify()["notes"])


def test_a_worker_goes_on_after_records_that_kafka_deletes_under_it(shop):
    shop.run("topic", "create", "--partitions", "1")
    worker = shop.start("silver", "--trigger", "0", "--on-data-loss", "continue")
    shop.run("produce", "--rate", "max", "--count", "100")
    wait_until(lambda: everything_processed(shop))
    worker.send_signal(signal.SIGSTOP)
    for _ in range(20):  # more than the answer to the current fetch holds
        shop.run("produce", "--rate", "max", "--count", "100")
    delete_records(shop, {0: 2050})
    worker.send_signal(signal.SIGCONT)
    wait_until(lambda: everything_processed(shop))
    code, _, err = stop(worker)
    assert code == 0, err
    assert "offsets 2" in err or "removed before they were processed" in err, err
    shop.verify()
    (progress,) = shop.json("group", "describe")["partitions"]
    assert progress["current_offset"] == 2100 and shop.count("silver") < 2000


def test_a_batch_of_marks_alone_is_committed(shop):
    shop.run("topic", "create", "--partitions", "1")
    producer = shop.producer(**{"transactional.id": shop.topic})
    producer.init_transactions()
    for trigger in ("0", "200ms"):
        worker = shop.start("silver", "--trigger", trigger)
        for end in (producer.commit_transaction, producer.abort_transaction):
            producer.begin_transaction()
            producer.produce(shop.topic, line(1).split("|", 1)[1], "u")
            producer.flush()
            end()
        wait_until(lambda: everything_processed(shop))
        code, _, err = stop(worker)
        assert code == 0, err
    assert shop.count("silver") == 1
    shop.verify()


def test_partitions_that_are_added_are_picked_up(shop):
    shop.run("topic", "create", "--partitions", "1")
    worker = shop.start("silver", "--trigger", "100ms")
    lines = [line(i, user_id=f"u{i}") for i in range(100)]
    shop.write(*lines)
    wait_until(lambda: everything_processed(shop))
    add_partitions(shop, 4)
    wait_until(lambda: len(shop.json("topic", "describe")["partitions"]) == 4)
    shop.write(*lines, *(line(i, user_id=f"u{i}") for i in range(100, 200)))  # some copies are in other partitions
    wait_until(lambda: everything_processed(shop), seconds=60)
    code, _, err = stop(worker)
    assert code == 0, err
    assert shop.count("silver") == 200
    assert len({row["partition"] for row in oracle.silver(shop.data)[1].to_pylist()}) == 4
    shop.verify()


def test_the_main_job_goes_on_when_partitions_are_added(shop):
    shop.run("topic", "create", "--partitions", "1")
    run = shop.start("run", "--rate", "300", "--duration", "20s", "--trigger", "200ms")
    wait_until(lambda: shop.json("topic", "describe")["partitions"][0]["end"] > 0)
    add_partitions(shop, 3)
    producer = shop.producer()
    for partition in (1, 2):
        producer.produce(shop.topic, line(partition).split("|", 1)[1], "u", partition=partition)
    producer.flush()
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert b"verified: every record is accounted for" in out
    assert shop.count("silver") > 5000 and len({p["lag"] for p in shop.json("group", "describe")["partitions"]}) == 1


def test_ids_may_be_unique_by_partition_only(shop):
    shop.run("topic", "create", "--partitions", "2")
    producer = shop.producer()
    for partition in (0, 1, 1):
        producer.produce(shop.topic, line(1).split("|", 1)[1], "u", partition=partition)
    producer.flush()
    shop.drain("--dedupe-scope", "partition")
    assert shop.count("silver") == 2
    shop.verify()
    for partition in (0, 1):
        producer.produce(shop.topic, line(1).split("|", 1)[1], "u", partition=partition)
    producer.flush()
    shop.drain()  # the scope is stored with the data and used for loading the ids
    assert shop.count("silver") == 2
    shop.run("silver", "--available-now", "--dedupe-scope", "table", code=2)
    assert "millrace replay" in shop.stderr
    shop.run("replay", "--dedupe-scope", "table")
    assert shop.count("silver") == 1
    shop.verify()


def test_groups_are_described_as_kafka_s_own_tool_describes_them(shop, kafka):
    shop.run("topic", "create", "--partitions", "4")
    workers = [shop.start("silver", "--trigger", "100ms") for _ in range(2)]
    shop.run("produce", "--rate", "max", "--count", "1000")
    wait_until(
        lambda: (
            everything_processed(shop)
            and len({p["owner"]["consumer_id"] for p in shop.json("group", "describe")["partitions"] if p["owner"]})
            == 2
        )
    )
    group = shop.json("group", "describe")["group"]
    assert {"group": group, "state": "Stable", "members": 2} in shop.json("group", "list")["groups"]

    def by_kafka():
        rows = kafka.tool(
            "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--describe", "--group", group
        ).splitlines()
        rows = [row.split() for row in rows if row.startswith(group)]
        return {int(r[2]): (int(r[3]), int(r[4]), int(r[5]), r[6], r[7], r[8]) for r in rows if r[3] != "-"}

    def by_us(*name):
        return {
            p["partition"]: (
                p["current_offset"],
                p["log_end"],
                p["lag"],
                *(p["owner"][k] for k in ("consumer_id", "host", "client_id")),
            )
            for p in shop.json("group", "describe", *name)["partitions"]
        }

    told = by_us()
    # The workers commit offsets to Kafka after each commit of the table, and do not wait for it.
    wait_until(lambda: by_kafka() == told)
    assert by_us(group) == told
    for worker in workers:
        assert stop(worker)[0] == 0
    assert {p["owner"] for p in shop.json("group", "describe")["partitions"]} == {None}


def test_counts_agree_with_kafka_s_dump_of_the_segments(shop, kafka):
    shop.run("topic", "create", "--partitions", "2")
    shop.run("produce", *SIMULATED)
    dumped = 0
    for partition in range(2):
        (segment,) = sorted((kafka.folder / "data" / f"{shop.topic}-{partition}").glob("*.log"))
        text = dump(segment)
        dumped += text.count("| offset: ")
        assert "isvalid: false" not in text
    shop.drain()
    assert dumped == sum(received for received, *_ in accounts(shop.verify()))


def test_a_topic_made_anew_is_not_taken_for_the_one_before(shop):
    shop.run("topic", "create", "--partitions", "1")
    shop.run("produce", "--rate", "max", "--count", "100")
    shop.drain()
    shop.run("topic", "delete")
    for records in (50, 60):  # a shorter log, then a longer one with other records
        subprocess.run(
            [*shop.command("produce"), "--rate", "max", "--count", str(records), "--seed", str(records)],
            check=True,
            capture_output=True,
        )
        shop.run("silver", "--available-now", code=3)
        assert "Data was lost" in shop.stderr and "--on-data-loss continue" in shop.stderr
    assert shop.count("silver") == 100
    shop.write(line(1), line(2, price=-1))  # the ids of `produce` begin again: ten of them and one of these are new
    shop.drain("--on-data-loss", "continue")
    assert shop.count("silver") == 111 and shop.count("quarantine") == 1
    shop.verify()
    shop.write(line(3))
    shop.drain()  # the new topic is processed like any other
    shop.run("replay")  # rows that came from the earlier topic stay
    assert shop.count("silver") == 112
    assert [sum(counts) for counts in zip(*accounts(shop.verify()), strict=True)] == [113, 12, 100, 1]


def test_a_quarantined_record_is_fixed_and_appended_again_once(shop):
    shop.write(line(1, price=-1), line(2))
    shop.drain()
    for appended in (1, 0):
        assert shop.json("quarantine", "replay", "--set", "price=5")["appended"] == appended
        shop.drain()
    assert shop.count("silver") == 2
    shop.verify()


def test_a_writer_follows_the_topic(shop):
    shop.run("topic", "create", "--partitions", "3")
    writer = shop.start("silver", "--trigger", "0")
    for _ in range(3):
        shop.run("produce", "--count", "300", "--rate", "max")
        wait_until(lambda: all(p["lag"] == 0 for p in shop.json("group", "describe")["partitions"]))
    code, _, err = stop(writer)
    assert code == 0, err
    assert shop.count("silver") == 900
    shop.verify()


def test_workers_that_join_and_leave_under_load_end_in_the_rows_of_one(shop, shop_at):
    shop.run("topic", "create", "--partitions", "6")
    shop.run("produce", *SIMULATED)
    workers = [shop.start("silver", "--trigger", "100ms")]
    load = shop.start("produce", "--rate", "1500", "--duration", "8s", "--duplicates", "3%", "--invalid", "2%")
    time.sleep(1)
    workers += [shop.start("silver", "--trigger", "100ms") for _ in range(2)]
    time.sleep(4)
    assert stop(workers.pop(0))[0] == 0
    workers[0].kill()
    workers.pop(0).communicate()
    workers.append(shop.start("silver", "--trigger", "100ms"))
    # Copies in another partition than the original, from a client with another partitioner.
    producer = shop.producer(partitioner="random")
    for i in range(300):
        producer.produce(shop.topic, line(i % 100).split("|", 1)[1], str(i))
    producer.flush()
    assert load.wait(60) == 0
    wait_until(lambda: everything_processed(shop), seconds=60)
    for worker in workers:
        code, _, err = stop(worker)
        assert code == 0, err
    shop.verify()
    alone = KafkaShop(shop.data.parent / "alone", shop.kafka)
    alone.topic = shop.topic
    alone.drain()
    ids = [sorted(oracle.silver(each.data)[1]["event_id"].to_pylist()) for each in (shop, alone)]
    assert ids[0] == ids[1] and len(set(ids[0])) == len(ids[0])


def test_a_worker_that_comes_back_from_the_dead_commits_nothing_twice(shop):
    shop.run("topic", "create", "--partitions", "2")
    zombie = shop.start("silver", "--trigger", "2s")
    shop.run("produce", "--rate", "max", "--count", "200")
    wait_until(lambda: everything_processed(shop))
    load = shop.start("produce", "--rate", "1000", "--duration", "12s")
    commits = len(list((shop.data / "silver" / "_delta_log").glob("*.json")))
    wait_until(lambda: len(list((shop.data / "silver" / "_delta_log").glob("*.json"))) > commits)
    time.sleep(1)  # in the middle of a batch
    zombie.send_signal(signal.SIGSTOP)
    other = shop.start("silver", "--trigger", "300ms")
    assert load.wait(60) == 0
    wait_until(lambda: everything_processed(shop), seconds=60)
    zombie.send_signal(signal.SIGCONT)
    shop.run("produce", "--rate", "max", "--count", "500")
    wait_until(lambda: everything_processed(shop), seconds=60)
    errors = [stop(worker)[2] for worker in (zombie, other)]
    assert "another writer has committed" in errors[0], errors[0]
    assert shop.count("silver") == 700 + 12000
    shop.verify()


def test_the_main_job_runs_on_a_broker(shop):
    out = shop.run(
        "run", "--rate", "500", "--duration", "3s", "--trigger", "500ms", "--duplicates", "2%", "--invalid", "2%"
    )
    assert "verified: every record is accounted for" in out
    writer = shop.start("silver", "--trigger", "100ms")
    shop.run("replay")  # the writer gives up its batch and reads on
    shop.run("produce", "--rate", "max", "--count", "500")
    wait_until(lambda: everything_processed(shop))
    code, _, err = stop(writer)
    assert code == 0, err
    shop.verify()


def test_the_last_messages_are_reported_beside_a_running_stage(shop):
    server = Port(shop, "--no-simulator", "--trigger", "100ms", command="run")
    became = []
    for number in range(1, 6):
        server.post({"user_id": "u", "event_type": "page_view"})
        wait_until(lambda number=number: shop.count("silver") == number)
        rows = json.loads(server.get("/v1/reports/incoming")[1])["rows"]
        became = [item["became"] for row in rows for item in row["items"]]
    assert became == ["silver"] * 5
    assert server.stop()[0] == 0


def test_errors_say_what_to_do_in_one_line(shop, kafka):
    shop.options = ["--kafka", "x"]
    shop.run("silver", "--available-now", code=2)
    assert "KEY=VALUE" in shop.stderr
    shop.options = ["--kafka", "no.such.thing=secret"]
    shop.run("topic", "list", code=2)
    assert "no.such.thing" in shop.stderr and "secret" not in shop.stderr
    shop.options = []
    shop.run("topic", "describe", code=3)
    assert "topic create" in shop.stderr
    shop.run("topic", "create", "--partitions", "1")
    shop.run("topic", "create", "--partitions", "1", code=2)
    assert "exists" in shop.stderr
    shop.options = ["--kafka", "message.max.bytes=2000"]
    shop.run("topic", "write", code=3, input=b"x" * 5000 + b"\n")
    assert "message.max.bytes" in shop.stderr


def test_a_broker_that_does_not_answer_ends_the_command(shop, free_port):
    shop.kafka = type("Nowhere", (), {"address": f"127.0.0.1:{free_port}"})
    shop.run("topic", "list", code=3, timeout=60)
    assert "advertised listeners" in shop.stderr and f"127.0.0.1:{free_port}" in shop.stderr
