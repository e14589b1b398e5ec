"""Each command as a user calls it: results, exit codes, errors that say what to do."""
import json
import os
import pathlib
import pty
import signal
import subprocess
import time

import duckdb
import pytest

from tests import oracle
from tests.conftest import FIXTURES, ROOT, SAMPLE, event, line, stop, wait_until


def silver_sql(shop, query):
    glob = f"read_parquet('{shop.data}/silver/*/*/*.parquet', hive_partitioning=true)"
    return duckdb.sql(query.format(silver=glob)).fetchall()


def test_a_made_up_shop_runs_from_simulator_to_table_and_is_verified(shop):
    out = shop.run("run", "--rate", "500", "--duration", "3s", "--trigger", "1s", "--seed", "5")
    assert "verified: every record is accounted for" in out
    assert "The data lies in" in out
    assert oracle.check_exactly_once(shop.data) > 1300


def test_a_second_run_adds_new_events(shop):
    for _ in range(2):
        shop.run("produce", "--rate", "max", "--count", "1000", "--seed", "3")
        shop.drain()
    assert shop.count("silver") == 2000
    shop.run("topic", "delete", "ecom_clickstream_raw")
    shop.run("produce", "--rate", "max", "--count", "10", "--seed", "3")
    shop.drain()
    assert shop.count("silver") == 2010, "numbering starts over after a topic is deleted"


def test_a_data_set_is_imported_once_however_often(shop):
    for round in (1, 2):
        out = shop.run("import", "--format", "rees46", FIXTURES / "rees46-small.csv")
        assert "1 line could not be converted" in out
        shop.drain()
        assert shop.count("silver") == 7
        assert shop.count("quarantine") == 2 * round
        shop.verify()
    assert shop.count("silver", "event_type") == {"add_to_cart": 1, "purchase": 1, "view": 5}


@pytest.mark.skipif(not SAMPLE.exists(), reason="the real sample is not here")
def test_the_real_sample_gives_its_known_numbers(shop):
    for round in (1, 2):
        shop.run("import", "--format", "rees46", SAMPLE)
        report = json.loads(shop.drain("--json").splitlines()[-1])
        assert report["received"] == 17435
        assert (report["silver"], report["duplicates"]) == ((17415, 0) if round == 1 else (0, 17415))
        assert report["quarantined"] == 20
        shop.verify()
    rows = silver_sql(shop, "select event_type, count(*) from {silver} group by 1 order by 1")
    assert rows == [("add_to_cart", 165), ("purchase", 214), ("view", 17036)]
    counts = silver_sql(shop, "select count(distinct user_id), count(distinct session_id), "
                              "count(*) filter (is_high_value) from {silver}")
    assert counts == [(4500, 5061, 2886)]


def test_hostile_records_are_quarantined_each_with_its_reason(shop):
    good = json.dumps(event(1))
    cases = {
        "not_utf8": good.replace('"p1"', '"\udcff"'),
        "bad_event_type": json.dumps(event(2, event_type="../../etc")),
        "field_too_long": json.dumps(event(3, page_url="x" * 10_000_000)),
        "nested_too_deep": good[:-1] + ',"x":' + "[" * 5000 + "]" * 5000 + "}",
        "duplicate_key": good[:-1] + ',"price":1}',
        "bad_json": good[:-1] + ',"x":1e400}',
        "nul_character": json.dumps(event(4, page_url="a\0b")),
        "byte_order_mark": "\ufeff" + good,
        "empty_record": "",
        "not_an_object": "[" + good + "]",
        "missing_field": json.dumps(event(5, user_id=None)),
        "wrong_type": json.dumps(event(6, price="9")),
        "bad_price": json.dumps(event(7, price=0)),
        "bad_timestamp": json.dumps(event(8, timestamp="2019-10-01")),
        "timestamp_too_early": json.dumps(event(9, timestamp="1999-12-31T23:59:59Z")),
        "timestamp_in_future": json.dumps(event(10, timestamp="2199-01-01T00:00:00Z")),
        "bad_quantity": json.dumps(event(11, quantity=-1)),
        "bad_currency": json.dumps(event(12, currency="euro")),
        "empty_field": json.dumps(event(13, event_id="")),
    }
    lone_surrogate = good[:-1] + ',"x":"\\ud800"}'
    shop.write(*(f"k|{value}" for value in cases.values()), f"k|{lone_surrogate}", line(99),
               "\udcfe|" + json.dumps(event(98)), line(97, event_type="a..b"))
    shop.drain()
    assert shop.count("silver") == 2
    rules = shop.count("quarantine", "rule")
    expected = {rule: 1 for rule in cases}
    expected["bad_json"] += 1
    expected["not_utf8"] += 1  # the key
    assert rules == expected
    shop.verify()
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
    editor.write_text("#!/bin/sh\nsed -i 's/\"price\": 0/\"price\": 3/' \"$1\"\n")
    editor.chmod(0o755)
    out = shop.run("quarantine", "replay", "--edit", env={"EDITOR": str(editor), "VISUAL": str(editor)})
    assert "1 record changed and appended again: silver checks them anew\n" in out and "1 left out: as before\n" in out
    shop.drain()
    assert shop.count("silver") == 1


