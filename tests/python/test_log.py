"""Records of a log, read from Python."""

import json

import pyarrow as pa
import pytest

from tests.support import delta
from tests.support.events import event, lines


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
