"""Other engines read the same rows and values from the tables as the program."""

import json

import deltalake
import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support import oracle
from tests.support.events import line
from tests.support.shop import stop, wait_until

READING = "hive_partitioning=true, union_by_name=true, hive_types_autocast=false"


def by_delta_rs(shop):
    return oracle.silver(shop.data)[1].sort_by("event_id")


def by_duckdb(shop):
    """The rows by DuckDB, over the files that the Delta log lists."""
    files = deltalake.DeltaTable(str(shop.data / "silver")).file_uris()
    return duckdb.sql(f"select * from read_parquet({files!r}, {READING}) order by event_id").to_arrow_table()


def by_glob(shop):
    return duckdb.sql(
        f"select * from read_parquet('{shop.data}/silver/*/*/*.parquet', {READING}) order by event_id"
    ).to_arrow_table()


def assert_same(a, b):
    """`b` may lack columns without a value, as Silver's files do."""
    assert set(b.column_names) <= set(a.column_names)
    for name in a.column_names:
        of_b = b.column(name).to_pylist() if name in b.column_names else [None] * b.num_rows
        assert a.column(name).to_pylist() == of_b, name


def fill(shop):
    for _ in range(4):
        shop.run(
            "produce", "--rate", "max", "--count", "1000", "--span", "40h", "--duplicates", "1%", "--invalid", "1%"
        )
        shop.drain()


@pytest.fixture
def busy(shop_like):
    return shop_like(fill)


def test_delta_rs_duckdb_and_a_plain_glob_read_the_same(busy):
    rows = deltalake.DeltaTable(str(busy.data / "silver")).to_pyarrow_table().sort_by("event_id")
    assert_same(rows, by_delta_rs(busy))
    assert rows.num_rows == busy.count("silver")
    assert rows.schema.field("event_timestamp").type.unit == "us"
    assert_same(rows, by_duckdb(busy))
    assert_same(rows, by_glob(busy))


def test_rows_are_the_same_before_and_after_optimize_vacuum_and_checkpoints(busy):
    before = by_delta_rs(busy)
    busy.run("optimize")
    assert_same(by_delta_rs(busy), before)
    assert_same(before, by_duckdb(busy))
    busy.run("vacuum", "--retention", "0")
    assert_same(before, by_glob(busy))
    for i in range(12):
        busy.write(line(i))
        busy.drain()
    assert list((busy.data / "silver" / "_delta_log").glob("*.checkpoint.parquet"))
    rows = by_delta_rs(busy)
    assert rows.num_rows == before.num_rows + 12
    assert_same(rows, by_duckdb(busy))


def test_the_columns_are_the_format_s(busy):
    schema = json.loads(deltalake.DeltaTable(str(busy.data / "silver")).schema().to_json())
    assert [(f["name"], f["type"]) for f in schema["fields"]] == [
        ("event_id", "string"),
        ("user_id", "string"),
        ("product_id", "string"),
        ("event_type", "string"),
        ("event_timestamp", "timestamp"),
        ("session_id", "string"),
        ("product_category", "string"),
        ("device_type", "string"),
        ("page_url", "string"),
        ("price", "double"),
        ("kafka_key", "string"),
        ("partition", "integer"),
        ("offset", "long"),
        ("kafka_timestamp", "timestamp"),
        ("processing_timestamp", "timestamp"),
        ("is_high_value", "boolean"),
        ("event_date", "string"),
        ("event_hour", "integer"),
        ("quantity", "integer"),
        ("order_id", "string"),
        ("currency", "string"),
        ("log_epoch", "integer"),
        ("user_agent", "string"),
        ("referrer", "string"),
        ("is_bot", "boolean"),
        ("format", "string"),
        ("record_index", "integer"),
        ("anonymous_id", "string"),
        ("received_at", "timestamp"),
        ("device_timestamp", "timestamp"),
        ("product_name", "string"),
        ("brand", "string"),
        ("coupon", "string"),
        ("discount", "double"),
        ("utm_source", "string"),
        ("utm_medium", "string"),
        ("utm_campaign", "string"),
        ("quantity_exact", "decimal(18,3)"),
        ("line_total", "decimal(38,4)"),
        ("properties", "string"),
        ("line_number", "long"),
        ("order_total", "decimal(38,4)"),
        ("order_discount", "decimal(38,4)"),
        ("order_shipping", "decimal(38,4)"),
        ("order_tax", "decimal(38,4)"),
        ("order_refused", "long"),
    ]
    assert {f["name"] for f in schema["fields"] if not f["nullable"]} == {
        "event_id",
        "user_id",
        "event_type",
        "event_timestamp",
        "processing_timestamp",
        "is_high_value",
        "event_date",
        "event_hour",
    }
    protocol = deltalake.DeltaTable(str(busy.data / "silver")).protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)


