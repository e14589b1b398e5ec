"""A writer that vacuum has taken files from, because it took so long, writes its batch again."""

import contextlib
import fcntl
import os
import time

import pytest

from tests.support import gold_oracle, oracle
from tests.support.events import line
from tests.support.shop import stop, wait_until


def data_files(table):
    return {path for path in table.rglob("*.parquet") if "_delta_log" not in path.parts}


@contextlib.contextmanager
def held(lock):
    """Holds a lock, so that the program waits for it."""
    with open(lock, "a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fill(shop):
    """Makes two batches of silver rows that Gold has processed, and records that are not yet processed."""
    for batch in range(2):
        shop.write(*[line(batch * 100 + i) for i in range(100)], line(1000 + batch, price=-1))
        shop.drain()
    shop.run("gold", "--available-now")  # without provisional rows, which the next start would withdraw first
    shop.write(*[line(300 + i, timestamp="2019-10-05T10:00:00Z") for i in range(100)], line(2000, price=-1))


@pytest.mark.parametrize(
    "table, command",
    [
        ("silver", ["silver", "--available-now"]),
        ("quarantine", ["silver", "--available-now"]),
        ("archive", ["archive", "--available-now"]),
        ("silver", ["optimize"]),
        ("gold/kpis", ["gold", "--available-now", "--close"]),
        ("gold/kpis", ["gold", "--batch"]),
    ],
)
def test_files_that_go_before_their_commit_are_written_again(shop_like, table, command):
    shop = shop_like(fill)
    if command[0] == "gold":
        shop.drain()
    if "--batch" in command:
        shop.run("gold", "--available-now")  # the batch layer computes days up to its watermark
    root = shop.data / table
    root.mkdir(exist_ok=True)
    before = data_files(root)
    with held(root / ".files.lock"):
        process = shop.start(*command)
        wait_until(lambda: data_files(root) - before)
        for path in data_files(root) - before:
            path.unlink()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    assert "was removed before its commit" in err.decode()
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    shop.verify()
    oracle.check_exactly_once(shop.data)
    gold_oracle.check(shop.data)
    if table == "archive":
        assert shop.count("archive") == shop.count("bronze")


def test_a_writer_goes_on_after_vacuum_has_removed_its_batch(shop):
    shop.write(*[line(i) for i in range(100)])
    writer = shop.start("silver", "--trigger", "50ms")
    wait_until(lambda: (shop.data / "silver" / ".commit.lock").exists() and shop.count("silver") == 100)
    with held(shop.data / "silver" / ".commit.lock"):
        before = data_files(shop.data / "silver")
        shop.write(*[line(i) for i in range(50, 300)])
        wait_until(lambda: data_files(shop.data / "silver") - before)
        abandoned = (
            data_files(shop.data / "silver") - before
        )  # some of the batch's files; files that come later are too young for vacuum

        def vacuum_a_day_later():
            for path in filter(os.path.exists, abandoned):
                os.utime(path, (time.time() - 25 * 3600,) * 2)  # a later write by the writer undoes this
            shop.run("vacuum")
            return not any(map(os.path.exists, abandoned))

        wait_until(vacuum_a_day_later)
    wait_until(lambda: shop.count("silver") == 300)
    code, _, err = stop(writer)
    assert code == 0 and "was removed before its commit" in err
    shop.verify()
    oracle.check_exactly_once(shop.data)
