"""An error says what to do, and has its exit code."""

import os
import subprocess

import pytest

from tests.support.events import line


@pytest.mark.parametrize(
    "words, says",
    [
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
    ],
)
def test_wrong_requests_say_what_to_do(shop, words, says):
    code = 3 if words[0] == "import" else 2
    out = shop.run(*words, code=code)
    assert says in shop.stderr + out


def fill_every_layer(shop):
    shop.write(line(1), line(2, price=0))
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    shop.run("archive", "--available-now")


@pytest.mark.parametrize("words", [["count", "LAYER", "--by", "nope"], ["show", "LAYER", "--columns", "nope"]])
@pytest.mark.parametrize("layer", ["bronze", "silver", "quarantine", "archive", "gold.kpis"])
def test_an_unknown_column_is_a_usage_error_in_every_layer(shop_like, layer, words):
    shop = shop_like(fill_every_layer)
    assert shop.run(*[layer if word == "LAYER" else word for word in words], code=2) == ""
    assert f"{layer} has no column nope; it has: " in shop.stderr


def test_a_column_that_can_not_be_grouped_by_is_a_usage_error(shop):
    shop.write(line(1))
    shop.run("archive", "--available-now")
    shop.run("count", "archive", "--by", "headers", code=2)
    assert "headers" in shop.stderr
    assert shop.count("archive", "partition") == {
        p["partition"]: p["end"] for p in shop.json("topic", "describe")["partitions"] if p["end"] > 0
    }


def test_an_error_that_can_t_be_told_is_still_an_exit_code(shop):
    with open("/dev/full", "w") as full:
        assert subprocess.run(shop.command("topic", "describe"), stderr=full).returncode == 2
        shop.write(line(1))
        assert subprocess.run(shop.command("silver", "--available-now"), stderr=full).returncode == 0
        assert subprocess.run(shop.command("replay"), stderr=full).returncode == 0


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
