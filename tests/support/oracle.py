"""An independent reading of Bronze and of the rules, to hold the tables against.

It shares no code with the program: it decodes Kafka's record batches by the format's description and events with
Python's json module.
"""

import datetime
import json
import pathlib
import re
import struct

import deltalake
import duckdb

from tests.support.shop import TOPIC


def _varint(data, at):
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


def _no_repeats(pairs):
    keys = [key for key, _ in pairs]
    known = {
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
    if any(keys.count(key) > 1 for key in known):
        raise ValueError("repeated key")
    return dict(pairs)


def valid_event(value):
    """The event of a record, or None when it breaks a rule. Covers what the simulator sends."""
    try:
        event = json.loads(value.decode("utf-8"), object_pairs_hook=_no_repeats)
        moment = event["timestamp"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", moment)
        datetime.datetime.fromisoformat(moment[:19])
        assert isinstance(event["event_id"], str) and event["event_id"]
        assert isinstance(event["user_id"], str) and event["user_id"]
        if event["event_type"] != "page_view":  # about no product
            assert isinstance(event["price"], (int, float)) and 0 < event["price"] <= 1e9
        return event
    except (ValueError, KeyError, AssertionError, AttributeError, UnicodeDecodeError):
        return None


def open_table(path, attempts=5):
    """The table by delta-rs. It lists the log, and a listing taken while commits are made may miss one and show the next: it then
    complains of a gap, which must be gone when it looks again."""
    for attempt in range(attempts):
        try:
            return deltalake.DeltaTable(str(path))
        except deltalake.exceptions.DeltaError as error:
            if "found gap" not in str(error) or attempt == attempts - 1:
                raise


def silver(data):
    """The silver table, by delta-rs, and its rows."""
    table = open_table(pathlib.Path(data, "silver"))
    return table, table.to_pyarrow_table()


def silver_sql(data, query):
    """The rows of a query by DuckDB, in which `{silver}` stands for the silver table."""
    files = f"read_parquet('{data}/silver/*/*/*.parquet', hive_partitioning = true)"
    return duckdb.sql(query.format(silver=files)).fetchall()


def epoch(data, topic=TOPIC):
    return json.loads(pathlib.Path(data, "bronze", "topics", f"{topic}.json").read_text())["epoch"]


def progress(table, data, partition, topic=TOPIC):
    """(next offset, received, duplicates, quarantined) as the table's txns tell them."""
    base = f"millrace/{topic}/{epoch(data, topic)}/{partition}"
    return tuple(
        table.transaction_version(base + suffix) or 0 for suffix in ("", "/received", "/duplicates", "/quarantined")
    )


def check_exactly_once(data):
    """Every valid id below the txns is in silver once, and the accounts are right. Returns the number of rows."""
    table, rows = silver(data)
    found = rows.column("event_id").to_pylist()
    assert len(found) == len(set(found)), "an event_id stands twice"
    in_silver = {}
    for partition in rows.column("partition").to_pylist():
        in_silver[partition] = in_silver.get(partition, 0) + 1
    expected, counts, upto = {}, {}, {}
    for partition, offset, _, _, value in records(data):
        if partition not in upto:
            upto[partition] = progress(table, data, partition)[0]
        if offset >= upto[partition]:
            continue
        tally = counts.setdefault(partition, [0, 0, 0])  # received, duplicates, quarantined
        tally[0] += 1
        event = valid_event(value)
        if event is None:
            tally[2] += 1
        elif event["event_id"] in expected:
            tally[1] += 1
        else:
            expected[event["event_id"]] = (partition, offset)
    assert set(found) == set(expected), "silver has other ids than bronze"
    # Of copies in two partitions either may survive, so the duplicates are compared in all.
    assert sum(c[1] for c in counts.values()) == sum(progress(table, data, p)[2] for p in counts)
    quarantine = deltalake.DeltaTable(str(pathlib.Path(data, "quarantine"))).to_pyarrow_table()
    places = list(zip(quarantine.column("partition").to_pylist(), quarantine.column("offset").to_pylist()))
    for partition, (received, _, quarantined) in counts.items():
        told = progress(table, data, partition)
        assert (told[1], told[3]) == (received, quarantined), (partition, told, received, quarantined)
        assert in_silver.get(partition, 0) == told[1] - told[2] - told[3], "silver has other rows than counted"
        offsets = [o for p, o in places if p == partition and o < told[0]]
        assert len(offsets) == len(set(offsets)) == quarantined, "quarantine has other rows than counted"
    return len(found)


def check_snapshot_is_whole(data):
    """What a reader sees at this moment: rows and accounts of one version must agree."""
    table, rows = silver(data)
    by_partition = {}
    for partition in rows.column("partition").to_pylist():
        by_partition[partition] = by_partition.get(partition, 0) + 1
    for partition in range(3):
        _, received, duplicates, quarantined = progress(table, data, partition)
        assert by_partition.get(partition, 0) == received - duplicates - quarantined, "a reader saw part of a batch"