def test_ctrl_c_commits_the_last_batch(shop):
    process = shop.start("run", "--rate", "1000", "--duration", "60s", "--trigger", "30s")
    log = shop.data / "bronze" / "topics"
    wait_until(lambda: log.exists() and shop.count("bronze") > 500)
    code, out, err = stop(process)
    assert code == 0, err
    assert "verified" in out
    assert shop.count("silver") > 400
    assert oracle.check_exactly_once(shop.data) == shop.count("silver")


def test_ctrl_c_at_any_moment_ends_cleanly(shop):
    for wait in (0.0, 0.02, 0.05, 0.1, 0.3):
        process = shop.start("run", "--rate", "2000", "--duration", "60s", "--trigger", "100ms")
        wait_until(lambda: (shop.data / "bronze").exists())
        time.sleep(wait)
        code, out, err = stop(process)
        assert code in (0, -signal.SIGINT), err  # before the handler stands, the signal's own way
    shop.drain()
    shop.verify()


def test_run_without_a_simulator_takes_what_others_append(shop):
    process = shop.start("run", "--no-simulator", "--trigger", "0")
    shop.write(line(1), line(2))
    wait_until(lambda: (shop.data / "silver" / "_delta_log").exists() and shop.count("silver") == 2)
    code, _, err = stop(process)
    assert code == 0, err


def test_two_writers_at_once_add_nothing_twice(shop):
    shop.run("produce", "--rate", "max", "--count", "1000", "--duplicates", "5%")
    writers = [shop.start("silver", "--trigger", "0") for _ in range(2)]
    for _ in range(10):
        shop.run("produce", "--rate", "max", "--count", "3000", "--duplicates", "5%", "--invalid", "5%")
    wait_until(lambda: all(p["lag"] == 0 for p in shop.json("group", "describe")["partitions"]))
    for writer in writers:
        code, _, err = stop(writer)
        assert code == 0, err
    shop.verify()
    oracle.check_exactly_once(shop.data)


def test_replay_gives_the_same_rows_and_a_live_writer_goes_on(shop):
    shop.run("produce", "--rate", "max", "--count", "20000", "--duplicates", "2%", "--invalid", "2%", "--span", "30h")
    shop.drain()
    before = oracle.silver(shop.data)[1].drop_columns(["processing_timestamp"]).sort_by("event_id")
    writer = shop.start("silver", "--trigger", "200ms")
    report = shop.json("replay")
    assert report["received"] == 20000
    after = oracle.silver(shop.data)[1].drop_columns(["processing_timestamp"]).sort_by("event_id")
    assert after.equals(before)
    shop.run("produce", "--rate", "max", "--count", "1000")
    wait_until(lambda: all(p["lag"] == 0 for p in shop.json("group", "describe")["partitions"]))
    code, _, err = stop(writer)
    assert code == 0, err
    shop.verify()
    oracle.check_exactly_once(shop.data)


def test_replay_gets_through_beside_a_writer_that_never_pauses(shop):
    shop.run("produce", "--rate", "max", "--count", "50000", "--duplicates", "2%", "--invalid", "2%")
    shop.drain()
    writer = shop.start("run", "--rate", "3000", "--duration", "60s", "--trigger", "0", "--duplicates", "2%", "--invalid", "2%")
    wait_until(lambda: sum(p["current_offset"] for p in shop.json("group", "describe")["partitions"]) > 50_000)
    for _ in range(3):
        assert shop.json("replay")["received"] > 50000
    code, _, err = stop(writer)
    assert code == 0, err
    shop.verify()
    oracle.check_exactly_once(shop.data)