def test_files_are_snappy_and_one_that_partitions_share_has_the_rows_of_each_together(busy):
    shared = 0
    for path in (busy.data / "silver").glob("*/*/*.parquet"):
        file = pq.ParquetFile(path)
        partitions = file.read(columns=["partition"]).column(0).to_pylist()
        assert partitions == sorted(partitions) or "optimized" in path.name
        shared += len(set(partitions)) > 1
        assert file.metadata.row_group(0).column(0).compression == "SNAPPY"
    assert shared


def test_values_are_those_of_the_events(shop):
    shop.write(
        line(
            1,
            session_id="s",
            product_category="c",
            device_type="d",
            page_url="u",
            quantity=3,
            order_id="o",
            currency="USD",
            price=500.01,
            timestamp="2019-10-01T23:59:59.123456789+02:00",
        ),
        line(2, event_type="page_view", product_id=None, price=None),
    )
    shop.drain()
    rows = by_delta_rs(shop).to_pylist()
    first = rows[0]
    assert (first["session_id"], first["product_category"], first["device_type"], first["page_url"]) == (
        "s",
        "c",
        "d",
        "u",
    )
    assert (first["quantity"], first["order_id"], first["currency"], first["is_high_value"]) == (3, "o", "USD", True)
    assert first["event_timestamp"].isoformat() == "2019-10-01T21:59:59.123456+00:00"
    assert (first["event_date"], first["event_hour"], first["kafka_key"]) == ("2019-10-01", 21, "u1")
    assert rows[1]["price"] is None and rows[1]["product_id"] is None and rows[1]["currency"] == "EUR"


def test_an_optimize_by_delta_rs_in_between_is_understood(busy):
    before = by_delta_rs(busy)
    deltalake.DeltaTable(str(busy.data / "silver")).optimize.compact()
    busy.verify()
    busy.write(line(1))
    busy.drain()
    busy.verify()
    assert by_delta_rs(busy).num_rows == before.num_rows + 1
    deltalake.DeltaTable(str(busy.data / "silver")).create_checkpoint()
    busy.write(line(2), line(1))
    busy.drain()
    busy.verify()
    assert by_delta_rs(busy).num_rows == before.num_rows + 2


def test_rows_are_the_same_after_a_commit_that_was_retried(busy):
    rows = busy.count("silver")
    writer = busy.start("silver", "--trigger", "50ms")
    busy.write(line(1))
    wait_until(lambda: busy.count("silver") == rows + 1)
    # Takes the version that the running writer would take for its next commit.
    deltalake.DeltaTable(str(busy.data / "silver")).optimize.compact()
    busy.write(line(2))
    wait_until(lambda: busy.count("silver") == rows + 2)
    code, _, err = stop(writer)
    assert code == 0, err
    assert "OPTIMIZE" in [commit["operation"] for commit in deltalake.DeltaTable(str(busy.data / "silver")).history()]
    assert_same(by_delta_rs(busy), by_duckdb(busy))
    busy.verify()
    oracle.check_exactly_once(busy.data)


def test_a_feature_that_is_not_supported_is_refused_by_name(busy):
    version = deltalake.DeltaTable(str(busy.data / "silver")).version()
    protocol = {
        "protocol": {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": ["deletionVectors"],
            "writerFeatures": ["deletionVectors"],
        }
    }
    (busy.data / "silver" / "_delta_log" / f"{version + 1:020}.json").write_text(json.dumps(protocol) + "\n")
    busy.run("silver", "--available-now", code=3)
    assert "deletionVectors" in busy.stderr
