"""The time from an append to the row's commit, at 1,000 events/s with trigger 0: p50 and p99 in ms."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pyarrow.parquet as parquet

from measure import MILLRACE, ROOT

FOLDER = ROOT / "build" / "freshness"


def watch(process, commit):
    """The time at which each commit appeared on disk, by number, until the process ends. `commit` gives its file."""
    visible = {}
    while process.poll() is None:
        if commit(len(visible)).exists():
            visible[len(visible)] = time.time()
        else:
            time.sleep(0.0005)
    return visible


def delays_of(visible, files, start=2):
    """The delays from a row's log time to its commit. `files` lists a commit's data files.

    Rows of the first `start` seconds are left out, since the program starts up meanwhile.
    """
    rows = []
    for commit, seen in visible.items():
        for path in files(commit):
            times = parquet.ParquetFile(path).read(columns=["kafka_timestamp"]).column(0)
            rows += [(t.timestamp(), seen - t.timestamp()) for t in times.to_pylist()]
    first = min(time for time, _ in rows)
    delays = sorted(delay for time, delay in rows if time >= first + start)
    return {
        "events": len(delays),
        "p50_ms": delays[len(delays) // 2] * 1e3,
        "p99_ms": delays[len(delays) * 99 // 100] * 1e3,
        "max_ms": delays[-1] * 1e3,
    }


def measure(seconds=20, rate=1000, bronze=None):
    """`millrace run`, with the simulator in the same process."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    log = FOLDER / "silver" / "_delta_log"
    run = subprocess.Popen(
        [
            MILLRACE,
            "--data",
            FOLDER,
            *(["--bronze", bronze] if bronze else []),
            "run",
            "--rate",
            str(rate),
            "--duration",
            f"{seconds}s",
            "--trigger",
            "0",
        ],
        stdout=subprocess.DEVNULL,
    )
    visible = watch(run, lambda version: log / f"{version:020}.json")

    def files(version):
        for action in map(json.loads, (log / f"{version:020}.json").read_text().splitlines()):
            if "add" in action and action["add"]["dataChange"]:
                yield FOLDER / "silver" / action["add"]["path"].replace("%25", "%")

    result = delays_of(visible, files)
    shutil.rmtree(FOLDER)
    return result


def session_cost(leader):
    """The CPU seconds and the memory in MiB of all processes of a session: Spark's Python and its JVM."""
    ticks, pages = 0, 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # the process has ended
            continue
        if int(fields[3]) == leader:
            ticks += int(fields[11]) + int(fields[12])
            pages += int(fields[21])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure_spark(kafka, seconds=40, rate=1000, topic="fresh-spark", trigger="0"):
    """Spark, tuned, on a topic that Millrace's simulator fills. Spark's startup is not counted."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    address = ["--data", FOLDER / "shop", "--bronze", f"kafka://{kafka.address}/{topic}"]
    subprocess.run(
        [MILLRACE, *address, "produce", "--rate", "max", "--count", "1"], check=True, stdout=subprocess.DEVNULL
    )
    table = FOLDER / "table"
    commit = table / "_spark_metadata"
    peer = pathlib.Path(__file__).resolve().parent / "peers" / "spark_silver.py"
    spark = subprocess.Popen(
        [
            sys.executable,
            peer,
            "--servers",
            kafka.address,
            "--topic",
            topic,
            "--output",
            table,
            "--checkpoint",
            FOLDER / "checkpoint",
            "--trigger",
            trigger,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not (commit / "0").exists():
            time.sleep(0.1)
        before, _ = session_cost(spark.pid)
        load = subprocess.Popen(
            [MILLRACE, *address, "produce", "--rate", str(rate), "--seed", "1", "--duration", f"{seconds}s"],
            stdout=subprocess.DEVNULL,
        )
        visible = {batch: seen for batch, seen in watch(load, lambda batch: commit / f"{batch}").items() if batch > 0}
        after, memory = session_cost(spark.pid)
    finally:
        os.killpg(spark.pid, signal.SIGKILL)
        spark.wait()

    def files(batch):
        for line in (commit / f"{batch}").read_text().splitlines()[1:]:
            yield json.loads(line)["path"].removeprefix("file://")

    result = delays_of(visible, files)
    result |= {"cpu_percent": 100 * (after - before) / seconds, "mib": memory}
    result["files"] = sum(1 for path in FOLDER.rglob("*") if path.is_file() and "shop" not in path.parts)
    shutil.rmtree(FOLDER)
    return result


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