def test_optional_fields_that_are_empty_in_all_events_are_kept_so(shop):
    shop.write(line(1, session_id="", page_url=""), line(2, session_id="", page_url=""))
    shop.drain()
    assert silver_sql(shop, "SELECT DISTINCT session_id, page_url FROM {silver}") == [("", "")]
    shop.verify()


def test_what_is_committed_after_a_replays_last_round_is_not_lost(shop_at):
    shop = shop_at("data", "millrace_crash")
    shop.run("produce", "--rate", "max", "--count", "1000")
    shop.drain()
    replay = shop.start("replay", env={"MILLRACE_FAIL_AT": "rebuild.caught_up:1", "MILLRACE_FAIL_STOP": "1"})
    wait_until(lambda: pathlib.Path(f"/proc/{replay.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T")
    shop.run("produce", "--rate", "max", "--count", "10")
    shop.drain()
    replay.send_signal(signal.SIGCONT)
    assert replay.wait(60) == 0
    assert shop.count("silver") == 1010
    shop.verify()
    oracle.check_exactly_once(shop.data)


def test_a_writer_ends_when_a_replay_has_given_the_shop_other_settings(shop):
    shop.write(line(1))
    shop.drain()
    writer = shop.start("silver", "--trigger", "100ms")
    shop.write(line(3))
    wait_until(lambda: shop.count("silver") == 2)
    shop.run("replay", "--currency", "USD")
    shop.write(line(2))
    assert writer.wait(20) == 3
    assert b"changed the settings" in writer.stderr.read()
    assert shop.count("silver", "currency") == {"USD": 2}


def test_records_removed_before_they_were_processed_end_the_stage_or_are_counted(shop):
    shop.run("topic", "create", "--partitions", "1", "--segment-bytes", "20000", "--retention-bytes", "60000")
    shop.run("produce", "--rate", "max", "--count", "50")
    shop.drain()
    for _ in range(6):
        shop.run("produce", "--rate", "20000", "--count", "100")
    start = shop.json("topic", "describe")["partitions"][0]["start"]
    assert start > 50
    shop.run("silver", "--available-now", code=3)
    assert f"{start - 50} records were removed" in shop.stderr and "--on-data-loss continue" in shop.stderr
    shop.drain("--on-data-loss", "continue")
    assert f"offsets 50 to {start - 1}" in shop.stderr
    assert shop.count("silver") == 650 - (start - 50)
    assert any(f"{start - 50} offsets had no record" in note for note in shop.verify()["notes"])
    shop.run("produce", "--rate", "max", "--count", "50")
    shop.drain()
    shop.verify()


def test_replay_keeps_rows_whose_records_the_log_no_longer_holds(shop):
    shop.run("topic", "create", "--partitions", "1", "--segment-bytes", "20000", "--retention-bytes", "60000")
    for _ in range(6):
        shop.run("produce", "--rate", "20000", "--count", "100")
        shop.drain()
    start = shop.json("topic", "describe")["partitions"][0]["start"]
    assert start > 0
    report = shop.json("replay")
    assert report["kept_rows"] == start and report["received"] == 600 - start
    assert shop.count("silver") == 600
    shop.verify()


def test_settings_that_change_results_are_refused_and_replay_adopts_them(shop):
    shop.write(line(1))
    shop.drain()
    shop.run("silver", "--available-now", "--currency", "USD", code=2)
    assert "currency" in shop.stderr and "millrace replay" in shop.stderr
    shop.run("replay", "--currency", "USD")
    assert shop.count("silver", "currency") == {"USD": 1}
    shop.drain("--currency", "USD")
    shop.run("replay", "--currency", "XYZ", code=2)


def test_a_month_replayed_a_year_later_adds_nothing_twice(shop):
    old = [line(i, timestamp=f"2019-10-{1 + i % 28:02}T{i % 24:02}:00:00Z") for i in range(500)]
    shop.write(*old)
    shop.drain()
    shop.run("produce", "--rate", "max", "--count", "2000", "--span", "48h")
    shop.drain()
    shop.write(*old[:300], line(1000, timestamp="2019-10-05T00:00:00Z"), line(1000, timestamp="2019-10-05T00:00:00Z"))
    report = json.loads(shop.drain("--horizon", "1h", "--json").splitlines()[-1])
    assert (report["silver"], report["duplicates"]) == (1, 301)
    shop.verify()


def test_a_skewed_clock_does_not_end_the_horizon(shop):
    shop.write(line(1), line(2, timestamp="2019-10-01T00:00:01Z"))
    shop.drain()
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20 * 3600))
    shop.write(line(3, timestamp=tomorrow), line(1), line(2, timestamp="2019-10-01T00:00:01Z"))
    shop.drain()
    assert shop.count("silver") == 3


