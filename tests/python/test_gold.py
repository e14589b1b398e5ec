"""Metrics computed from Python are the tables of Gold."""

import datetime
import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.support import delta, gold_oracle
from tests.support.events import event, lines
from tests.support.random_shop import RandomShop


def sorted_rows(table):
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=str)


@pytest.mark.parametrize("seed, zone", [(1, "UTC"), (2, "Asia/Kolkata")])
def test_metrics_are_those_of_the_batch_layer(millrace, shop, seed, zone):
    # The last events close the windows and sessions of the others.
    later = [event(10**6 + n, user_id=f"u{n}", timestamp="2024-06-20T00:00:00Z") for n in range(20)]
    shop.write(*lines(RandomShop(seed, users=10).events + later))
    shop.drain("--time-zone", zone)
    shop.run("gold", "--available-now", "--close")
    table = pa.table(millrace.Table(shop.data / "silver").rows())
    mixed = table.sort_by([("user_agent", "ascending"), ("event_id", "descending")])
    tables = millrace.gold(mixed, time_zone=zone)
    assert set(tables) == set(gold_oracle.TABLES)
    for name, rows in tables.items():
        stored = delta.rows(shop.data / "gold" / name)
        found = pa.table(rows)
        assert found.schema.names == stored.schema.names
        before = pc.field("day") < "2024-06-01"
        assert sorted_rows(found.filter(before)) == sorted_rows(stored.filter(before)), name
    assert len(tables["orders"]) > 0 and len(tables["sessions"]) > 0


def test_settings_change_the_sessions(millrace, shop):
    shop.write(*lines(RandomShop(3, users=10).events))
    shop.drain()
    silver = pa.table(millrace.Table(shop.data / "silver").rows())
    short = millrace.gold(silver, session_gap=datetime.timedelta(minutes=1))
    assert len(short["sessions"]) > len(millrace.gold(silver)["sessions"])


def test_a_product_of_high_interest_is_one_by_the_settings(millrace):
    views = [event(n, timestamp="2024-06-01T10:00:00Z", product_id="p1" if n % 5 else "p2") for n in range(50)]
    silver = pa.table(millrace.Decoder().decode([json.dumps(each) for each in views])[0])

    def found(**settings):
        rows = pa.table(millrace.gold(silver, interest_conversion=0.9, **settings)["high_interest"])
        return set(rows["product_id"].to_pylist())

    assert found() == set()
    assert found(interest_views=10) == {"p1", "p2"}
    assert found(interest_views=11) == {"p1"}
    assert found(interest_views=10, interest_share=0.5) == {"p1"}


def changed(millrace, times):
    """A row of Silver with another event_timestamp: of a type, or of a value."""
    table = pa.table(millrace.Decoder().decode([json.dumps(event(1))])[0])
    column = table["event_timestamp"]
    new = column.cast(times) if isinstance(times, pa.DataType) else pa.array([times], pa.int64()).cast(column.type)
    return table.set_column(table.schema.get_field_index("event_timestamp"), "event_timestamp", new)


def test_columns_that_tell_of_the_log_are_not_needed(millrace):
    table = pa.table(millrace.Decoder().decode([json.dumps(event(1))])[0])
    some = table.select(["event_id", "user_id", "event_type", "event_timestamp", "product_id", "price", "currency"])
    assert len(millrace.gold(some)["kpis"]) == 3


def test_no_rows_are_no_metrics(millrace):
    silver, _ = millrace.Decoder().decode([])
    assert {len(rows) for rows in millrace.gold(silver).values()} == {0}


@pytest.mark.parametrize(
    "call, told",
    [
        (lambda millrace: millrace.gold(pa.table({"event_id": ["a"]})), "there is no column user_id"),
        (lambda millrace: millrace.gold(pa.table({"event_type": ["view"]})), "there is no column"),
        (
            lambda millrace: millrace.gold(changed(millrace, pa.int64())),
            "the column event_timestamp has the type int64",
        ),
        (lambda millrace: millrace.gold(changed(millrace, None)), "the column event_timestamp has null values"),
        (lambda millrace: millrace.gold(changed(millrace, 2**63 - 1)), "is before 1970 or after 2200"),
        (lambda millrace: millrace.gold(millrace.Decoder().decode([])[0], time_zone="Mars"), "Mars"),
    ],
)
def test_an_error_says_what_is_wrong(millrace, call, told):
    with pytest.raises(millrace.Error, match=told):
        call(millrace)
