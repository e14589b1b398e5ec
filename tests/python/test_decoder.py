"""Decoding messages from Python gives the rows of the silver stage."""

import datetime
import gc
import json
import os
import threading

import duckdb
import numpy
import pyarrow as pa
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
import pytest

from tests.support import delta
from tests.support.events import event
from tests.support.random_shop import RandomShop

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

# Where a row was in the log, and when it was written.
OF_THE_LOG = ["kafka_key", "partition", "offset", "kafka_timestamp", "processing_timestamp", "log_epoch"]
SEGMENT = {
    "type": "track",
    "messageId": "m1",
    "userId": "u1",
    "event": "Product Viewed",
    "timestamp": "2024-06-01T10:00:00Z",
    "properties": {"product_id": "p1", "price": 5},
}


def messages(count=100):
    return [json.dumps(event(n)).encode() for n in range(count)]


def sorted_rows(table):
    return sorted(table.drop_columns(OF_THE_LOG).to_pylist(), key=lambda row: (row["event_id"], row["record_index"]))


def test_earliest_and_future_say_which_times_are_accepted(millrace):
    times = ["2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", "2024-06-01T12:00:00Z", "2024-06-01T12:00:01Z"]
    sent = datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC)
    values = [json.dumps(event(n, timestamp=time)) for n, time in enumerate(times)]
    batch = pa.record_batch({"value": values, "timestamp": pa.array([sent] * 4, pa.timestamp("ms", "UTC"))})
    start = datetime.datetime(2021, 1, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    decoder = millrace.Decoder(earliest=start, future=datetime.timedelta(hours=12))
    silver, quarantine = decoder.decode(batch)
    assert sorted(pa.table(silver)["event_id"].to_pylist()) == sorted(event(n)["event_id"] for n in (1, 2))
    assert len(quarantine) == 2
    assert len(millrace.Decoder().decode(batch)[0]) == 4
    with pytest.raises(ValueError, match="with a time zone"):
        millrace.Decoder(earliest=datetime.datetime(2021, 1, 1))


def test_rows_are_those_of_the_silver_stage(millrace, shop):
    made = [json.dumps(one) for one in RandomShop(7, users=10).events]
    screen = {**SEGMENT, "type": "screen", "messageId": "m2"}
    made += ['{"event_id": "broken"', "[1]", json.dumps(SEGMENT), json.dumps(screen)]
    shop.write(*(f"key|{message}" for message in made))
    shop.drain()
    decoder = millrace.Decoder()
    silver, quarantine = decoder.decode(made)
    table = pa.table(silver)
    assert table.schema.names == delta.rows(shop.data / "silver").schema.names
    assert sorted_rows(table) == sorted_rows(delta.rows(shop.data / "silver"))
    refused = pa.table(quarantine).select(["rule", "value"]).to_pylist()
    stored = delta.rows(shop.data / "quarantine").select(["rule", "value"]).to_pylist()
    assert sorted(refused, key=str) == sorted(stored, key=str) and len(refused) >= 2
    counts = decoder.counts
    assert counts["records"] == len(made)
    assert counts["items"] == counts["silver"] + counts["quarantined"] + sum(counts["ignored"].values())


def columns(values):
    return {"value": values, "offset": range(len(values)), "partition": [3] * len(values)}


@pytest.mark.parametrize(
    "give",
    [
        lambda values: values,
        lambda values: [value.decode() for value in values],
        lambda values: pa.record_batch(columns(values)),
        lambda values: pa.table(columns(values)),
        lambda values: pa.table({"value": pa.chunked_array([pa.array(values[:7]), pa.array(values[7:])])}),
        lambda values: pa.table({"value": pa.array([value.decode() for value in values], pa.large_string())}),
        lambda values: pa.table({"value": pa.array(values, pa.binary_view())}),
        lambda values: polars.DataFrame({"value": [value.decode() for value in values]}),
        lambda values: duckdb.from_arrow(pa.table({"value": [value.decode() for value in values]})),
    ],
    ids=["bytes", "str", "batch", "table", "chunks", "large", "view", "polars", "duckdb"],
)
def test_messages_come_from_any_arrow_library(millrace, give):
    silver, quarantine = millrace.Decoder().decode(give(messages(20)))
    assert (len(silver), len(quarantine)) == (20, 0)
    assert sorted(pa.table(silver)["offset"].to_pylist()) == list(range(20))


def test_rows_go_to_any_arrow_library(millrace):
    silver, _ = millrace.Decoder().decode(messages(20))
    assert pa.table(silver).num_rows == 20
    assert pa.schema(silver).names == pa.table(silver).schema.names
    assert polars.DataFrame(silver)["event_id"].n_unique() == 20
    assert duckdb.sql("select count(*) from silver").fetchall() == [(20,)]
    assert isinstance(pa.table(silver).to_pandas(), pandas.DataFrame)


def test_rows_outlive_their_decoder(millrace):
    decoder = millrace.Decoder()
    silver, quarantine = decoder.decode([*messages(1000), b"broken"])
    table, refused = pa.table(silver), pa.table(quarantine)
    ids = sorted(table["event_id"].to_pylist())
    decoder.decode(messages(1000))
    del silver, quarantine, decoder
    gc.collect()
    assert sorted(table["event_id"].to_pylist()) == ids
    assert refused["value"].to_pylist() == [b"broken"]
    table.validate(full=True)


def test_columns_tell_where_a_record_was(millrace):
    times = pa.array([1_700_000_000_123, None], pa.timestamp("ms", "UTC"))
    values = [json.dumps(event(1, event_id=None)).encode()] * 2
    batch = pa.record_batch(
        {"value": values, "partition": pa.array([4, None], pa.int16()), "offset": [9, None], "timestamp": times}
    )
    silver, _ = millrace.Decoder(topic="t", epoch=2).decode(batch, partition=7, offset=100)
    rows = sorted(pa.table(silver).to_pylist(), key=lambda row: row["offset"])
    assert [(row["partition"], row["offset"], row["log_epoch"]) for row in rows] == [(4, 9, 2), (7, 101, 2)]
    assert rows[0]["kafka_timestamp"].timestamp() == 1_700_000_000.123
    assert rows[1]["kafka_timestamp"].timestamp() > 1_700_000_001, "a record without a time is of now"
    assert rows[0]["event_id"] != rows[1]["event_id"], "ids are derived from the place"
    again, _ = millrace.Decoder(topic="t", epoch=2).decode(batch, partition=7, offset=100)
    assert sorted(pa.table(again)["event_id"].to_pylist()) == sorted(row["event_id"] for row in rows)


def test_a_header_names_the_format(millrace):
    headers = pa.array(
        [[("millrace-format", b"segment")], None, []],
        pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())])),
    )
    values = pa.array([json.dumps(SEGMENT).encode()] * 3)
    silver, quarantine = millrace.Decoder("native").decode(pa.record_batch({"value": values, "headers": headers}))
    assert pa.table(silver)["format"].to_pylist() == ["segment"]
    assert len(quarantine) == 2, "the others are no native events"