def test_a_lost_log_is_an_error_never_a_silent_skip(shop):
    shop.write(line(1), line(2), line(3))
    shop.drain()
    describe = shop.json("topic", "describe")
    partition = next(p["partition"] for p in describe["partitions"] if p["end"] > 0)
    segment = next((shop.data / "bronze" / f"ecom_clickstream_raw-{partition}").glob("*.log"))
    original = segment.read_bytes()
    segment.write_bytes(original[:-10])
    shop.run("silver", "--available-now", code=3)
    assert "offset" in shop.stderr


def test_options_come_from_flags_environment_and_file(shop, tmp_path):
    config = tmp_path / "millrace.toml"
    config.write_text('data = "{}"\n[produce]\ncount = 30\nrate = "max"\n'.format(shop.data))
    shop.run("--config", config, "produce")
    assert shop.count("bronze") == 30
    shop.run("--config", config, "produce", env={"MILLRACE_PRODUCE_COUNT": "20"})
    assert shop.count("bronze") == 50
    shop.run("--config", config, "produce", "--count", "1", env={"MILLRACE_PRODUCE_COUNT": "20"})
    assert shop.count("bronze") == 51
    shop.run("produce", env={"MILLRACE_CONFIG": str(config)})
    assert shop.count("bronze") == 81
    config.write_text("[produce\n")
    shop.run("--config", config, "produce", code=2)
    assert "line 1" in shop.stderr
    config.write_text('[produce]\ncuont = 30\n')
    shop.run("--config", config, "produce", code=2)
    assert "line 2: millrace produce has no option cuont; did you mean count?" in shop.stderr


@pytest.mark.parametrize("words, says", [
    (["produce", "--rate", "fast"], "above 0, or max"),
    (["produce", "--span", "24h", "--rate", "max"], "--count"),
    (["import", "nowhere.csv"], "nowhere.csv"),
    (["silver", "--trigger", "soon"], "such as 20s"),
    (["show", "gold"], "layer must be one of bronze, silver, quarantine, archive, gold."),
    (["show", "sliver"], "did you mean silver?"),
    (["serve", "--port", "99999"], "millrace: --port must be a number from 0 to 65535, not 99999\n"),
    (["runn"], "millrace: unknown command runn; did you mean run?\n"),
    (["show", "--lmit", "5"], "unknown option --lmit of millrace show; did you mean --limit?"),
    (["quarantine", "list", "--rule", "bad_prize"], "did you mean bad_price?"),
    (["help", "topic", "crate"], "unknown command topic crate; did you mean topic create?"),
    (["topic", "describe"], "millrace produce"),
    (["verify"], "millrace produce"),
    (["--bronze", "s3://x/y", "produce"], "kafka://HOST:PORT"),
    (["frobnicate"], "frobnicate"),
    (["topic", "create", "a/b"], "letters"),
    (["quarantine", "replay", "--set", "prise=9"], "an event has no field prise; did you mean price?"),
    (["show", "bronze", "--columns", "nope"], "bronze has no column nope; it has: partition, offset"),
    (["show"], "millrace silver --available-now"),
    (["show", "gold.kpis"], "millrace gold --available-now"),
])
def test_wrong_requests_say_what_to_do(shop, words, says):
    code = 3 if words[0] == "import" else 2
    out = shop.run(*words, code=code)
    assert says in shop.stderr + out


def at(hour, minute):
    return f"2019-10-01T{hour:02}:{minute:02}:00Z"


def test_the_newest_rows_come_first_however_the_files_lie(shop):
    """Three batches, of which the second has the newest events and the third the oldest; then they are joined."""
    for number, hour in ((0, 10), (100, 20), (200, 5)):
        shop.write(*(line(number + minute, timestamp=at(hour, minute)) for minute in range(10)))
        shop.drain()
    for _ in range(2):
        shown = shop.json("show", "silver", "--limit", "12")["rows"]
        assert [row["event_timestamp"] for row in shown] == [at(20, m) for m in range(9, -1, -1)] + [at(10, 9), at(10, 8)]
        recent = shop.json("show", "silver", "--last", "605m", "--limit", "100")["rows"]
        assert [row["event_timestamp"] for row in recent] == [at(20, m) for m in range(9, -1, -1)] + [at(10, m) for m in range(9, 3, -1)]
        assert [row["event_timestamp"] for row in shop.json("show", "silver", "--last", "605m", "--limit", "3")["rows"]] == [
            at(20, 9), at(20, 8), at(20, 7)]
        shop.run("optimize")


