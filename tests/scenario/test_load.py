"""`millrace load` makes a filled dashboard of files in one command."""

import gzip
import json

from tests.support import gold_oracle
from tests.support.events import event
from tests.support.paths import FIXTURES
from tests.support.shop import wait_until

REES46 = FIXTURES / "rees46-small.csv"


def test_a_file_fills_the_tables_and_a_second_time_adds_nothing(shop):
    first = shop.json("load", REES46)
    assert (first["silver"], first["duplicates"]) == (7, 0)
    assert first["files"][0]["format"] == "rees46" and first["files"][0]["records"] == 9
    assert sum(rule["records"] for rule in first["quarantined"].values()) == 2
    bad_price = first["quarantined"]["bad_price"]
    assert "price" in bad_price["reason"] and "1480613" in bad_price["example"]
    assert (first["from"], first["to"]) == ("2019-10-01", "2019-10-01")
    tables = {
        table: shop.json("show", f"gold.{table}", "--limit", "1000")["rows"]
        for table in ("kpis", "sessions", "funnel", "users", "product_metrics")
    }
    assert all(tables.values()), "windows that were open are there, too"
    again = shop.json("load", REES46)
    assert (again["silver"], again["duplicates"], again["from"]) == (0, 7, "2019-10-01")
    assert shop.count("silver") == 7
    for table, rows in tables.items():
        assert len(shop.json("show", f"gold.{table}", "--limit", "1000")["rows"]) == len(rows), table
    shop.verify()


def test_files_may_come_in_any_order(shop, tmp_path):
    for name, day in (("new", "2026-11-20"), ("old", "2026-10-05"), ("between", "2026-11-02")):
        path = tmp_path / f"{name}.ndjson"
        path.write_text(
            "".join(
                json.dumps(event(n, event_id=f"{name}-{n}", timestamp=f"{day}T10:00:{n:02}Z")) + "\n" for n in range(40)
            )
        )
        assert shop.json("load", path)["silver"] == 40
    rows = shop.json("show", "gold.kpis", "--limit", "1000")["rows"]
    assert {row["day"]: row["events"] for row in rows if row["grain"] == "day"} == {
        "2026-10-05": 40,
        "2026-11-02": 40,
        "2026-11-20": 40,
    }
    assert shop.json("gold", "reconcile")["differences"] == []
    gold_oracle.check(shop.data)
    shop.verify()


def test_it_ends_with_what_was_found_and_where_to_look(shop):
    out = shop.run("load", REES46)
    assert "rees46-small.csv (rees46): 9 records" in out
    assert "7 new rows, 0 duplicates, days 2019-10-01 to 2019-10-01" in out
    assert "1 quarantined: bad_price" in out and "the first: 2019-10-01 00:00:05 UTC,view," in out
    assert (
        f"millrace --data {shop.data} serve, then open http://127.0.0.1:8090/#/overview?from=2019-10-01&to=2019-10-01"
        in out
    )


def test_formats_are_told_apart_and_days_are_the_shops(shop, tmp_path):
    events = tmp_path / "events.ndjson.gz"
    with gzip.open(events, "wt") as file:
        for number in range(3):
            print(json.dumps(event(number, timestamp="2019-10-03T02:00:00Z")), file=file)
    report = shop.json("load", REES46, events, "--time-zone", "America/New_York")
    assert [file["format"] for file in report["files"]] == ["rees46", "events"]
    assert report["silver"] == 10
    assert (report["from"], report["to"]) == ("2019-09-30", "2019-10-02")


def test_a_file_of_no_known_format_is_refused_before_anything_is_appended(shop, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b,c\n1,2,3\n")
    shop.run("load", REES46, other, code=2)
    assert "other.csv" in shop.stderr and "event_time,event_type" in shop.stderr
    assert sum(p["end"] for p in shop.json("topic", "describe")["partitions"]) == 0
    shop.run("load", tmp_path / "nowhere.csv", code=3)
    assert "nowhere.csv" in shop.stderr
    shop.run("load", "--format", "events", other)
    assert shop.count("quarantine") == 2, "a format that is named wins"


def test_it_serves_the_dashboard_if_asked_to(shop, port):
    server = port("--serve", REES46, command="load")
    assert server.get("/healthz")[0] == 200
    rows = json.loads(server.get("/v1/reports/kpis?from=1569888000000&to=1569974400000&grain=hour")[1])["rows"]
    assert rows
    code, _, err = server.stop()
    assert code == 0, err


def test_a_report_for_programs_ends(shop):
    shop.run("load", REES46, "--serve", "--json", code=2)


def test_it_ends_beside_a_running_pipeline(shop, port):
    server = port("--no-simulator", "--trigger", "0", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    out = shop.run("load", REES46)
    assert "another process runs Gold" in out
    wait_until(lambda: shop.count("silver") == 7)
    assert server.stop()[0] == 0
    shop.verify()
