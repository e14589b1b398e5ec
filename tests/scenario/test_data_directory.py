"""A program whose data directory is removed or replaced ends, and writes nothing into the new directory."""

import contextlib
import os
import shutil
import signal
import urllib.error

import pytest

from tests.support import gold_oracle
from tests.support.events import event, line
from tests.support.shop import Millrace, wait_until

REASON = "removed or replaced while this process was running"


def move(data, aside):
    os.rename(data, aside)


def remove(data, aside):
    shutil.rmtree(data)


def made_anew(shop):
    """Makes another shop at the same path."""
    fresh = Millrace(shop.data)
    fresh.write(*[line(n) for n in range(50)])
    fresh.drain()
    fresh.run("gold", "--available-now", "--close")
    return fresh


def files(folder):
    return {
        path: path.stat().st_size for path in folder.rglob("*") if path.suffix in (".parquet", ".json", ".bin", ".log")
    }


def ended(process):
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3 and REASON in err.decode(), err.decode()


@pytest.mark.parametrize("vanish", [move, remove])
def test_a_run_ends_and_writes_nothing_into_the_new_directory(shop, tmp_path, vanish):
    shop.write(*[line(n) for n in range(100)])
    running = shop.start("run", "--no-simulator", "--no-http", "--trigger", "0", "--gold-trigger", "50ms")
    wait_until(lambda: (shop.data / "gold" / "state.bin").exists() and shop.count("silver") == 100)
    running.send_signal(signal.SIGSTOP)
    shop.write(*[line(n) for n in range(100, 200)])  # which it would commit next
    vanish(shop.data, tmp_path / "aside")
    fresh = made_anew(shop)
    before = files(shop.data)
    running.send_signal(signal.SIGCONT)
    ended(running)
    assert files(shop.data) == before
    assert fresh.count("silver") == 50
    fresh.verify()
    gold_oracle.check(fresh.data)


@pytest.mark.parametrize("command", ["gold", "serve"])
def test_a_program_that_has_nothing_to_do_ends_too(shop, tmp_path, command):
    shop.write(line(1))
    shop.drain()
    running = shop.start(*[command, *(["--port", "0"] if command == "serve" else [])])
    if command == "serve":
        running.stdout.readline()  # it prints its address
    else:
        state = shop.data / "gold" / "state.bin"
        while not state.exists():  # without a pause: Gold must notice right after its first save, too
            assert running.poll() is None
    move(shop.data, tmp_path / "aside")
    ended(running)
    assert not shop.data.exists()


def test_no_event_is_acknowledged_into_a_directory_that_is_gone(shop, tmp_path, port):
    server = port()
    assert server.post(event(1))[0] == 202
    move(shop.data, tmp_path / "aside")
    made_anew(shop)
    with contextlib.suppress(urllib.error.URLError, ConnectionError):  # it may have ended already
        assert server.post(event(2))[0] == 503
    ended(server.process)
    assert Millrace(shop.data).count("bronze") == 50
