"""Kafka's dump tool reads the embedded log's segments, and finds every record and every CRC valid."""

import pytest

from tests.support.kafka import dump
from tests.support.paths import TOPIC

pytestmark = pytest.mark.long


@pytest.mark.parametrize("codec", ["none", "lz4", "zstd"])
def test_kafka_s_dump_tool_reads_every_record(shop, codec):
    shop.run("topic", "create", "--partitions", "1", "--compression", codec, "--segment-bytes", "200000")
    shop.run("produce", "--rate", "max", "--count", "2000", "--invalid", "1%")
    shop.write("k|after")
    values = shop.run("topic", "read", "--keys").encode("utf-8", "surrogateescape").splitlines()
    assert len(values) == 2001
    dumped = 0
    for segment in sorted((shop.data / "bronze" / f"{TOPIC}-0").glob("*.log")):
        text = dump(segment)
        assert "isvalid: false" not in text and "Mismatch" not in text
        lines = [line for line in text.splitlines() if line.startswith("| offset:")]
        for line in lines:
            assert line.startswith(f"| offset: {dumped} ")
            dumped += 1
    assert dumped == 2001
