"""Records of a log, read from Python."""

import json
import subprocess

import pyarrow as pa
import pytest

from tests.support import delta
from tests.support.events import event, lines
from tests.support.kafka import KafkaShop


def test_records_of_a_shops_log_decode_to_its_silver_table(millrace, shop):
    shop.write(*lines(event(n) for n in range(100)), "key|broken")
    shop.drain()
    log = millrace.Log(str(shop.data / "bronze"))
    decoder = millrace.Decoder(topic=log.topic, epoch=log.epoch)
    tables = []
    for partition, (start, end) in log.offsets().items():
        while start < end:
            rows = log.read(partition, start, end, max_bytes=1000)
            tables.append(pa.table(decoder.decode(rows)[0]))
            start = pa.table(rows)["offset"].to_pylist()[-1] + 1
    found = pa.concat_tables(tables).drop_columns(["processing_timestamp"]).to_pylist()
    stored = delta.rows(shop.data / "silver").drop_columns(["processing_timestamp"]).to_pylist()
    assert sorted(found, key=str) == sorted(stored, key=str)
    assert decoder.counts["quarantined"] == 1


def test_a_range_ends_where_it_should(millrace, shop):
    shop.write(*(f"key|{json.dumps(event(n))}" for n in range(10)))
    log = millrace.Log(str(shop.data / "bronze"))
    partition, (start, end) = next((p, span) for p, span in log.offsets().items() if span[1] > 0)
    offsets = pa.table(log.read(partition, start + 2, start + 5))["offset"].to_pylist()
    assert offsets == [start + 2, start + 3, start + 4]
    assert len(log.read(partition, start, 10**9)) == end - start
    assert len(log.read(partition, end, end)) == 0
    with pytest.raises(millrace.Error, match="has no partition 99"):
        log.read(99, 0, 1)
    with pytest.raises(millrace.Error, match="the log holds the offsets"):
        log.read(partition, end + 5, end + 9)


def test_a_topic_of_kafka_is_read_as_its_own_tools_read_it(millrace, kafka, tmp_path):
    shop = KafkaShop(tmp_path / "shop", kafka)
    shop.run("topic", "create", "--partitions", "3")
    producer = shop.producer(**{"compression.type": "zstd"})
    for n in range(1000):
        producer.produce(shop.topic, json.dumps(event(n)).encode(), key=f"u{n}".encode(), headers=[("n", str(n))])
    producer.produce(shop.topic, None, key=b"u0")
    producer.flush(30)
    log = millrace.Log(f"kafka://{kafka.address}/{shop.topic}", properties={"client.id": "test"})
    ranges = log.offsets()
    assert sorted(ranges) == [0, 1, 2] and sum(end - start for start, end in ranges.values()) == 1001
    for partition, (start, end) in ranges.items():
        rows = pa.table(log.read(partition, start, end))
        assert rows["offset"].to_pylist() == list(range(start, end))
        by_kcat = kcat(kafka, shop.topic, partition)
        assert [(row["key"], row["value"]) for row in rows.to_pylist()] == by_kcat
        few = pa.table(log.read(partition, start + 5, end, max_bytes=1))
        assert few["offset"].to_pylist() == [start + 5], "there is always one"
        empty = [row["offset"] for row in rows.to_pylist() if row["value"] is None]
        silver, quarantine = millrace.Decoder(topic=log.topic).decode(rows)
        assert (len(silver), len(quarantine)) == (end - start - len(empty), len(empty))


def kcat(kafka, topic, partition):
    """(key, value) of each record of a partition."""
    command = ["kcat", "-C", "-e", "-q", "-b", kafka.address, "-t", topic, "-p", str(partition), "-J"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    values = [(record["key"], record["payload"]) for record in map(json.loads, lines)]
    return [tuple(text if text is None else text.encode() for text in pair) for pair in values]


def test_a_broker_or_a_topic_that_is_not_there_is_told(millrace, kafka, free_port):
    with pytest.raises(millrace.Error, match="no_such_topic"):
        millrace.Log(f"kafka://{kafka.address}/no_such_topic")
    with pytest.raises(millrace.Error, match=f"127.0.0.1:{free_port}"):
        millrace.Log(f"kafka://127.0.0.1:{free_port}/events").offsets()
