"""Copies are found with little memory for ids, with any event time, and after restarts."""

import datetime
import json
import time

import pytest

from tests.support import oracle
from tests.support.events import line

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
SMALL = ("--dedupe-memory", "400KiB")  # about 12,000 ids
MANY = 24_000  # twice as many ids as the memory holds
FULL = "the dedupe memory is full"


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def originals(count, hours):
    """Events in the order of their times, over the last `hours`."""
    step = datetime.timedelta(hours=hours) / count
    return [line(i, timestamp=at(NOW - datetime.timedelta(hours=hours) + step * i)) for i in range(count)]


def copies(numbers, moment):
    """Copies of the events with another time, as from a client that sets the time whenever it sends."""
    return [line(i, timestamp=at(moment)) for i in numbers]


def check(shop, rows):
    assert shop.count("silver") == rows
    shop.verify()
    assert oracle.check_exactly_once(shop.data) == rows


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(NOW, id="now"),
        pytest.param(NOW - datetime.timedelta(hours=26), id="the-day-before"),
        pytest.param(NOW + datetime.timedelta(hours=20), id="a-day-ahead"),
    ],
)
def test_copies_of_what_the_memory_dropped_are_found_after_a_restart(shop, late):
    shop.write(*originals(MANY, 2))
    shop.drain(*SMALL)
    shop.write(*copies(range(0, MANY, MANY // 300), late))
    report = json.loads(shop.drain(*SMALL, "--json").splitlines()[-1])
    assert FULL in shop.stderr
    assert (report["silver"], report["duplicates"]) == (0, 300)
    check(shop, MANY)


def test_copies_of_what_the_memory_dropped_are_found_in_the_same_run(shop):
    shop.write(
        *originals(MANY, 2), *copies(range(0, MANY, MANY // 300), NOW), *copies(range(0, MANY, MANY // 400), NOW)
    )
    shop.drain(*SMALL, "--batch-rows", "6000")
    assert FULL in shop.stderr
    check(shop, MANY)


def test_copies_across_partitions_and_midnight_are_found(shop):
    """The copies are from other users, so that most are in another partition, and from other days."""
    shop.write(*originals(MANY, 60))
    shop.drain(*SMALL, "--horizon", "72h")
    shop.write(
        *[
            line(i, user_id=f"v{i}", timestamp=at(NOW - datetime.timedelta(hours=(i * 7) % 70)))
            for i in range(0, MANY, MANY // 600)
        ]
    )
    shop.drain(*SMALL, "--horizon", "72h", "--batch-rows", "1000")
    check(shop, MANY)


def test_counts_add_up_when_copies_are_found_while_the_next_batch_is_filled(shop):
    shop.write(*originals(MANY, 2))
    shop.drain(*SMALL)
    mixed = []
    for i in range(0, MANY, 10):
        mixed += [line(i, timestamp=at(NOW)), line(100_000 + i, timestamp=at(NOW))]
    shop.write(*mixed)
    shop.drain(*SMALL, "--batch-rows", "500")
    check(shop, MANY + MANY // 10)


def test_a_replay_with_little_memory_finds_the_same_copies(shop):
    shop.write(*originals(MANY, 2), *copies(range(0, MANY, MANY // 300), NOW))
    shop.drain()
    report = shop.json("replay", *SMALL, "--batch-rows", "6000")
    assert (report["silver"], report["duplicates"]) == (MANY, 300)
    check(shop, MANY)


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
