"""An invalid record is quarantined with its reason, and can be fixed and processed again once."""

import json

from tests.support.events import event, line


def test_hostile_records_are_quarantined_each_with_its_reason(shop):
    good = json.dumps(event(1))
    cases = {
        "not_utf8": good.replace('"p1"', '"\udcff"'),
        "bad_event_type": json.dumps(event(2, event_type="../../etc")),
        "field_too_long": json.dumps(event(3, user_id="x" * 10_000_000)),
        "nested_too_deep": good[:-1] + ',"x":' + "[" * 5000 + "]" * 5000 + "}",
        "duplicate_key": good[:-1] + ',"price":1}',
        "bad_json": good[:-1] + ',"x":1e400}',
        "nul_character": json.dumps(event(4, user_id="a\0b")),
        "byte_order_mark": "\ufeff" + good,
        "empty_record": "",
        "not_an_object": "[" + good + "]",
        "missing_field": json.dumps(event(5, user_id=None)),
        "wrong_type": json.dumps(event(6, price="cheap")),
        "bad_price": json.dumps(event(7, price=0)),
        "bad_timestamp": json.dumps(event(8, timestamp="2019-10-01")),
        "timestamp_too_early": json.dumps(event(9, timestamp="1999-12-31T23:59:59Z")),
        "timestamp_in_future": json.dumps(event(10, timestamp="2199-01-01T00:00:00Z")),
        "bad_quantity": json.dumps(event(11, quantity=-1)),
        "bad_currency": json.dumps(event(12, currency="euro")),
        "empty_field": json.dumps(event(13, event_id="")),
    }
    lone_surrogate = good[:-1] + ',"x":"\\ud800"}'
    shop.write(
        *(f"k|{value}" for value in cases.values()),
        f"k|{lone_surrogate}",
        line(99),
        "\udcfe|" + json.dumps(event(98)),
        line(97, event_type="a..b"),
    )
    shop.drain()
    assert shop.count("silver") == 3
    rules = shop.count("quarantine", "rule")
    expected = dict.fromkeys(cases, 1)
    expected["bad_json"] += 1
    assert rules == expected
    shop.verify()
    keys = {row["kafka_key"] for row in shop.json("sql", "select kafka_key from silver")["rows"]}
    assert "base64:/g==" in keys, "a key that is not UTF-8 refuses no event"
    listed = shop.json("quarantine", "list", "--rule", "bad_price")["rows"]
    assert len(listed) == 1 and "price must be above 0" in listed[0]["message"]


def test_quarantined_records_are_fixed_and_replayed_once(shop):
    shop.write(line(1, price=0), line(2, price=-5), line(3), "k|no json")
    shop.drain()
    assert shop.count("silver") == 1
    first = shop.json("quarantine", "replay", "--rule", "bad_price", "--set", "price=7.5")
    assert first["appended"] == 2
    again = shop.json("quarantine", "replay", "--rule", "bad_price", "--set", "price=7.5")
    assert (again["appended"], again["already_replayed"]) == (0, 2)
    shop.drain()
    assert shop.count("silver") == 3
    shop.verify()
    records = [json.loads(r) for r in shop.run("topic", "read", "--json").splitlines()]
    assert sum(h["key"] == "millrace-replayed-from" for r in records for h in r["headers"]) == 2


def test_quarantined_records_are_fixed_in_an_editor(shop, tmp_path):
    shop.write("k|no json", line(2, price=0))
    shop.drain()
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i \'s/"price": 0/"price": 3/\' "$1"\n')
    editor.chmod(0o755)
    out = shop.run("quarantine", "replay", "--edit", env={"EDITOR": str(editor), "VISUAL": str(editor)})
    assert "1 record corrected and appended to the log\n" in out and "1 skipped: unchanged\n" in out
    shop.drain()
    assert shop.count("silver") == 1