def test_odd_values_are_refused_and_counted(millrace):
    deep = b"[" * 100_000
    values = [None, b"", b"\xff\xfe", b'{"event_id":', deep, b"\0" * 1000, b'{"event_id": "\xed\xa0\x80"}']
    silver, quarantine = millrace.Decoder().decode(pa.record_batch({"value": pa.array(values, pa.binary())}))
    assert (len(silver), len(quarantine)) == (0, len(values))
    assert pa.table(quarantine)["value"].to_pylist() == values


def test_a_slice_of_a_batch_is_that_part(millrace):
    batch = pa.record_batch({"value": pa.array(messages(20))})
    silver, _ = millrace.Decoder().decode(batch.slice(5, 3))
    assert sorted(pa.table(silver)["event_id"].to_pylist()) == sorted(event(n)["event_id"] for n in (5, 6, 7))


def test_settings_are_those_of_a_shop(millrace):
    free = [json.dumps(event(1, price=0, currency=None)).encode()]
    assert len(millrace.Decoder().decode(free)[1]) == 1
    silver, _ = millrace.Decoder(accept_free_items=True, currency="CHF").decode(free)
    assert pa.table(silver)["currency"].to_pylist() == ["CHF"]
    many = [json.dumps(event(n, event_type=f"kind_{n}")).encode() for n in range(9)]
    assert len(millrace.Decoder(max_event_types=5).decode(many)[0]) == 5


