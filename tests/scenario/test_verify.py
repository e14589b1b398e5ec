"""`millrace verify` finds each kind of damage, and says what it is."""

import json
import pathlib
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.events import line
from tests.support.shop import Millrace


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    shop = Millrace(tmp_path_factory.mktemp("sound") / "data")
    shop.run("topic", "create", "--partitions", "1")
    shop.write(*[line(i) for i in range(20)], line(3), line(50, price=0))
    shop.drain()
    shop.write(*[line(i) for i in range(100, 110)])
    shop.drain()
    shop.verify()
    return shop


@pytest.fixture
def copy(sound, tmp_path):
    shutil.copytree(sound.data, tmp_path / "data")
    return Millrace(tmp_path / "data")


def failed(shop):
    """The details of the failing checks, by name."""
    report = shop.json("verify", code=1)
    return {check["name"]: check["detail"] for check in report["checks"] if not check["passed"]}


def files(shop, table="silver"):
    return sorted(pathlib.Path(shop.data, table).glob("**/*.parquet"))


def rewrite(shop, file, change):
    """Changes a data file's rows, and puts its new size into the log."""
    rows = change(pq.ParquetFile(file).read())
    pq.write_table(rows, file)
    relative = str(file.relative_to(shop.data / "silver")) if "silver" in file.parts else file.name
    for commit in (shop.data / ("silver" if "silver" in file.parts else "quarantine") / "_delta_log").glob("*.json"):
        actions = [json.loads(text) for text in commit.read_text().splitlines()]
        for action in actions:
            if action.get("add", {}).get("path") == relative:
                action["add"]["size"] = file.stat().st_size
        commit.write_text("".join(json.dumps(a) + "\n" for a in actions))


def set_column(name, value, row=0):
    def change(rows):
        values = rows.column(name).to_pylist()
        values[row] = value
        field = rows.schema.field(name)
        index = rows.schema.get_field_index(name)
        return rows.set_column(index, pa.field(name, field.type), pa.array(values, field.type))

    return change


def edit_commit(shop, version, change):
    path = shop.data / "silver" / "_delta_log" / f"{version:020}.json"
    actions = [json.loads(text) for text in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(change(a)) + "\n" for a in actions))


def test_a_missing_file(copy):
    victim = files(copy)[0]
    victim.unlink()
    assert victim.name in failed(copy)["silver files"]


def test_a_file_of_another_size(copy):
    victim = files(copy)[0]
    victim.write_bytes(victim.read_bytes() + b"x")
    assert "bytes" in failed(copy)["silver files"]


def test_a_lost_row(copy):
    rewrite(copy, files(copy)[0], lambda rows: rows.slice(1))
    assert (
        "silver has 29 rows" in failed(copy)["accounting of partition 0"]
        or "and the commits count 30" in failed(copy)["accounting of partition 0"]
    )


def test_a_doubled_row(copy):
    rewrite(copy, files(copy)[0], lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]))
    found = failed(copy)
    assert "e" in found["duplicate ids"] and "occurs twice" in found["offsets"]


def test_a_null_where_none_may_be(copy):
    rewrite(copy, files(copy)[0], set_column("user_id", None))
    assert "without user_id" in failed(copy)["rows"]


@pytest.mark.parametrize(
    "column, value, says",
    [
        ("price", -1.0, "price"),
        ("product_id", None, "no product_id"),
        ("is_high_value", True, "is_high_value"),
        ("event_hour", 23, "event_hour"),
    ],
)
def test_a_wrong_value(copy, column, value, says):
    rewrite(copy, files(copy)[0], set_column(column, value))
    assert says in failed(copy)["rows"]


def test_a_row_of_another_day(copy):
    import datetime

    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    rewrite(copy, files(copy)[0], set_column("event_timestamp", moment))
    assert "event_date" in failed(copy)["rows"]


def test_an_offset_past_the_progress(copy):
    rewrite(copy, files(copy)[0], set_column("offset", 5000))
    assert "past the progress" in failed(copy)["offsets"]


def test_a_lost_quarantine_row(copy):
    rewrite(copy, files(copy, "quarantine")[0], lambda rows: rows.slice(0, 0))
    assert "quarantine has 0 rows" in failed(copy)["accounting of partition 0"]


def test_a_quarantined_record_that_stands_in_silver_too(copy):
    rewrite(copy, files(copy, "quarantine")[0], set_column("offset", 0))
    assert "silver too" in failed(copy)["quarantine"]


def test_counts_that_do_not_add_up(copy):
    def change(action):
        if action.get("txn", {}).get("appId", "").endswith("/duplicates"):
            action["txn"]["version"] += 1
        return action

    edit_commit(copy, 2, change)
    assert "commits count" in failed(copy)["accounting of partition 0"]


def test_a_gap_between_commits(copy):
    def change(action):
        if action.get("txn", {}).get("appId", "").endswith("/0"):
            action["txn"]["version"] -= 1
        return action

    edit_commit(copy, 1, change)
    assert "version 2" in failed(copy)["commits"]


@pytest.mark.parametrize("lines_left", [0, 1, 3])
def test_a_commit_that_has_lost_lines(copy, lines_left):
    commit = copy.data / "silver" / "_delta_log" / f"{2:020}.json"
    lines = commit.read_text().splitlines(keepends=True)
    assert len(lines) > 3
    commit.write_text("".join(lines[:lines_left]))
    for command in (["verify"], ["silver", "--available-now"], ["count", "silver"]):
        copy.run(*command, code=3)
        assert (
            commit.name in copy.stderr
            and ("is empty" if lines_left == 0 else f"{lines_left} of its {len(lines)} lines") in copy.stderr
        )


def test_another_schema(copy):
    def change(action):
        if "metaData" in action:
            schema = json.loads(action["metaData"]["schemaString"])
            schema["fields"][0]["name"] = "id"
            action["metaData"]["schemaString"] = json.dumps(schema)
        return action

    edit_commit(copy, 0, change)
    assert "silver" in failed(copy)["schema"]


def test_another_log(copy):
    segment = next((copy.data / "bronze" / "ecom_clickstream_raw-0").glob("*.log"))
    other = Millrace(copy.data.parent / "other")
    other.run("topic", "create", "--partitions", "1")
    other.write(*[line(i + 500) for i in range(40)])
    segment.write_bytes(next((other.data / "bronze" / "ecom_clickstream_raw-0").glob("*.log")).read_bytes())
    for topics, target in ((other.data, copy.data),):
        shutil.copy(topics / "bronze/topics/ecom_clickstream_raw.published", target / "bronze/topics/x")
    copy_published = copy.data / "bronze/topics/ecom_clickstream_raw.published"
    raw, made = bytearray(copy_published.read_bytes()), (copy.data / "bronze/topics/x").read_bytes()
    raw[24:40] = made[24:40]  # the start and the end of partition 0
    copy_published.write_bytes(raw)
    (copy.data / "bronze/topics/x").unlink()
    assert "not the one that was processed" in failed(copy)["log"]


def test_files_that_no_commit_names_are_only_listed(copy):
    victim = files(copy)[0]
    shutil.copy(victim, victim.with_name("orphan.parquet"))
    report = copy.verify()
    assert any("no commit names" in note for note in report["notes"])
    copy.run("vacuum", "--retention", "0")
    assert not victim.with_name("orphan.parquet").exists()
    copy.verify()
