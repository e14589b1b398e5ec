"""An independent implementation of the log's format and of the rules, with which the tables are compared.

It shares no code with the program. It decodes Kafka's record batches by the format's description, and events by
Python's json module.
"""

import collections
import datetime
import functools
import json
import pathlib
import re
import struct

import duckdb

from tests.support import delta
from tests.support.paths import TOPIC


def _varint(data, at):
    byte = data[at]
    if byte < 0x80:  # most are of one byte
        return (byte >> 1) ^ -(byte & 1), at + 1
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at


def records(data, topic=TOPIC):
    """Yields (partition, offset, timestamp_ms, key, value) of all records in an uncompressed embedded log."""
    for directory in sorted(pathlib.Path(data, "bronze").glob(f"{topic}-*")):
        partition = int(directory.name.rsplit("-", 1)[1])
        for segment in sorted(directory.glob("*.log")):
            yield from ((partition, *rest) for rest in _segment(segment.read_bytes()))


def _segment(data):
    at = 0
    while at + 61 <= len(data):
        base, length = struct.unpack_from(">qi", data, at)
        end = at + 12 + length
        if end > len(data):
            return
        (base_time,) = struct.unpack_from(">q", data, at + 27)
        (count,) = struct.unpack_from(">i", data, at + 57)
        place = at + 61
        for _ in range(count):
            size, place = _varint(data, place)
            following = place + size
            place += 1
            time_delta, place = _varint(data, place)
            offset_delta, place = _varint(data, place)
            fields = []
            for _ in range(2):
                size, place = _varint(data, place)
                fields.append(None if size < 0 else data[place : place + size])
                place += max(size, 0)
            yield base + offset_delta, base_time + time_delta, *fields
            place = following
        at = end


KNOWN_FIELDS = {
    "event_id",
    "user_id",
    "event_type",
    "timestamp",
    "product_id",
    "price",
    "session_id",
    "product_category",
    "device_type",
    "page_url",
    "quantity",
    "order_id",
    "currency",
}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


def _no_repeats(pairs):
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        if any(keys.count(key) > 1 for key in KNOWN_FIELDS):
            raise ValueError("repeated key")
    return made


def valid_event(value):
    """The event of a record, or None when the record breaks one of the rules that the simulator breaks."""
    try:
        event = json.loads(value.decode("utf-8"), object_pairs_hook=_no_repeats)
        moment = event["timestamp"]
        assert TIMESTAMP.fullmatch(moment)
        datetime.datetime.fromisoformat(moment[:19])
        assert isinstance(event["event_id"], str) and event["event_id"]
        assert isinstance(event["user_id"], str) and event["user_id"]
        if event["event_type"] != "page_view":  # a page view has no product
            assert isinstance(event["price"], (int, float)) and 0 < event["price"] <= 1e9
        return event
    except (ValueError, KeyError, AssertionError, AttributeError, UnicodeDecodeError):
        return None


def silver(data, columns=None):
    """The silver table, by delta-rs, and its rows."""
    table = delta.open_table(pathlib.Path(data, "silver"))
    return table, delta.rows(table, columns)


@functools.lru_cache(maxsize=1 << 16)  # copies of a data directory have the same records
def event_id(value):
    """The id of a record's event, or None when the record breaks a rule."""
    event = valid_event(value)
    return event and event["event_id"]


def silver_sql(data, query):
    """The rows of a query by DuckDB, in which `{silver}` stands for the silver table."""
    files = f"read_parquet('{data}/silver/*/*/*.parquet', hive_partitioning = true, union_by_name = true)"
    return duckdb.sql(query.format(silver=files)).fetchall()


def epoch(data, topic=TOPIC):
    return json.loads(pathlib.Path(data, "bronze", "topics", f"{topic}.json").read_text())["epoch"]


def progress(table, data, partition, topic=TOPIC):
    """(next offset, received, duplicates, quarantined) by the table's txn actions."""
    base = f"millrace/{topic}/{epoch(data, topic)}/{partition}"
    return tuple(
        table.transaction_version(base + suffix) or 0 for suffix in ("", "/received", "/duplicates", "/quarantined")
    )


def check_exactly_once(data):
    """Checks that silver has each valid id once, up to the commits' offsets, and that the commits' counts are right.

    Returns the number of rows.
    """
    table, rows = silver(data, ["event_id", "partition"])
    found = rows.column("event_id").to_pylist()
    assert len(found) == len(set(found)), "silver has an event_id twice"
    in_silver = collections.Counter(rows.column("partition").to_pylist())
    expected, counts, upto = {}, {}, {}
    for partition, offset, _, _, value in records(data):
        if partition not in upto:
            upto[partition] = progress(table, data, partition)[0]
        if offset >= upto[partition]:
            continue
        tally = counts.setdefault(partition, [0, 0, 0])  # received, duplicates, quarantined
        tally[0] += 1
        found_id = event_id(value)
        if found_id is None:
            tally[2] += 1
        elif found_id in expected:
            tally[1] += 1
        else:
            expected[found_id] = (partition, offset)
    assert set(found) == set(expected), "silver has other ids than bronze"
    # Either of two copies in different partitions may be the duplicate, so only the total is compared.
    assert sum(c[1] for c in counts.values()) == sum(progress(table, data, p)[2] for p in counts)
    quarantine = delta.rows(pathlib.Path(data, "quarantine"), ["partition", "offset"])
    places = list(zip(*(quarantine.column(name).to_pylist() for name in ("partition", "offset")), strict=True))
    for partition, (received, _, quarantined) in counts.items():
        told = progress(table, data, partition)
        assert (told[1], told[3]) == (received, quarantined), (partition, told, received, quarantined)
        assert in_silver[partition] == told[1] - told[2] - told[3], "silver has other rows than counted"
        offsets = [o for p, o in places if p == partition and o < told[0]]
        assert len(offsets) == len(set(offsets)) == quarantined, "quarantine has other rows than counted"
    return len(found)


def check_snapshot_is_whole(data):
    """Checks that the rows and the counts of the table's current version agree, while writers go on."""
    table, rows = silver(data, ["partition"])
    by_partition = collections.Counter(rows.column("partition").to_pylist())
    for partition in range(3):
        _, received, duplicates, quarantined = progress(table, data, partition)
        assert by_partition[partition] == received - duplicates - quarantined, "a reader saw part of a batch"