def test_rows_of_one_time_come_by_their_place_in_the_log_last_first(shop):
    shop.run("topic", "create", "--partitions", "1")
    for number in range(5):
        shop.write(line(number, price=-1), line(10 + number))
        shop.drain()
    assert [row["event_id"] for row in shop.json("show", "silver", "--limit", "3")["rows"]] == ["e14", "e13", "e12"]
    offsets = [int(row["position"].rsplit("/", 1)[1]) for row in shop.json("quarantine", "list", "--limit", "3")["rows"]]
    assert offsets == [8, 6, 4]
    assert [row["offset"] for row in shop.json("show", "bronze", "--limit", "3")["rows"]] == [9, 8, 7]


def test_as_many_records_are_shown_as_were_asked_for_whatever_the_partitions(shop):
    shop.write(*(line(number) for number in range(50)))
    rows = shop.json("show", "bronze", "--limit", "20")["rows"]
    assert len(rows) == 20 and [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)


def test_gold_s_newest_windows_come_first(shop):
    shop.write(*(line(number, timestamp=at(8 + number, 0)) for number in range(6)))
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    starts = [row["window_start"] for row in shop.json("show", "gold.kpis", "--limit", "5")["rows"]]
    assert starts == sorted(starts, reverse=True) and starts[0] == at(13, 0)


@pytest.mark.parametrize("words", [["count", "LAYER", "--by", "nope"], ["show", "LAYER", "--columns", "nope"]])
@pytest.mark.parametrize("layer", ["bronze", "silver", "quarantine", "archive", "gold.kpis"])
def test_an_unknown_column_is_a_usage_error_in_every_layer(shop, layer, words):
    shop.write(line(1), line(2, price=0))
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    shop.run("archive", "--available-now")
    assert shop.run(*[layer if word == "LAYER" else word for word in words], code=2) == ""
    assert f"{layer} has no column nope; it has: " in shop.stderr


def test_a_column_that_can_not_be_grouped_by_is_a_usage_error(shop):
    shop.write(line(1))
    shop.run("archive", "--available-now")
    shop.run("count", "archive", "--by", "headers", code=2)
    assert "headers" in shop.stderr
    assert shop.count("archive", "partition") == {p["partition"]: p["end"] for p in
                                                  shop.json("topic", "describe")["partitions"] if p["end"] > 0}


@pytest.mark.parametrize("words, next_step", [
    (["silver", "--available-now"], "millrace produce"),
    (["gold", "--available-now"], "millrace silver --available-now"),
])
def test_a_command_with_nothing_to_do_leaves_an_empty_directory_alone(shop, words, next_step):
    out = shop.run(*words)
    assert out.startswith("nothing to do: ") and next_step in out and out.count("\n") == 1
    assert not shop.data.exists()
    assert shop.run(*words, "--json") == "" and not shop.data.exists()


def test_days_of_nothing_are_not_recomputed(shop):
    assert "millrace silver --available-now" in shop.run("gold", "--batch")
    assert shop.json("gold", "--batch")["rows"] == 0 and not shop.data.exists()


def test_a_rebuild_of_nothing_leaves_the_tables_unmade(shop):
    shop.run("replay", code=2)
    assert "millrace produce" in shop.stderr and not shop.data.exists()
    shop.run("topic", "create")
    assert "nothing to do" in shop.run("replay")
    assert not (shop.data / "silver").exists() and not (shop.data / "millrace.json").exists()


def test_settings_are_kept_even_where_there_is_nothing_to_do_yet(shop):
    shop.run("silver", "--available-now", "--currency", "USD")
    shop.write(line(1))
    shop.drain()
    assert shop.count("silver", "currency") == {"USD": 1}


