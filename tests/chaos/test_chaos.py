"""Everything goes wrong at once, on a real broker, and every acknowledged event is accounted for exactly once.

Workers and the archiver are killed, stopped and frozen, the broker is killed and frozen, and the disk under the tables
fills up, while producers send at full rate. MILLRACE_CHAOS_MINUTES (0.5) sets the duration, and `make chaos MINUTES=30`
runs this test alone.
"""

import datetime
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import duckdb
import numpy
import pytest

from scripts import stack
from tests.support import delta
from tests.support.events import event
from tests.support.kafka import KafkaShop
from tests.support.paths import ROOT

MINUTES = float(os.environ.get("MILLRACE_CHAOS_MINUTES", 0.5))
SEED = int(os.environ.get("MILLRACE_CHAOS_SEED", time.time()))
WORKERS = 3
# The exit codes of: success; an error that it reports; a kill; a SIGTERM before its handler is set; a second SIGTERM.
ENDS = (0, 3, -signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM)
OLD = "2019-10-01T00:00:00Z"
BURSTS = min(
    1, 5 / MINUTES
)  # share of the time at full rate, so that a long run has not too many events for the oracles
SESSION_TIMEOUT = 10  # seconds without a heartbeat after which the group removes a worker


class Process:
    """A command that is started again whenever it ends, as a service manager would do."""

    def __init__(self, shop, logs, name, *args):
        self.shop, self.name, self.args = shop, name, args
        self.log = open(logs / f"{name}.log", "ab")  # noqa: SIM115, it stays open as long as the object
        self.starts = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.shop.command(*self.args), stdout=subprocess.DEVNULL, stderr=self.log)
        self.starts += 1

    def look(self):
        if self.process.poll() is not None:
            assert self.process.returncode in ENDS, f"{self.name} ended with {self.process.returncode}: {self.said()}"
            self.start()

    def said(self):
        return open(self.log.name, errors="replace").read()[-2000:]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            assert self.process.wait(120) in ENDS, self.said()


class Producer(threading.Thread):
    """Sends events by Kafka's Python client at full rate, and notes which of them Kafka has acknowledged."""

    def __init__(self, shop, name):
        super().__init__()
        self.shop, self.prefix, self.acknowledged, self.sent, self.done = shop, name, bytearray(), 0, threading.Event()

    def run(self):
        producer = self.shop.producer(
            **{
                "enable.idempotence": True,
                "delivery.timeout.ms": 300_000,
                "linger.ms": 5,
                "queue.buffering.max.messages": 20_000,
            }
        )
        while not self.done.is_set():
            if time.monotonic() % 6 > 6 * BURSTS:
                producer.poll(0.05)
                continue
            number = self.sent
            # Some events are old, so that the program reads the table to find their copies.
            time_of = OLD if number % 1000 == 1 else datetime.datetime.now(datetime.UTC).isoformat()
            made = event(
                number, event_id=f"{self.prefix}-{number}", timestamp=time_of, price=-1 if number % 50 == 0 else 9.5
            )
            try:
                producer.produce(
                    self.shop.topic,
                    json.dumps(made),
                    made["user_id"],
                    on_delivery=lambda error, _, number=number: self.delivered(error, number),
                )
            except BufferError:
                producer.poll(0.05)
                continue
            self.sent += 1
            self.acknowledged.append(0)
            producer.poll(0)
        producer.flush(300)

    def delivered(self, error, number):
        if error is None:
            self.acknowledged[number] = 1


class Faults:
    """Causes faults."""

    def __init__(self, kafka, workers, archiver, mount, chance):
        self.kafka, self.workers, self.archiver, self.mount, self.chance = kafka, workers, archiver, mount, chance
        self.counts = {}

    def weights(self):
        return {
            self.kill_worker: 8,
            self.stop_worker: 4,
            self.pause_worker: 3,
            self.kill_archiver: 3,
            self.pause_broker: 2,
            self.kill_broker: 1,
            self.zombie: 1,
            **({self.fill_disk: 2} if self.mount else {}),
        }

    def missing(self):
        return [fault for fault in self.weights() if fault.__name__ not in self.counts]

    def one(self):
        """Causes a fault: each one once at first, then by chance."""
        fault = (self.missing() or self.chance.choices(*zip(*self.weights().items(), strict=True)))[0]
        self.counts[fault.__name__] = self.counts.get(fault.__name__, 0) + 1
        fault()

    def kill_worker(self):
        self.chance.choice(self.workers).process.kill()

    def stop_worker(self):
        self.chance.choice(self.workers).process.terminate()

    def pause_worker(self, seconds=2):
        process = self.chance.choice(self.workers).process
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def zombie(self):
        self.pause_worker(SESSION_TIMEOUT + 2)

    def kill_archiver(self):
        self.archiver.process.kill()

    def pause_broker(self):
        os.kill(self.kafka.pid(), signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.5, 3))
        os.kill(self.kafka.pid(), signal.SIGCONT)

    def kill_broker(self):
        self.kafka.stop(signal.SIGKILL)
        time.sleep(self.chance.uniform(0, 2))
        self.kafka.start()

    def fill_disk(self):
        filler = self.mount / "filler"
        subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=64k"], stderr=subprocess.DEVNULL)
        time.sleep(self.chance.uniform(0.5, 2))
        filler.unlink()


