"""A Spark job makes the same silver rows of the same topic as Millrace.

The job (bench/peers/spark_silver.py) shares nothing with Millrace but the events.
"""

import subprocess
import sys

import pyarrow as pa
import pyarrow.dataset as dataset
import pytest

from tests.support import oracle
from tests.support.events import line
from tests.support.kafka import KafkaShop
from tests.support.paths import ROOT

pytestmark = pytest.mark.long
pytest.importorskip("pyspark")

COLUMNS = [
    "event_id",
    "user_id",
    "product_id",
    "event_type",
    "event_timestamp",
    "session_id",
    "product_category",
    "device_type",
    "page_url",
    "price",
    "kafka_key",
    "partition",
    "is_high_value",
    "event_date",
    "event_hour",
    "quantity",
    "order_id",
    "currency",
]


def by_spark(shop, folder, *options):
    command = [
        sys.executable,
        ROOT / "bench/peers/spark_silver.py",
        "--servers",
        shop.kafka.address,
        "--topic",
        shop.topic,
        "--output",
        folder / "table",
        "--checkpoint",
        folder / "checkpoint",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    partitioning = dataset.partitioning(
        pa.schema([("event_date", pa.string()), ("event_type", pa.string())]), flavor="hive"
    )
    rows = dataset.dataset(folder / "table", partitioning=partitioning, exclude_invalid_files=True).to_table(
        columns=COLUMNS
    )
    return rows.sort_by("event_id")


def comparable(rows, schema):
    return rows.select(COLUMNS).cast(schema).sort_by("event_id")


@pytest.mark.parametrize("options", [(), ("--plain",)], ids=["tuned", "plain"])
def test_spark_s_job_gives_the_same_rows(tmp_path, kafka, options):
    shop = KafkaShop(tmp_path / "data", kafka)
    shop.run("topic", "create", "--partitions", "3")
    shop.run(
        "produce",
        "--rate",
        "max",
        "--count",
        "20000",
        "--span",
        "20h",
        "--duplicates",
        "2%",
        "--invalid",
        "2%",
        "--seed",
        "3",
        "--start-time",
        "2019-10-01T00:00:00Z",
    )
    shop.write(
        line(1, event_type="page_view", product_id=None, price=None), line(2, currency="USD", quantity=3, order_id="o1")
    )
    shop.drain()
    shop.verify()
    ours = oracle.silver(shop.data)[1]
    schema = pa.schema([ours.schema.field(name) for name in COLUMNS])
    theirs = comparable(by_spark(shop, tmp_path, *options), schema)
    ours = comparable(ours, schema)
    assert ours.num_rows > 19_000
    for name in COLUMNS:
        assert ours[name].to_pylist() == theirs[name].to_pylist(), name
