"""A replay rebuilds silver from the log, also beside writers, and loses no row."""

import signal

from tests.support import delta, hostile, oracle
from tests.support.events import line
from tests.support.shop import stop, wait_until, wait_until_stopped

# All columns but those that depend on the log and on when it got a row.
QUERY = (
    "select * exclude (kafka_timestamp, processing_timestamp, log_epoch, received_at, event_id) from silver "
    'order by "partition", "offset", record_index'
)


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
    writer = shop.start(
        "run", "--rate", "3000", "--duration", "60s", "--trigger", "0", "--duplicates", "2%", "--invalid", "2%"
    )
    wait_until(lambda: sum(p["current_offset"] for p in shop.json("group", "describe")["partitions"]) > 50_000)
    for _ in range(3):
        assert shop.json("replay")["received"] > 50000
    code, _, err = stop(writer)
    assert code == 0, err
    shop.verify()
    oracle.check_exactly_once(shop.data)


def test_what_is_committed_after_a_replays_last_round_is_not_lost(shop_at):
    shop = shop_at("data", "millrace_crash")
    shop.run("produce", "--rate", "max", "--count", "1000")
    shop.drain()
    replay = shop.start("replay", env={"MILLRACE_FAIL_AT": "rebuild.caught_up:1", "MILLRACE_FAIL_STOP": "1"})
    wait_until_stopped(replay)
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


def test_a_replay_of_what_an_older_decoder_made_is_a_fresh_import(shop, shop_at, tmp_path):
    header = {
        "rees46": [b"event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"],
        "retailrocket": [b"timestamp,visitorid,event,itemid,transactionid"],
    }
    files = {}
    for name, sent in hostile.SENT.items():
        form = {"native": "events"}.get(name, name)
        files[form] = tmp_path / f"{form}.txt"
        files[form].write_bytes(b"\n".join([*header.get(form, []), *sent]) + b"\n")
    fresh = shop_at("fresh")
    for each in (shop, fresh):
        for form, file in files.items():
            each.run("import", "--format", form, file)
        each.drain()
    # As if the decoder of these days had known fewer names, and had made other events of the same messages.
    table = delta.open_table(shop.data / "silver")
    table.delete("event_type = 'purchase' and record_index > 0")
    table.update({"product_id": "'unknown'", "price": "null"}, predicate="event_type = 'purchase'")
    different = [shop.json("sql", QUERY), fresh.json("sql", QUERY)]
    assert different[0] != different[1]
    shop.run("replay")
    assert shop.json("sql", QUERY) == fresh.json("sql", QUERY)
    assert shop.count("quarantine", "rule") == fresh.count("quarantine", "rule")
    shop.verify()
