"""Data directories of earlier versions (tests/fixtures/shops) read the same and are continued without a loss."""

import json
import urllib.request

import pytest

from tests.compat import older_shop
from tests.compat.older_shop import (
    AGENTS,
    METRICS,
    SHOPS,
    answers,
    count_late_events,
    kpis,
    process,
    serve,
    sql,
    table_answer,
    unpack,
)
from tests.support import gold_oracle
from tests.support.events import event, line
from tests.support.shop import stop

NAMES = sorted(path.stem for path in SHOPS.glob("*.json"))
CLOSED = "2024-05"  # the figures of the days before it never change


# Records that versions up to 0.2 refused for a field that an event can be without, by rule.
GAINED_BY_REPLAY = {"field_too_long": 1, "nul_character": 1, "wrong_type": 1}


def event_ids(shop):
    return [row["event_id"] for row in sql(shop, "select event_id from silver")]


@pytest.fixture(params=NAMES)
def older(request, tmp_path):
    """A copy of an older shop, and the answers of the version that made it."""
    shop = unpack(request.param, tmp_path)
    (tmp_path / "alerts.toml").write_text("")
    return shop, json.loads((SHOPS / f"{request.param}.json").read_text())


def columns_of(told):
    return {table: answer["columns"] for table, answer in told["tables"].items()}


def closed_metrics(shop, told):
    return {
        name: table_answer(shop, f"gold/{name}", told["tables"][f"gold/{name}"]["columns"], before=CLOSED)
        for name in METRICS
    }


def good_records(shop):
    """The records of the closed days that became silver rows, as `key|value`."""
    query = f'select "partition", "offset" from silver where event_date < \'{CLOSED}\''
    rows = shop.json("sql", query, "--limit", "100000")["rows"]
    places = {(row["partition"], row["offset"]) for row in rows}
    records = [json.loads(text) for text in shop.run("topic", "read", "--json").splitlines()]
    return [f"{each['key']}|{each['value']}" for each in records if (each["partition"], each["offset"]) in places]


def test_it_is_read_as_it_was(older):
    shop, told = older
    said = answers(shop, columns_of(told))
    assert said == {question: told[question] for question in said}


def test_what_it_shows_is_the_same_after_its_files_were_joined_and_removed(older):
    shop, told = older
    shop.run("optimize")
    shop.run("vacuum")
    shop.run("vacuum", "--retention", "0")
    said = answers(shop, columns_of(told))
    assert said == {question: told[question] for question in said}


def test_its_gold_is_rebuilt_by_the_definitions_of_today(older):
    shop, _ = older
    process(shop)
    tables = ("product_metrics", "category_metrics", "device_metrics", "kpis", "users")
    gold_oracle.check(shop.data, tables, f"day < '{CLOSED}'", zone="Europe/Berlin")
    shop.verify()


def test_new_events_are_added_to_what_there_is(older):
    shop, told = older
    process(shop)
    before = closed_metrics(shop, told)
    kpis_before = kpis(shop, f"day < '{CLOSED}'")
    shop.write(*[line(9000 + n, timestamp=f"2024-05-01T10:{n:02}:00Z", user_agent=AGENTS[n % 3]) for n in range(20)])
    http_process, http = serve(
        shop, "run", "--no-simulator", "--trigger", "100ms", "--write-key", f"web={older_shop.KEY}"
    )
    of_now = [event(9100 + n) for n in range(10)]
    for each in of_now:
        del each["timestamp"]
    http.post("/v1/events", of_now, Authorization=f"Bearer {older_shop.KEY}")
    code, _, errors = stop(http_process)
    assert code == 0, errors
    process(shop)
    counts = shop.count("silver", "event_type")
    assert counts == {**told["silver"]["event_type"], "view": told["silver"]["event_type"]["view"] + 30}
    shop.verify()
    assert closed_metrics(shop, told) == before
    shop.run("gold", "--batch", "--from", "2024-05-01", "--to", "2024-05-01")  # for those that came late
    assert sql(shop, "select count(*) as users, sum(views) as views from gold.users where day = '2024-05-01'") == [
        {"users": "7", "views": "20"}
    ]
    assert closed_metrics(shop, told) == before
    assert kpis(shop, f"day < '{CLOSED}'") == kpis_before
    shop.verify()


def test_the_old_events_sent_again_add_nothing(older):
    shop, told = older
    process(shop)
    before = closed_metrics(shop, told)
    again = good_records(shop)
    assert len(again) == sum(rows for day, rows in told["silver"]["event_date"].items() if day < CLOSED)
    shop.write(*again)
    report = json.loads(shop.drain("--json").splitlines()[-1])
    assert report["lag"] == 0
    assert shop.count("silver", "event_type") == told["silver"]["event_type"]
    assert shop.count("quarantine", "rule") == told["quarantine"]
    duplicates = sum(figures[2] for figures in told["accounting"].values())
    assert sum(figures[2] for figures in older_shop.accounting(shop.verify()).values()) == duplicates + len(again)
    assert table_answer(shop, "silver", told["tables"]["silver"]["columns"]) == told["tables"]["silver"]
    process(shop)
    assert closed_metrics(shop, told) == before


def test_a_rebuild_of_silver_and_of_gold_gives_the_same_rows(older):
    shop, told = older
    columns = told["tables"]["silver"]["columns"]
    ids = set(event_ids(shop))
    shop.run("replay")
    gained = set(event_ids(shop)) - ids
    refused = {rule: rows - GAINED_BY_REPLAY.get(rule, 0) for rule, rows in told["quarantine"].items()}
    assert shop.count("quarantine", "rule") == {rule: rows for rule, rows in refused.items() if rows > 0}
    assert len(gained) == sum(GAINED_BY_REPLAY.values())
    assert table_answer(shop, "silver", columns, without=gained) == told["tables"]["silver"]
    process(shop)
    before = closed_metrics(shop, told)
    count_late_events(shop)
    assert closed_metrics(shop, told) == before
    shop.run("gold", "--rebuild", "--available-now")
    assert closed_metrics(shop, told) == before
    shop.run("gold", "reconcile", "--from", "2024-03-01", "--to", "2024-04-30")
    shop.verify()


def test_its_settings_and_those_who_may_look_are_kept(older):
    shop, told = older
    shop.run("silver", "--available-now", "--currency", "EUR", code=2)
    shop.run("gold", "--available-now", "--time-zone", "UTC", code=2)
    shop.run("silver", "--available-now", "--currency", "CHF", "--time-zone", "Europe/Berlin", "--max-event-types", "5")
    server, http = serve(shop, "serve", "--write-key", f"web={older_shop.KEY}")
    try:
        assert http.log_in("ann")
        request = urllib.request.Request(http.url + "/v1/state", headers={"Authorization": f"Bearer {told['token']}"})
        with urllib.request.urlopen(request, timeout=30) as response:
            assert response.status == 200
    finally:
        assert stop(server)[0] == 0
