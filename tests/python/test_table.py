"""Delta tables, read and committed from Python."""

import datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest
from deltalake import DeltaTable

from tests.support import delta
from tests.support.events import event, lines

polars = pytest.importorskip("polars")


@pytest.fixture
def filled(shop):
    shop.write(*lines(event(n, event_type="view" if n % 3 else "purchase") for n in range(300)))
    shop.drain("--batch-rows", "100")
    return shop


def by_id(table):
    return sorted(table.to_pylist(), key=lambda row: row["event_id"])


def test_rows_are_those_that_delta_rs_reads(millrace, filled):
    table = millrace.Table(filled.data / "silver")
    rows = pa.table(table.rows())
    assert by_id(rows) == by_id(delta.rows(filled.data / "silver"))
    assert table.version == DeltaTable(filled.data / "silver").version()
    assert table.partition_columns == ["event_date", "event_type"]
    assert sum(file["size"] for file in table.files) > 0
    again = table.rows(["event_type", "price"])
    assert pa.schema(again).names == ["event_type", "price"]
    for _ in range(2):
        assert duckdb.sql("select count(*) from again where event_type = 'purchase'").fetchall() == [(100,)]
    assert polars.DataFrame(table.rows(["event_date"])).height == 300, "a partition column alone has all rows"


def test_a_reader_sees_its_version_until_it_refreshes(millrace, filled):
    table = millrace.Table(filled.data / "silver")
    before = table.version
    filled.write(*lines([event(1000)]))
    filled.drain()
    assert pa.table(table.rows(["event_id"])).num_rows == 300
    assert table.refresh() > before
    assert pa.table(table.rows(["event_id"])).num_rows == 301
    newest = table.history(1)[0]
    assert (newest["version"], newest["added"], newest["removed"]) == (table.version, 1, 0)


def written(root, name, rows):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pa.parquet.write_table(rows, path)
    return {"path": name, "size": path.stat().st_size, "partition_values": {"day": name.split("/")[0][4:]}}


def test_a_table_is_created_and_gets_files_with_txns(millrace, tmp_path):
    root = tmp_path / "made"
    schema = pa.schema([pa.field("id", pa.int64(), False), ("name", pa.string()), ("day", pa.string())])
    table = millrace.Table.create(root, schema, ["day"])
    assert (table.version, table.files) == (0, [])
    rows = pa.table({"id": pa.array([1, 2]), "name": ["a", None]})
    files = [written(root, f"day={day}/1.parquet", rows) for day in ("2024-01-01", "2024-01-02")]
    assert table.commit(files, txns={"mine": 7}) == 1
    assert table.txns == {"mine": 7}
    assert len(DeltaTable(root).to_pyarrow_table()) == 4
    assert pa.table(table.rows()).to_pylist()[:2] == [
        {"id": 1, "name": "a", "day": "2024-01-01"},
        {"id": 2, "name": None, "day": "2024-01-01"},
    ]
    assert millrace.Table.create(root, schema, ["day"]).version == 1, "it is opened if it exists"


def test_a_table_has_the_types_of_other_libraries(millrace, tmp_path):
    frame = polars.DataFrame(
        {
            "name": ["a"],
            "on": [datetime.date(2024, 1, 2)],
            "at": [datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)],
            "small": polars.Series([1], dtype=polars.Int16),
            "share": polars.Series([0.5], dtype=polars.Float32),
            "tags": [["x", "y"]],
            "day": ["1"],
        }
    )
    table = millrace.Table.create(tmp_path / "made", frame, ["day"])
    path = tmp_path / "made" / "day=1" / "1.parquet"
    path.parent.mkdir()
    frame.drop("day").write_parquet(path)
    table.commit([{"path": "day=1/1.parquet", "size": path.stat().st_size, "partition_values": {"day": "1"}}])
    assert pa.table(table.rows()).to_pylist() == frame.to_dicts()
    assert DeltaTable(tmp_path / "made").to_pyarrow_table().to_pylist() == frame.to_dicts()
    assert millrace.Table.create(tmp_path / "made", frame.schema, ["day"]).version == 1, "a schema does as well"


@pytest.mark.parametrize(
    "schema, error, told",
    [
        (pa.schema([("a", pa.uint8())]), "Error", "Give it as a signed integer"),
        (pa.schema([("a", pa.timestamp("us"))]), "Error", "Give it a time zone"),
        ({"a": int}, TypeError, "must be one of Arrow's"),
    ],
)
def test_a_schema_that_a_table_cannot_have_is_refused(millrace, tmp_path, schema, error, told):
    with pytest.raises(getattr(millrace, error) if isinstance(error, str) else error, match=told):
        millrace.Table.create(tmp_path / "made", schema)
    assert not (tmp_path / "made").exists()


