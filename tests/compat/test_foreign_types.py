"""The program reads the tables whatever column types another engine has written them with."""

import json
import pathlib

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support import gold_oracle, oracle
from tests.support.events import line

TABLES = ("silver", "quarantine", "archive", *(f"gold/{table}" for table in gold_oracle.TABLES), "gold/alerts")


def views(array):
    if pa.types.is_list(array.type):  # the headers in the archive
        return array.cast(pa.list_(pa.struct([("key", pa.string_view()), ("value", pa.binary_view())])))
    kinds = {pa.string(): pa.string_view(), pa.binary(): pa.binary_view()}
    return array.cast(kinds.get(array.type, array.type))


def large(array):
    kinds = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary(), pa.int32(): pa.int64()}
    return array.cast(kinds.get(array.type, array.type))


def dictionaries(array):
    if array.type not in (pa.string(), pa.binary()):
        return array
    encoded = array.combine_chunks().dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.cast(pa.int16()), encoded.dictionary)


def nanoseconds(array):
    return array.cast(pa.timestamp("ns")) if pa.types.is_timestamp(array.type) else array


def milliseconds(array):
    return array.cast(pa.timestamp("ms", "+00:00"), safe=False) if pa.types.is_timestamp(array.type) else array


def rewrite(table, change):
    """Writes a table's files again with other types, and puts their new sizes into the log."""
    sizes = {}
    for file in table.rglob("*.parquet"):
        if "_delta_log" in file.parts:
            continue
        rows = pq.ParquetFile(file).read()
        pq.write_table(pa.table([change(column) for column in rows.columns], names=rows.column_names), file)
        sizes[str(file.relative_to(table))] = file.stat().st_size
    for commit in (table / "_delta_log").glob("*.json"):
        actions = [json.loads(text) for text in commit.read_text().splitlines()]
        for action in actions:
            if action.get("add", {}).get("path") in sizes:
                action["add"]["size"] = sizes[action["add"]["path"]]
        commit.write_text("".join(json.dumps(action) + "\n" for action in actions))
    return len(sizes)


def shown(shop):
    return {table: shop.json("show", table.replace("/", "."), "--limit", "1000")["rows"] for table in TABLES}


def fill(shop, first):
    shop.write(
        *[
            line(
                first + i,
                timestamp=f"2024-05-01T{i % 24:02}:10:00Z",
                price=float(10 * i + 5),
                session_id=f"s{i % 9}",
                event_type=("view", "add_to_cart", "purchase")[i % 3],
                order_id=f"o{i}",
            )
            for i in range(200)
        ],
        line(first + 900, price=-1),
    )
    shop.drain()


def fill_every_layer(shop):
    fill(shop, 0)
    fill(shop, 1000)
    shop.run("archive", "--available-now")
    shop.run("gold", "--available-now", "--close")


@pytest.mark.parametrize("change", [views, large, dictionaries, nanoseconds, milliseconds])
def test_rows_are_the_same_whatever_types_they_are_stored_as(shop_like, change):
    shop = shop_like(fill_every_layer)
    before = shown(shop)
    rewritten = {table: rewrite(pathlib.Path(shop.data, table), change) for table in TABLES}
    assert all(rewritten[table] > 0 for table in ("silver", "quarantine", "archive", "gold/kpis", "gold/sessions"))
    shop.verify()
    if change is not milliseconds:  # processing times have microseconds
        assert shown(shop) == before
    gold_oracle.check(shop.data)
    shop.run("gold", "reconcile")
    shop.write(line(1), line(1001), line(5000))
    report = json.loads(shop.drain("--json").splitlines()[-1])
    assert (report["silver"], report["duplicates"]) == (1, 2)
    shop.run("optimize")
    shop.verify()
    oracle.check_exactly_once(shop.data)
    assert len(shop.run("quarantine", "list", "--json").splitlines()) > 0
    shop.run("replay")
    assert (shop.count("silver"), shop.count("quarantine")) == (401, 2)
    shop.run("gold", "--available-now", "--close")
    shop.verify()


def test_a_deletion_by_delta_rs_is_read_and_worked_on(shop):
    fill(shop, 0)
    shop.run("gold", "--available-now", "--close")
    table = deltalake.DeltaTable(str(shop.data / "silver"))
    deleted = table.delete("event_type = 'view' and price > 900")["num_deleted_rows"]
    assert deleted > 0
    assert "string_view" in {
        str(pq.ParquetFile(file).schema_arrow.field("event_id").type) for file in table.file_uris()
    }
    assert shop.count("silver") == 200 - deleted
    failing = {check["name"] for check in shop.json("verify", code=1)["checks"] if not check["passed"]}
    assert failing and all(name.startswith("accounting") for name in failing)  # rows are missing, which verify reports
    shop.write(line(1), line(2), line(7000))
    report = json.loads(shop.drain("--json").splitlines()[-1])
    assert (report["silver"], report["duplicates"]) == (1, 2)
    shop.run("gold", "--available-now", "--close")
    gold_oracle.check(shop.data)
    shop.run("optimize")
    assert shop.count("silver") == 201 - deleted
    assert len(shop.json("show", "silver", "--limit", "1000")["rows"]) == 201 - deleted
    shop.run("count", "silver", "--by", "nosuch", code=2)
    assert "no column nosuch" in shop.stderr


def test_a_column_of_another_kind_is_refused_by_file_and_name(shop):
    fill(shop, 0)
    file = next(path for path in (shop.data / "silver").rglob("*.parquet") if "_delta_log" not in path.parts)
    rows = pq.ParquetFile(file).read()
    place = rows.schema.get_field_index("event_id")
    pq.write_table(rows.set_column(place, "event_id", pa.array(range(rows.num_rows))), file)
    shop.write(line(7000))
    shop.run("silver", "--available-now", code=3)
    assert file.name in shop.stderr and "the column event_id has the type int64" in shop.stderr