def test_a_password_is_asked_for_twice(shop):
    def add(*typed):
        """Types these lines at a terminal."""
        master, slave = pty.openpty()
        process = subprocess.Popen(shop.command("access", "add", "ann"), stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(slave)
        os.write(master, "".join(text + "\n" for text in typed).encode())
        _, err = process.communicate(timeout=30)
        os.close(master)
        return process.returncode, err.decode()

    code, err = add("a long password", "another password")
    assert code == 2 and "the two passwords differ" in err and not (shop.data / "access.json").exists()
    code, err = add("a long password", "a long password")
    assert code == 0 and err.count(": \n") == 2
    assert [row["name"] for row in shop.json("access", "list")["rows"]] == ["ann"]


def test_topics_are_made_listed_read_and_deleted(shop):
    shop.run("topic", "create", "orders", "--partitions", "2", "--compression", "zstd")
    shop.run("topic", "create", "orders", code=2)
    shop.run("topic", "write", "orders", "--key-separator", ":", input=b"a:1\nb:2\na:3\n")
    assert sorted(shop.run("topic", "read", "orders", "--key-separator", ":").split()) == ["a:1", "a:3", "b:2"]
    records = [json.loads(r) for r in shop.run("topic", "read", "orders", "--json").splitlines()]
    assert {r["key"] for r in records} == {"a", "b"}
    assert shop.json("topic", "list")["topics"][0]["records"] == 3
    future = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    assert shop.run("topic", "read", "orders", "--from-time", future) == ""
    shop.run("topic", "delete", "orders")
    assert shop.json("topic", "list")["topics"] == []


def test_an_error_that_can_t_be_told_is_still_an_exit_code(shop):
    with open("/dev/full", "w") as full:
        assert subprocess.run(shop.command("topic", "describe"), stderr=full).returncode == 2
        shop.write(line(1))
        assert subprocess.run(shop.command("silver", "--available-now"), stderr=full).returncode == 0
        assert subprocess.run(shop.command("replay"), stderr=full).returncode == 0


def test_help_names_every_command_and_option(shop):
    out = shop.run("--help")
    for command in ("demo", "load", "run", "serve", "produce", "import", "silver", "archive", "verify", "topic", "group", "show", "count", "quarantine",
                    "optimize", "vacuum", "replay"):
        assert command in out
        assert "--" in shop.run(command, "--help")


def test_help_is_there_for_a_command_and_without_one(shop):
    assert shop.run("help", "topic", "create") == shop.run("topic", "create", "--help")
    assert shop.run("help") == shop.run("--help")
    for words in ([], ["topic"]):
        done = subprocess.run([shop.binary, *words], capture_output=True, text=True)
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith(f"Usage: {' '.join(['millrace', *words])} ") and "Commands:" in done.stderr


def test_the_command_pages_show_today_s_help():
    done = subprocess.run([ROOT / "scripts" / "help_pages.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_progress_is_kept_as_json(shop):
    shop.write(line(1))
    shop.drain()
    kept = [json.loads(text) for text in (shop.data / "progress" / "silver.jsonl").read_text().splitlines()]
    assert kept[-1]["received"] == 1 and kept[-1]["version"] == 1


def test_a_full_disk_is_a_clear_error_and_nothing_is_lost(shop_at, small_disk):
    shop = shop_at(small_disk / "data")
    shop.run("produce", "--rate", "max", "--count", "200000", code=3)
    assert "No space left" in shop.stderr and "Free some disk space" in shop.stderr
    held = shop.count("bronze")
    assert held > 1000
    os.system(f"dd if=/dev/zero of={small_disk}/filler bs=4k 2>/dev/null")
    shop.run("silver", "--available-now", code=3)
    assert "No space left" in shop.stderr
    os.system(f"mount -o remount,size=200m {small_disk}")
    shop.drain()
    shop.verify()
    assert shop.count("silver") == held


def test_a_variable_is_read_by_its_command_alone(shop):
    shop.write(line(1))
    others = {"MILLRACE_VACUUM_RETENTION": "soon", "MILLRACE_SHOW_LIMIT": "many"}
    assert shop.run("count", "bronze", env=others) == "1\n"
    shop.run("vacuum", code=2, env=others)
    assert shop.stderr.startswith("millrace: MILLRACE_VACUUM_RETENTION must be a duration")


def test_a_variable_s_old_name_is_taken_with_a_warning_and_flags_are_not_misled(shop):
    shop.run("produce", "--rate", "max", env={"MILLRACE_COUNT": "7", "MILLRACE_RETENTION": "1h"})
    assert "MILLRACE_PRODUCE_COUNT" in shop.stderr and "RETENTION" not in shop.stderr
    assert shop.count("bronze") == 7
    shop.run("access", "add", "ann", input=b"correct horse battery\ncorrect horse battery\n", env={"MILLRACE_TOKEN": "abc"})
    shop.run("topic", "create", "old", env={"MILLRACE_TOPIC_CREATE_PARTITIONS": "2"})
    assert len(shop.json("topic", "describe", "old")["partitions"]) == 2