@pytest.fixture
def mount(tmp_path):
    """A file system for the tables alone, or None where the machine does not allow to mount one."""
    folder = tmp_path / "mount"
    folder.mkdir()
    size = int(300 + 500 * MINUTES)
    mounted = os.system(f"mount -t tmpfs -o size={size}m tmpfs {folder} 2>/dev/null") == 0
    yield folder if mounted else None
    if mounted:
        os.system(f"umount -l {folder}")


@pytest.fixture
def broker(tmp_path):
    broker = stack.Kafka(tmp_path / "kafka", stack.free_port(), properties={"log.retention.ms": -1}).start()
    yield broker
    broker.stop()


def everything_goes_wrong(shop, kafka, mount, logs, chance):
    """Runs producers, workers and faults; returns the producers."""
    trigger = ["--trigger", "200ms"]
    workers = [Process(shop, logs, f"worker-{n}", "silver", *trigger) for n in range(WORKERS)]
    archiver = Process(shop, logs, "archiver", "archive", "--trigger", "1s")
    producers = [Producer(shop, f"p{n}") for n in range(2)]
    faults = Faults(kafka, workers, archiver, mount, chance)
    for producer in producers:
        producer.start()
    load = subprocess.Popen(
        shop.command(
            "produce", "--rate", "2000", "--duration", f"{int(MINUTES * 60)}s", "--duplicates", "3%", "--invalid", "3%"
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        end = time.monotonic() + MINUTES * 60
        while time.monotonic() < end or faults.missing():
            faults.one()
            time.sleep(chance.uniform(0.1, 1))
            for process in (*workers, archiver):
                process.look()
        for producer in producers:
            producer.done.set()
        for producer in producers:
            producer.join()
        assert load.wait(400) == 0, load.stderr.read()
        for process in (*workers, archiver):
            process.end()
    finally:
        for producer in producers:
            producer.done.set()
        for process in (load, *(p.process for p in (*workers, archiver))):
            process.kill()
    print(
        f"{faults.counts}; started {[p.starts for p in (*workers, archiver)]} times; {[p.sent for p in producers]} sent"
    )
    return producers


def live_rows(shop):
    """The files of silver that delta-rs lists, as a table function of DuckDB."""
    return f"read_parquet({delta.open_table(shop.data / 'silver').file_uris()!r})"


def numbers_in_silver(shop, prefix):
    return duckdb.sql(f"""SELECT CAST(split_part(event_id, '-', 2) AS BIGINT) AS number FROM {live_rows(shop)}
                          WHERE starts_with(event_id, '{prefix}-')""").fetchnumpy()["number"]


def count_by_duckdb(shop, folder):
    """The number of rows that DuckDB makes of the topic's records, which kcat reads."""
    with open(folder / "topic.ndjson", "wb") as file:
        subprocess.run(
            ["kcat", "-C", "-b", shop.kafka.address, "-t", shop.topic, "-o", "beginning", "-e", "-q"],
            check=True,
            stdout=file,
        )
    (folder / "duckdb").mkdir()
    done = subprocess.run(
        [sys.executable, ROOT / "bench/peers/duckdb_silver.py", folder / "topic.ndjson", folder / "duckdb"],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout.split()[-1])


@pytest.mark.long
def test_every_acknowledged_event_is_accounted_for_once_whatever_goes_wrong(tmp_path, broker, mount):
    print(f"chaos for {MINUTES} min, seed {SEED}")
    shop = KafkaShop((mount or tmp_path) / "data", broker)
    shop.data.mkdir()
    shop.run("topic", "create", "--partitions", "6")
    producers = everything_goes_wrong(shop, broker, mount, tmp_path, random.Random(SEED))
    shop.drain()
    shop.run("archive", "--available-now")
    shop.verify()
    rows, distinct = duckdb.sql(f"SELECT count(*), count(DISTINCT event_id) FROM {live_rows(shop)}").fetchall()[0]
    assert rows == distinct
    for producer in producers:
        acknowledged = numpy.frombuffer(producer.acknowledged, dtype=bool)
        assert acknowledged.any()
        expected = numpy.flatnonzero(acknowledged & (numpy.arange(len(acknowledged)) % 50 != 0))
        lost = numpy.setdiff1d(expected, numbers_in_silver(shop, producer.prefix))
        assert not lost.size, (
            f"{lost.size} acknowledged events of {producer.prefix} are not in silver, the first {lost[:5]}"
        )
    assert count_by_duckdb(shop, tmp_path) == rows
