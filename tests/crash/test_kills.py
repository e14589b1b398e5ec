"""Kills the program at every fail point and at random moments, and holds what is left against an independent oracle."""

import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from tests.support import oracle
from tests.support.shop import TOPIC, Millrace, environment

LOAD = ["run", "--rate", "4000", "--duration", "20s", "--trigger", "40ms", "--duplicates", "2%", "--invalid", "2%"]
PREPARED = [
    "run",
    "--rate",
    "4000",
    "--duration",
    "700ms",
    "--trigger",
    "40ms",
    "--duplicates",
    "2%",
    "--invalid",
    "2%",
]

# The commands whose fail points are armed, each with what must have run before.
COMMANDS = {
    "run": ([], LOAD),
    "optimize": ([PREPARED], ["optimize"]),
    "replay": ([PREPARED], ["replay"]),
    "topic": ([], ["topic", "create", "other"]),
    "topic made again": ([["topic", "create", "other"], ["topic", "delete", "other"]], ["topic", "create", "other"]),
    "topic deletion": ([["topic", "create", "other"]], ["topic", "delete", "other"]),
    "gold": (
        [["produce", "--rate", "max", "--count", "20000", "--span", "2h"], ["silver", "--available-now"]],
        ["gold", "--available-now", "--close"],
    ),
    "reopened gold": (
        [
            ["produce", "--rate", "max", "--count", "20000", "--span", "2h"],
            ["silver", "--available-now"],
            ["gold", "--available-now", "--close"],
            ["produce", "--rate", "max", "--count", "2000"],
            ["silver", "--available-now"],
        ],
        ["gold", "--available-now", "--close"],
    ),
    "rebuilt gold": ([PREPARED], ["gold", "--available-now", "--rebuild"]),
}


def prepared(tmp_path, name):
    """Makes what must have run before a command once, and then as many copies of it as are asked for."""
    first = Millrace(tmp_path / "prepared", "millrace_crash")
    before, _ = COMMANDS[name]
    for step in before:
        first.run(*step)

    def copy(folder):
        if before:
            shutil.copytree(first.data, tmp_path / folder)
        return Millrace(tmp_path / folder, "millrace_crash")

    return copy


def fail_points(shop, name):
    """Every fail point that a command passes."""
    listing = shop.data.with_suffix(".points")
    short = ["2s" if word == "20s" else word for word in COMMANDS[name][1]]
    shop.run(*short, env={"MILLRACE_FAIL_LIST": str(listing)})
    points = sorted(set(listing.read_text().split()))
    # In `run` files are joined, and windows closed, now and then; the commands `optimize` and `gold` do it for certain.
    return [point for point in points if name != "run" or not point.startswith(("optimize", "gold"))]


def recover_and_check(shop):
    """Starts again after a kill: all must be as if nothing had happened."""
    if not (shop.data / "bronze" / "topics" / f"{TOPIC}.json").exists():
        return 0
    if (shop.data / "rebuild.unfinished").exists():
        shop.run("silver", "--available-now", code=3)  # refused, with the remedy
        assert "millrace replay" in shop.stderr
        shop.run("replay")
    shop.drain()
    if (shop.data / "gold").exists():
        shop.verify()
        shop.run("gold", "--available-now", "--close")
    shop.verify()
    return oracle.check_exactly_once(shop.data)


def use_topic(shop):
    """Whatever was killed while making or deleting the topic `other`, it is there or can be made, and takes records."""
    topics = [topic["topic"] for topic in shop.json("topic", "list")["topics"]]
    if "other" not in topics:
        shop.run("topic", "create", "other")
    shop.run("topic", "write", "other", input=b"a record\n")
    assert shop.run("topic", "read", "other") == "a record\n"


def kill_at(shop, command, point, passage):
    """Runs a command until it kills itself at a fail point; True when it came to it."""
    try:
        done = subprocess.run(
            shop.command(*command),
            capture_output=True,
            timeout=30,
            env=environment({"MILLRACE_FAIL_AT": f"{point}:{passage}"}),
        )
    except subprocess.TimeoutExpired:
        return False
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode == -signal.SIGKILL


def at_fail_points(tmp_path, command, passage):
    kills = 0
    copy = prepared(tmp_path, command)
    words = ["3s" if word == "20s" else word for word in COMMANDS[command][1]]
    for point in fail_points(copy("listed"), command):
        shop = copy(f"{point}-{passage}")
        killed = kill_at(shop, words, point, passage)
        assert killed or passage > 1, f"{point} was not passed by {command}"
        kills += killed
        recover_and_check(shop)
        if command.startswith("topic"):
            use_topic(shop)
    return kills


def at_random_moments(tmp_path, kills, seed):
    """A directory lives through a hundred kills, so that each recovery starts from another's remains."""
    pick = random.Random(seed)
    rows = 0
    begun = time.monotonic()
    Millrace(tmp_path / "whole", "millrace_crash").run(*PREPARED)
    latest = time.monotonic() - begun  # with sanitizers, or beside others, the start alone takes its time
    for kill in range(kills):
        if kill % 100 == 0:
            shop = Millrace(tmp_path / f"random-{kill}", "millrace_crash")
        process = shop.start(*LOAD)
        others = []
        if pick.random() < 0.3:
            others.append(shop.start("produce", "--rate", "3000", "--duration", "20s"))
        time.sleep(pick.uniform(0.05, latest))
        if kill % 5 == 4 and (shop.data / "silver" / "_delta_log").exists():
            oracle.check_snapshot_is_whole(shop.data)
        if pick.random() < 0.2:
            others.append(shop.start("optimize"))
            time.sleep(pick.uniform(0, 0.1))
        for victim in [process, *others]:
            victim.kill()
        for victim in [process, *others]:
            victim.communicate()
        if kill % 10 == 9 or kill == kills - 1:
            rows += recover_and_check(shop)
            shop.run("optimize")  # keeps the oracle's own reading short
        if kill % 100 == 99:
            shutil.rmtree(shop.data)
            print(f"{kill + 1} kills at random moments", flush=True)
    return rows


def kills_wanted(otherwise):
    return int(os.environ.get("MILLRACE_KILLS", otherwise))


@pytest.mark.parametrize("command", COMMANDS)
def test_exactly_once_after_a_kill_at_each_fail_point(tmp_path, command):
    assert at_fail_points(tmp_path, command, passage=1) >= 1


def test_exactly_once_after_kills_at_random_moments(tmp_path):
    assert at_random_moments(tmp_path, min(20, kills_wanted(20)), seed=1) > 0


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_exactly_once_after_a_kill_when_a_fail_point_is_passed_for_the_third_time(tmp_path, command):
    at_fail_points(tmp_path, command, passage=3)


@pytest.mark.long
def test_exactly_once_after_many_kills_at_random_moments(tmp_path):
    assert at_random_moments(tmp_path, kills_wanted(300), seed=kills_wanted(300)) > 0
