"""`millrace run` does everything in one process, and ends cleanly whenever it is stopped."""

import json
import signal
import time

from tests.support import oracle
from tests.support.events import line
from tests.support.shop import stop, wait_until


def test_a_made_up_shop_runs_from_simulator_to_table_and_is_verified(shop):
    out = shop.run("run", "--rate", "500", "--duration", "3s", "--trigger", "1s", "--seed", "5")
    assert "verified: every record is accounted for" in out
    assert "The data is stored in" in out
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


def test_ctrl_c_commits_the_last_batch(shop):
    process = shop.start("run", "--rate", "1000", "--duration", "60s", "--trigger", "30s")
    topic = shop.data / "bronze" / "topics" / "ecom_clickstream_raw.json"
    wait_until(lambda: topic.exists() and shop.count("bronze") > 500)
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
        code, _, err = stop(process)
        assert code in (0, -signal.SIGINT), err  # the signal's own default, before the handler is set
    shop.drain()
    shop.verify()


def test_run_without_a_simulator_takes_what_others_append(shop):
    process = shop.start("run", "--no-simulator", "--trigger", "0")
    shop.write(line(1), line(2))
    wait_until(lambda: (shop.data / "silver" / "_delta_log").exists() and shop.count("silver") == 2)
    code, _, err = stop(process)
    assert code == 0, err


def test_progress_is_kept_as_json(shop):
    shop.write(line(1))
    shop.drain()
    kept = [json.loads(text) for text in (shop.data / "progress" / "silver.jsonl").read_text().splitlines()]
    assert kept[-1]["received"] == 1 and kept[-1]["version"] == 1
