"""Tables that were made before columns were added get the columns; old and new rows are read and checked together."""

import json
import signal
import subprocess

import deltalake
import pyarrow.parquet as pq
import pytest

from tests.support import delta
from tests.support.events import line
from tests.support.shop import Millrace

ADDED = {
    "silver": [
        "user_agent",
        "referrer",
        "is_bot",
        "format",
        "record_index",
        "anonymous_id",
        "received_at",
        "device_timestamp",
        "product_name",
        "brand",
        "coupon",
        "discount",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "quantity_exact",
        "line_total",
        "properties",
        "line_number",
        "order_total",
        "order_discount",
        "order_shipping",
        "order_tax",
        "order_refused",
    ],
    "gold/kpis": ["bot_events", "bot_users", "bot_sessions"],
    "gold/sessions": [
        "is_bot",
        "channel",
        "source",
        "landing_page",
        "referrer",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "visitor_id",
        "is_new",
    ],
    "gold/users": ["visitor_id"],
    "gold/orders": ["visitor_id", "channel"],
}


def make_older(table, columns):
    """Removes columns from a table's files and log, as if the table were made before they were added."""
    sizes = {}
    for file in table.rglob("*.parquet"):
        if "_delta_log" in file.parts:
            continue
        rows = pq.ParquetFile(file).read()
        pq.write_table(rows.drop_columns([name for name in columns if name in rows.column_names]), file)
        sizes[str(file.relative_to(table))] = file.stat().st_size
    for commit in sorted((table / "_delta_log").glob("*.json")):
        lines = []
        for text in commit.read_text().splitlines():
            action = json.loads(text)
            if "metaData" in action:
                schema = json.loads(action["metaData"]["schemaString"])
                schema["fields"] = [field for field in schema["fields"] if field["name"] not in columns]
                action["metaData"]["schemaString"] = json.dumps(schema)
            if "add" in action:
                action["add"]["size"] = sizes[action["add"]["path"]]
                stats = json.loads(action["add"]["stats"])
                for part in ("minValues", "maxValues", "nullCount"):
                    stats[part] = {name: value for name, value in stats[part].items() if name not in columns}
                action["add"]["stats"] = json.dumps(stats)
            lines.append(json.dumps(action))
        commit.write_text("\n".join(lines) + "\n")


def older_shop(shop):
    shop.write(*[line(n, timestamp=f"2024-05-01T10:{n:02}:00Z") for n in range(20)])
    shop.drain()
    shop.run("gold", "--available-now")
    for table, columns in ADDED.items():
        make_older(shop.data / table, columns)
    (shop.data / "gold" / "state.bin").write_bytes(b"of an older format")


def test_an_older_shop_goes_on_with_the_new_columns(shop_like):
    shop = shop_like(older_shop)
    agents = ["curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"]
    shop.write(
        *[
            line(
                100 + n, timestamp=f"2024-05-01T12:{n:02}:00Z", user_agent=agents[n % 2], referrer="https://a.example/"
            )
            for n in range(20)
        ]
    )
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    table = deltalake.DeltaTable(shop.data / "silver")
    assert [field.name for field in table.schema().fields][-len(ADDED["silver"]) :] == ADDED["silver"]
    query = "select is_bot, user_agent, count(*) as n from silver group by all order by all"
    expected = [
        {"is_bot": False, "user_agent": agents[1], "n": 10},
        {"is_bot": True, "user_agent": agents[0], "n": 10},
        {"is_bot": None, "user_agent": None, "n": 20},
    ]
    assert shop.json("sql", query)["rows"] == expected
    rows = delta.rows(table).group_by(["is_bot"]).aggregate([("event_id", "count")]).to_pylist()
    assert {row["is_bot"]: row["event_id_count"] for row in rows} == {None: 20, False: 10, True: 10}
    day = shop.json("sql", "select events, bot_events, bot_users, active_users from gold.kpis where grain = 'day'")[
        "rows"
    ]
    assert day == [{"events": 40, "bot_events": 10, "bot_users": 7, "active_users": 7}]
    shop.verify()
    shop.run("optimize")
    shop.verify()
    assert shop.json("sql", query)["rows"] == expected


def test_an_older_table_is_readable_as_it_is(shop_like):
    shop = shop_like(older_shop)
    assert shop.json("sql", "select count(*) as n, count(is_bot) as known from silver")["rows"] == [
        {"n": 20, "known": 0}
    ]
    assert shop.count("silver") == 20
    assert len(shop.json("show", "silver")["rows"]) == 20
    shop.run("replay")
    assert shop.json("sql", "select count(*) as n, count(is_bot) as known from silver")["rows"] == [
        {"n": 20, "known": 20}
    ]
    shop.verify()


def test_a_table_with_other_columns_is_still_refused(shop_like):
    shop = shop_like(older_shop)
    log = sorted((shop.data / "silver" / "_delta_log").glob("*.json"))[0]
    log.write_text(log.read_text().replace("page_url", "page_uri"))
    shop.run("silver", "--available-now", code=3)
    assert "its columns are not the ones" in shop.stderr


@pytest.mark.parametrize("point", ["delta.columns.before", "delta.columns.added"])
def test_a_kill_while_columns_are_added_leaves_a_whole_table(shop_like, point):
    shop = shop_like(older_shop)
    dying = Millrace(shop.data, "millrace_crash")
    done = subprocess.run(
        dying.command("silver", "--available-now"), capture_output=True, env={"MILLRACE_FAIL_AT": f"{point}:1"}
    )
    assert done.returncode == -signal.SIGKILL
    shop.write(line(500, timestamp="2024-05-01T13:00:00Z", user_agent="curl/8.5.0"))
    shop.drain()
    shop.verify()
    assert shop.json("sql", "select count(*) as n, count(is_bot) as known from silver")["rows"] == [
        {"n": 21, "known": 1}
    ]
