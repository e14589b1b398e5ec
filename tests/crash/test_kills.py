"""Kills the program at every fail point and at random moments, and compares the tables with an independent oracle."""

import os
import random
import shutil
import time

import pytest

from tests.support import oracle
from tests.support.kills import kill_at, points_of
from tests.support.paths import TOPIC
from tests.support.shop import Millrace

LONGER_THAN_ANY_KILL = "20s"


def run(rate, duration):
    """`millrace run` with a small shop, some of whose events are copies or invalid."""
    words = {"--rate": rate, "--duration": duration, "--trigger": "40ms", "--duplicates": "2%", "--invalid": "2%"}
    return ["run", *(word for pair in words.items() for word in pair)]


PREPARED = run("4000", "700ms")
TWO_HOURS = [["produce", "--rate", "max", "--count", "5000", "--span", "2h"], ["silver", "--available-now"]]
GOLD = ["gold", "--available-now", "--close"]

# More commits than a table keeps, and files that compaction has replaced.
MANY_COMMITS = [run("500", "8s"), ["optimize"]]


def age_log(shop):
    """Makes the log entries so old that a clean-up removes them."""
    an_hour_ago = time.time() - 3600
    for entry in shop.data.glob("**/_delta_log/*"):
        os.utime(entry, (an_hour_ago, an_hour_ago))


# The commands whose fail points are armed, each with the commands and functions that run before it.
COMMANDS = {
    "run": ([], run("4000", LONGER_THAN_ANY_KILL)),
    "optimize": ([PREPARED], ["optimize"]),
    "replay": ([PREPARED], ["replay"]),
    "topic": ([], ["topic", "create", "other"]),
    "topic made again": ([["topic", "create", "other"], ["topic", "delete", "other"]], ["topic", "create", "other"]),
    "topic deletion": ([["topic", "create", "other"]], ["topic", "delete", "other"]),
    "gold": (TWO_HOURS, GOLD),
    "reopened gold": (
        [*TWO_HOURS, GOLD, ["produce", "--rate", "max", "--count", "2000"], ["silver", "--available-now"]],
        GOLD,
    ),
    "rebuilt gold": ([PREPARED], ["gold", "--available-now", "--rebuild"]),
    "vacuum": (MANY_COMMITS, ["vacuum", "--retention", "0s"]),
    "log clean-up": ([*MANY_COMMITS, age_log], ["vacuum"]),
}


def prepared(tmp_path, name):
    """Runs the commands that must run before a command; returns a function that copies the data directory."""
    first = Millrace(tmp_path / "prepared", "millrace_crash")
    before, _ = COMMANDS[name]
    for step in before:
        step(first) if callable(step) else first.run(*step)

    def copy(folder):
        if before:
            shutil.copytree(first.data, tmp_path / folder)
        return Millrace(tmp_path / folder, "millrace_crash")

    return copy


def fail_points(shop, name):
    """Every fail point that a command passes."""
    short = ["2s" if word == LONGER_THAN_ANY_KILL else word for word in COMMANDS[name][1]]
    points = points_of(shop, short)
    # `run` joins files and closes windows only now and then. The commands `optimize` and `gold` always do.
    return [point for point in points if name != "run" or not point.startswith(("optimize", "gold"))]


def recover_and_check(shop):
    """Starts the program again, and checks that no event is lost or counted twice. Returns silver's number of rows."""
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
    """Checks that the topic `other` exists or can be created after a kill, and takes records."""
    topics = [topic["topic"] for topic in shop.json("topic", "list")["topics"]]
    if "other" not in topics:
        shop.run("topic", "create", "other")
    shop.run("topic", "write", "other", input=b"a record\n")
    assert shop.run("topic", "read", "other") == "a record\n"


def at_fail_points(tmp_path, command, passage):
    kills = 0
    copy = prepared(tmp_path, command)
    words = ["3s" if word == LONGER_THAN_ANY_KILL else word for word in COMMANDS[command][1]]
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
    """Kills the program up to 100 times on one directory, so that a start takes over what earlier kills have left."""
    pick = random.Random(seed)
    rows = 0
    begun = time.monotonic()
    Millrace(tmp_path / "whole", "millrace_crash").run(*PREPARED)
    latest = time.monotonic() - begun  # with sanitizers, or on a busy machine, the start alone takes long
    for kill in range(kills):
        if kill % 100 == 0:
            shop = Millrace(tmp_path / f"random-{kill}", "millrace_crash")
        process = shop.start(*run("2000", LONGER_THAN_ANY_KILL))
        others = []
        if pick.random() < 0.3:
            others.append(shop.start("produce", "--rate", "1000", "--duration", "20s"))
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
            shop.run("optimize")  # so that the oracle has few files to read
        if kill % 100 == 99:
            shutil.rmtree(shop.data)
            print(f"{kill + 1} kills at random moments", flush=True)
    return rows


def kills_wanted(otherwise):
    return int(os.environ.get("MILLRACE_KILLS", otherwise))


# The commands that pass most of the fail points; the others take longer.
QUICK = ("run", "gold", "topic", "topic made again", "topic deletion")


@pytest.mark.parametrize(
    "command", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in COMMANDS]
)
def test_exactly_once_after_a_kill_at_each_fail_point(tmp_path, command):
    assert at_fail_points(tmp_path, command, passage=1) >= 1


def test_exactly_once_after_kills_at_random_moments(tmp_path):
    assert at_random_moments(tmp_path, min(12, kills_wanted(12)), seed=1) > 0


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_exactly_once_after_a_kill_when_a_fail_point_is_passed_for_the_third_time(tmp_path, command):
    at_fail_points(tmp_path, command, passage=3)


@pytest.mark.long
def test_exactly_once_after_many_kills_at_random_moments(tmp_path):
    assert at_random_moments(tmp_path, kills_wanted(300), seed=kills_wanted(300)) > 0
