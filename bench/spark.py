"""Millrace inside Spark on two cores: silver beside Spark's own job, and Gold beside the program; in turn."""

import contextlib
import json
import os
import pathlib
import sys
import threading

import kafka as kafka_bench
from measure import MILLRACE, ROOT, WORK, clear, in_turn, middle, produce, set_aside, silver, timed

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
PACKAGE = ROOT / "build" / "release" / "python"
PYTHON = {
    "PYTHONPATH": str(PACKAGE),
    "PYSPARK_PYTHON": sys.executable,
    "PYSPARK_DRIVER_PYTHON": sys.executable,
}


def tree(root):
    """The processes that a process has started, with itself."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (ValueError, OSError):
            continue
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def resident(pids):
    """MiB of memory that processes hold, shared pages divided among them."""
    total = 0
    for pid in pids:
        try:
            lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def children():
    """The processes that this one has started."""
    return tree(os.getpid()) - {os.getpid()}


def executors():
    """The executors among them, each a JVM, with their workers in Python."""
    found = set()
    for pid in children():
        with contextlib.suppress(OSError):
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            if command.split(b"\0")[0].endswith(b"java") and b"CoarseGrainedExecutorBackend" in command:
                found |= tree(pid)
    return found


class MemoryWatch:
    """The most memory that processes hold at once, MiB."""

    def __init__(self, processes):
        self.processes = processes

    def __enter__(self):
        self.most = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.ended.wait(0.3):
            self.most = max(self.most, resident(self.processes()))

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def past_start(progress):
    """Rows and seconds of all batches as Spark has them: neither the start of the JVM nor the session's is included."""
    batches = [each for each in json.loads(progress.read_text()) if each["numInputRows"] > 0]
    return {
        "batch_rows": sum(each["numInputRows"] for each in batches),
        "batch_seconds": sum(each["durationMs"]["triggerExecution"] for each in batches) / 1000,
    }


def with_progress(run):
    progress = WORK / "progress.json"
    progress.unlink(missing_ok=True)
    with MemoryWatch(children) as watch:
        done = run(progress)
    return {**done, **past_start(progress), "tree_memory": watch.most}


def own_job(kafka, progress):
    """Spark's own tuned job."""
    return kafka_bench.spark(kafka, "--progress", progress)


def millrace_inside(kafka, progress, *options):
    set_aside(WORK / "inside")
    os.environ.update(PYTHON)
    return timed(
        [
            sys.executable,
            PEERS / "millrace_spark.py",
            "--servers",
            kafka.address,
            "--topic",
            kafka_bench.TOPIC,
            "--data",
            WORK / "inside" / "shop",
            "--checkpoint",
            WORK / "inside" / "checkpoint",
            "--progress",
            progress,
            *options,
        ]
    )


def batch_layer(events, rounds):
    """All of Gold's tables of eight days, by the program and by tasks of Spark, both with two threads."""
    clear()
    data = WORK / "data"
    produce(data, events, "192h", "--start-time", "2026-11-01T00:00:00Z")
    silver(data)

    def embedded():
        set_aside(data / "gold")
        done = timed([MILLRACE, "--data", data, "gold", "--batch", "--json"])
        return {**done, "seconds": json.loads(done["last"])["seconds"]}

    def inside():
        set_aside(data / "gold")
        os.environ.update(PYTHON)
        done = timed([sys.executable, PEERS / "millrace_spark_gold.py", data])
        return {**done, "seconds": json.loads(done["last"])["seconds"]}

    runs = in_turn({"gold --batch": embedded, "Gold inside Spark": inside}, rounds)
    result = {name: middle(done, events) for name, done in runs.items()}
    print(f"\nAll of Gold of eight days, {events:,} events, two cores; median of {rounds} runs each, in turn\n")
    for name, each in result.items():
        print(f"{name:24}{each['seconds']:8.2f} s past start-up")
    alone, inside = result["gold --batch"], result["Gold inside Spark"]
    print(f"Gold inside Spark: {alone['seconds'] / inside['seconds']:.2f} of the embedded speed per core")
    return result


def run(events, rounds):
    return {"silver": silver_stage(events, rounds), "gold": batch_layer(events, rounds)}


def silver_stage(events, rounds):
    """From a topic to the table."""
    clear()
    produce(WORK / "data", events, "24h")
    broker = kafka_bench.fill(WORK / "data")
    try:
        runs = in_turn(
            {
                "Spark's own job": lambda: with_progress(lambda progress: own_job(broker, progress)),
                "Millrace inside Spark": lambda: with_progress(lambda progress: millrace_inside(broker, progress)),
            },
            rounds,
        )
        with MemoryWatch(executors) as watch:
            millrace_inside(broker, WORK / "progress.json", "--executor")
    finally:
        broker.stop()
    result = {name: middle(done, events) for name, done in runs.items()}
    print(f"\nKafka to table inside Spark on two cores, {events:,} events; median of {rounds} runs each, in turn\n")
    print(f"{'':24}{'rows/s past start-up':>22}{'µs CPU/event':>14}{'peak MiB of all processes':>27}")
    for name, each in result.items():
        each["rate"] = each["batch_rows"] / each["batch_seconds"]
        print(f"{name:24}{each['rate']:22,.0f}{each['us_per_event']:14.2f}{each['tree_memory']:27,.0f}")
    own, inside = result["Spark's own job"], result["Millrace inside Spark"]
    print(
        f"Millrace inside Spark: {inside['rate'] / own['rate']:.1f} times the rows/s, "
        f"1/{own['us_per_event'] / inside['us_per_event']:.1f} of the CPU; "
        f"peak of an executor of its own with its workers in Python: {watch.most:,.0f} MiB"
    )
    return {**result, "executor_memory": watch.most}
