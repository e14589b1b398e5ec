"""A Kafka topic as the log, and Kafka's own tools."""

import re
import subprocess
import uuid

import confluent_kafka
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from tests.support import oracle
from tests.support.paths import ROOT
from tests.support.shop import Millrace

SIMULATED = [
    "--count",
    "5000",
    "--rate",
    "max",
    "--span",
    "30h",
    "--duplicates",
    "2%",
    "--invalid",
    "2%",
    "--seed",
    "7",
    "--start-time",
    "2019-10-01T00:00:00Z",
]


class KafkaShop(Millrace):
    """The program on one data directory, with a topic of its own as the log."""

    def __init__(self, data, kafka, binary="millrace"):
        super().__init__(data, binary)
        self.kafka = kafka
        self.topic = f"t{uuid.uuid4().hex[:12]}"
        self.options = []

    def command(self, *args):
        return [
            self.binary,
            "--data",
            str(self.data),
            "--bronze",
            f"kafka://{self.kafka.address}/{self.topic}",
            *self.options,
            *map(str, args),
        ]

    def values(self):
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.kafka.address, "group.id": self.topic})
        found = []
        for partition in consumer.list_topics(self.topic, timeout=30).topics[self.topic].partitions:
            start, end = consumer.get_watermark_offsets(TopicPartition(self.topic, partition), timeout=30)
            consumer.assign([TopicPartition(self.topic, partition, start)])
            while start < end:
                for message in consumer.consume(10_000, timeout=1):
                    assert message.error() is None, message.error()
                    found.append(message.value() or b"")
                    start = message.offset() + 1
        consumer.close()
        return found

    def admin(self):
        return AdminClient({"bootstrap.servers": self.kafka.address})

    def producer(self, **settings):
        return confluent_kafka.Producer(
            {"bootstrap.servers": self.kafka.address, "partitioner": "murmur2_random", **settings}
        )


def delete_records(shop, offsets):
    """Deletes the records before an offset of each partition, as Kafka's retention would do."""
    before = [TopicPartition(shop.topic, partition, offset) for partition, offset in offsets.items()]
    admin = shop.admin()  # its thread completes the futures for as long as it lives
    for done in admin.delete_records(before).values():
        done.result(timeout=60)


def add_partitions(shop, count):
    """Adds partitions until there are `count`."""
    admin = shop.admin()  # its thread completes the futures for as long as it lives
    for done in admin.create_partitions([NewPartitions(shop.topic, count)]).values():
        done.result(timeout=60)


def everything_processed(shop):
    return all(p["lag"] == 0 for p in shop.json("group", "describe")["partitions"])


def accounts(report):
    """(received, silver, duplicates, quarantined) of each partition, as `verify` counted them."""
    details = [check["detail"].replace(",", "") for check in report["checks"] if check["name"].startswith("accounting")]
    return [tuple(map(int, re.findall("[0-9]+", detail))) for detail in details]


def rows_of(shop):
    """Silver without the columns that tell when and where a record was appended."""
    return (
        oracle.silver(shop.data)[1]
        .drop_columns(["processing_timestamp", "kafka_timestamp", "log_epoch"])
        .sort_by("event_id")
    )


def dump(segment):
    """What Kafka's dump tool prints about a segment."""
    done = subprocess.run(
        [
            "java",
            "-cp",
            f"{ROOT}/build/jars/kafka/*",
            "kafka.tools.DumpLogSegments",
            "--deep-iteration",
            "--print-data-log",
            "--files",
            str(segment),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
