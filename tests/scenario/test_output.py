"""Commands show rows in a frame on a terminal, separated by tabs in a pipe, and typed in JSON."""

import base64
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import unicodedata

import pytest

from tests.support.events import event, line

PAINT = "\x1b[31mred\x07"


def on_a_terminal(shop, *args, width=100):
    """What a command shows on a terminal of that width."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen(shop.command(*args), stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    shown = b""
    while True:
        try:
            shown += os.read(master, 1 << 16)
        except OSError:  # the other end is closed
            break
    os.close(master)
    assert process.wait(30) == 0, process.stderr.read()
    return shown.decode().replace("\r\n", "\n")


def width_of(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def fill_with_rows(shop):
    shop.write(
        line(1, price=972.2, product_category="家電"),
        line(2, event_type="purchase", price=12, quantity=3),
        line(3, price=0),
        "k|" + json.dumps(event(4, page_url=PAINT)),
    )
    shop.drain()


@pytest.fixture
def shop_with_rows(shop_like):
    return shop_like(fill_with_rows)


def test_a_pipe_gets_all_cells_separated_by_tabs(shop_with_rows):
    out = shop_with_rows.run("show", "silver", "--columns", "event_id,price,is_bot,session_id,page_url")
    header, *rows = out.splitlines()
    assert header == "event_id\tprice\tis_bot\tsession_id\tpage_url"
    cells = {row.split("\t")[0]: row.split("\t")[1:] for row in rows}
    assert cells["e1"][0] == "972.2" and cells["e1"][2] == "" and cells["e4"][3] == PAINT
    assert shop_with_rows.run("count", "silver") == "3\n"
    assert shop_with_rows.run("count", "silver", "--by", "event_type") == "event_type\trows\npurchase\t1\nview\t2\n"


def test_a_terminal_gets_a_frame_that_fits(shop_with_rows):
    for width in (40, 80, 200):
        shown = on_a_terminal(shop_with_rows, "show", "silver", width=width)
        *frame, footer = shown.rstrip("\n").splitlines()
        assert all(width_of(row) <= width for row in frame), shown
        assert frame[0].startswith("┌") and "varchar" in frame[2]
        assert footer.startswith("3 rows; ") and "of 46 columns shown" in footer
    chosen = ["show", "silver", "--columns", "event_id,price,product_category"]
    shown = on_a_terminal(shop_with_rows, *chosen)
    assert f"│ e1       │  972.2 │ 家電{' ' * 13}│\n" in shown and shown.endswith("\n3 rows\n")
    assert on_a_terminal(shop_with_rows, *chosen, "--limit", "2").endswith("\n2 rows; there are more (--limit)\n")


def test_counts_have_their_thousands_apart_on_a_terminal_only(shop):
    shop.run("produce", "--rate", "max", "--count", "1234", "--seed", "1")
    assert on_a_terminal(shop, "count", "bronze") == "1,234\n"
    assert "1,234 │" in on_a_terminal(shop, "topic", "list")
    assert shop.run("count", "bronze") == "1234\n"
    assert shop.run("topic", "list").splitlines()[1].split("\t") == ["ecom_clickstream_raw", "3", "1234"]


def test_rates_and_money_are_short_on_a_terminal_and_whole_in_a_pipe(shop):
    shop.write(*(line(n, event_id=f"e{n}") for n in range(61)), line(99, event_type="purchase", price=1589.28))
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    words = ["show", "gold.product_metrics", "--columns", "purchase_rate,revenue,window_start", "--limit", "1"]
    assert "│        0.0164 │       1589.28 │ 2019-10-01T00:00:00Z │" in on_a_terminal(shop, *words)
    assert shop.run(*words).splitlines()[1] == "0.01639344262295082\t1589.2800\t2019-10-01T00:00:00Z"


def test_json_has_one_shape_and_types(shop_with_rows):
    shop = shop_with_rows
    shop.run("gold", "--available-now")
    for words in (
        ["show", "silver"],
        ["show", "bronze"],
        ["count", "silver"],
        ["count", "silver", "--by", "is_bot"],
        ["quarantine", "list"],
        ["gold", "list"],
        ["access", "list"],
        ["sql", "select 1 as one"],
    ):
        report = shop.json(*words)
        assert list(report) == ["columns", "rows", "truncated"], words
        assert all(list(column) == ["name", "type"] for column in report["columns"])
        assert all(list(row) == [column["name"] for column in report["columns"]] for row in report["rows"]), words
    row = next(row for row in shop.json("show", "silver")["rows"] if row["event_id"] == "e1")
    assert (row["price"], row["quantity"], row["is_bot"], row["is_high_value"], row["session_id"]) == (
        972.2,
        1,
        False,
        True,
        None,
    )
    shown = shop.json("show", "silver", "--columns", "event_id,price,is_bot,event_hour,event_type")
    assert (
        shown["columns"]
        == shop.json("sql", "select event_id, price, is_bot, event_hour, event_type from silver")["columns"]
    )
    asked = shop.json("sql", "select event_id, price, is_bot, event_hour, event_type from silver order by event_id")[
        "rows"
    ]
    assert sorted(shown["rows"], key=lambda row: row["event_id"]) == asked
    assert (
        shop.json("show", "silver", "--limit", "2")["truncated"]
        and not shop.json("show", "silver", "--limit", "3")["truncated"]
    )
    assert shop.json("count", "silver", "--by", "is_high_value")["rows"] == [
        {"is_high_value": False, "rows": 2},
        {"is_high_value": True, "rows": 1},
    ]


def test_bytes_that_are_no_utf8_are_base64_in_json(shop):
    shop.write("k|\udcff\udcfe{", "\udcfek|no json")
    shop.drain()
    done = subprocess.run(shop.command("quarantine", "list", "--json"), stdout=subprocess.PIPE, check=True)
    rows = json.loads(done.stdout.decode("utf-8", "strict"))["rows"]
    coded = {"base64": base64.b64encode(b"\xff\xfe{").decode()}
    assert coded in [row["value"] for row in rows] and {"base64": base64.b64encode(b"\xfek").decode()} in [
        row["key"] for row in rows
    ]
    records = [json.loads(record) for record in shop.run("topic", "read", "--json").splitlines()]
    assert coded in [record["value"] for record in records]
    assert coded in [row["value"] for row in shop.json("show", "bronze")["rows"]]


@pytest.mark.parametrize(
    "words",
    [
        ["topic", "read", "--keys"],
        ["topic", "read"],
        ["show", "bronze"],
        ["show", "silver", "--columns", "page_url,user_id"],
        ["quarantine", "list"],
        ["count", "silver", "--by", "page_url"],
    ],
)
def test_what_others_have_written_can_not_command_the_terminal(shop, words):
    shop.write(f"{PAINT}|" + json.dumps(event(1, page_url=PAINT, user_id=PAINT)), f"{PAINT}|{PAINT}")
    shop.drain()
    shown = on_a_terminal(shop, *words, width=200)
    assert "\x1b" not in shown and "\x07" not in shown and "\\x1b" in shown.replace("\\u001b", "\\x1b")
    assert shop.run("topic", "read", "--keys").count(PAINT) == 3, "a pipe gets what was sent"