def test_two_writers_of_one_txn_do_not_both_commit(millrace, tmp_path):
    root = tmp_path / "made"
    schema = pa.schema([pa.field("id", pa.int64()), ("day", pa.string())])
    first, second = (millrace.Table.create(root, schema, ["day"]) for _ in range(2))
    files = [written(root, f"day=1/{number}.parquet", pa.table({"id": [number]})) for number in range(3)]
    assert first.commit(files[:1], txns={"mine": 1}) == 1
    assert second.commit(files[1:2], txns={"mine": 1}) is None
    assert second.commit(files[2:], txns={"other": 1}) == 2, "other txns do not get in the way"
    assert sorted(pa.table(second.rows())["id"].to_pylist()) == [0, 2]
    gone = {"path": "day=1/gone.parquet", "size": 1, "partition_values": {"day": "1"}}
    assert second.commit([gone]) is None


@pytest.mark.parametrize(
    "call, told",
    [
        (lambda millrace, root: millrace.Table(root / "none"), "the table does not exist"),
        (
            lambda millrace, root: millrace.Table(root / "silver").rows(["x"]),
            "has no column x. Its columns are event_id,",
        ),
    ],
)
def test_an_error_says_what_is_wrong(millrace, filled, call, told):
    with pytest.raises(millrace.Error, match=told):
        call(millrace, filled.data)


def test_a_file_that_is_gone_is_told(millrace, filled):
    table = millrace.Table(filled.data / "silver")
    (filled.data / "silver" / table.files[0]["path"]).unlink()
    with pytest.raises(OSError, match="event_date="):
        pa.table(table.rows())


@pytest.mark.parametrize(
    "change, told",
    [
        ({"path": "/day=1/a.parquet"}, "is not inside the table"),
        ({"path": "../a.parquet"}, "is not inside the table"),
        ({"partition_values": {"day": "1", "id": "5"}}, "its partition_values name"),
        ({"partition_values": None}, "its partition_values name"),
        ({"stats": "{"}, "committing the file"),
    ],
)
def test_a_file_that_would_spoil_the_table_is_refused(millrace, tmp_path, change, told):
    root = tmp_path / "made"
    schema = pa.schema([pa.field("id", pa.int64()), ("day", pa.string())])
    table = millrace.Table.create(root, schema, ["day"])
    good = written(root, "day=1/a.parquet", pa.table({"id": [1]}))
    with pytest.raises(millrace.Error, match=told):
        table.commit([good | change])
    assert table.commit([good]) == 1
    assert table.commit(table.files[:0]) == 2
    assert pa.table(millrace.Table(root).rows())["id"].to_pylist() == [1]


@pytest.mark.parametrize("change", [{"size": "1"}, {"path": 5}, {"partition_values": {"day": 1}}])
def test_an_entry_of_a_wrong_type_is_told(millrace, tmp_path, change):
    table = millrace.Table.create(tmp_path / "made", pa.schema([("id", pa.int64()), ("day", pa.string())]), ["day"])
    entry = {"path": "day=1/a.parquet", "size": 1, "partition_values": {"day": "1"}, "stats": None}
    with pytest.raises(TypeError, match=f"the member {next(iter(change))} of a file"):
        table.commit([entry | change])


@pytest.mark.parametrize(
    "columns, told", [(["nope"], "is no column"), (["id", "day"], "all columns are partition columns")]
)
def test_a_table_needs_columns_for_its_files(millrace, tmp_path, columns, told):
    schema = pa.schema([("id", pa.int64()), ("day", pa.string())])
    with pytest.raises(millrace.Error, match=told):
        millrace.Table.create(tmp_path / "made", schema, columns)
    millrace.Table.create(tmp_path / "made", schema, ["day"])
    with pytest.raises(millrace.Error, match="exists with the partition columns day"):
        millrace.Table.create(tmp_path / "made", schema, ["id"])


def test_a_table_with_rules_of_another_writer_is_not_written(millrace, tmp_path):
    root = tmp_path / "made"
    millrace.Table.create(root, pa.schema([("id", pa.int64()), ("day", pa.string())]), ["day"])
    DeltaTable(root).alter.add_constraint({"positive": "id > 0"})
    file = written(root, "day=1/a.parquet", pa.table({"id": [-5]}))
    with pytest.raises(millrace.Error):
        millrace.Table(root).commit([file])


def test_partition_values_have_the_types_of_the_table(millrace, tmp_path):
    from decimal import Decimal

    import deltalake

    rows = pa.table({"id": [1, 2], "price": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2))})
    deltalake.write_deltalake(tmp_path / "prices", rows, partition_by=["price"])
    found = pa.table(millrace.Table(tmp_path / "prices").rows()).to_pylist()
    assert sorted(found, key=lambda row: row["id"]) == rows.to_pylist()