@pytest.mark.parametrize(
    "call, told",
    [
        (lambda millrace: millrace.Decoder("xml"), "there is no format xml"),
        (lambda millrace: millrace.Decoder().decode(pa.table({"body": ["{}"]})), "there is no column value"),
        (lambda millrace: millrace.Decoder().decode(pa.table({"value": [1]})), "the column value has the type int64"),
        (
            lambda millrace: millrace.Decoder().decode(pa.table({"value": ["{}"], "offset": ["1"]})),
            "the column offset has the type string",
        ),
    ],
)
def test_an_error_says_what_is_wrong(millrace, call, told):
    with pytest.raises(millrace.Error, match=told):
        call(millrace)


@pytest.mark.parametrize("records", [3, "text", b"bytes", [1], [None], {"value": "x"}])
def test_other_objects_are_a_type_error(millrace, records):
    with pytest.raises(TypeError, match="takes a sequence of bytes or str"):
        millrace.Decoder().decode(records)


def test_threads_may_share_a_decoder(millrace):
    decoder, decoded = millrace.Decoder(), []

    def work(number):
        for turn in range(20):
            silver, _ = decoder.decode(messages(50), partition=number, offset=50 * turn)
            decoded.append(pa.table(silver).num_rows)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert decoded == [50] * 80
    assert decoder.counts["records"] == 4000


def test_a_process_may_fork_between_calls(millrace):
    decoder = millrace.Decoder()
    decoder.decode(messages())
    child = os.fork()
    if child == 0:
        os._exit(0 if len(decoder.decode(messages())[0]) == 100 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Lazy(list):
    """A sequence that is no list for C, and makes each element when it is asked for."""

    def __iter__(self):
        return (bytes(bytearray(value)) for value in list.__iter__(self))


class Made:
    def __len__(self):
        return 1000

    def __getitem__(self, place):
        if place >= 1000:
            raise IndexError
        return json.dumps(event(place)).encode()


@pytest.mark.parametrize("make", [Made, lambda: numpy.array(messages(1000)), lambda: Lazy(messages(1000))])
def test_elements_may_be_made_when_they_are_asked_for(millrace, make):
    silver, quarantine = millrace.Decoder().decode(make())
    assert (len(silver), len(quarantine)) == (1000, 0)
    assert len(set(pa.table(silver)["event_id"].to_pylist())) == 1000


def test_a_producer_in_python_may_use_threads(millrace, tmp_path):
    pa.parquet.write_table(pa.table({"value": messages(1000)}), tmp_path / "messages.parquet")

    class Files(pa.fs.FileSystemHandler):
        def __getattribute__(self, name):
            if name == "open_input_file":
                return lambda path: pa.PythonFile(open(path, "rb"), "r")
            local = pa.fs.LocalFileSystem()
            own = {
                "get_type_name": lambda: "python",
                "normalize_path": lambda path: path,
                "get_file_info": local.get_file_info,
            }
            return own.get(name) or object.__getattribute__(self, name)

    Files.__abstractmethods__ = frozenset()
    files = pa.fs.PyFileSystem(Files())
    data = pa.dataset.dataset(str(tmp_path / "messages.parquet"), filesystem=files)
    silver, _ = millrace.Decoder().decode(data.scanner().to_reader())
    assert len(silver) == 1000


def test_many_messages_of_one_kind_are_several_batches(millrace):
    rows = pa.table({"value": messages(1000) * 250})
    silver, quarantine = millrace.Decoder().decode(rows)
    table = pa.table(silver)
    assert (table.num_rows, len(quarantine)) == (250_000, 0)
    assert (
        max(chunk.num_rows if hasattr(chunk, "num_rows") else len(chunk) for chunk in table["event_id"].chunks)
        <= 100_000
    )


def test_a_header_that_is_null_is_none(millrace):
    pairs = pa.StructArray.from_arrays(
        [pa.array(["millrace-format"]), pa.array([b"segment"])], ["key", "value"], mask=pa.array([True])
    )
    batch = pa.record_batch({"value": messages(1), "headers": pa.ListArray.from_arrays([0, 1], pairs)})
    assert len(millrace.Decoder().decode(batch)[0]) == 1
