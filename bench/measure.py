"""Runs whole commands and measures them."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"
MILLRACE = ROOT / "build" / "release" / "millrace"

# Runs a command and everything that it leaves behind (Spark's JVM outlives the Python that started it) to the end.
HELPER = """
import ctypes, json, os, resource, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
started = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
wall = time.monotonic() - started
try:
    while True: os.wait()
except ChildProcessError: pass
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode: sys.exit(done.stderr[-800:])
print(json.dumps({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024,
                  "last": (done.stdout.strip().splitlines() or [""])[-1]}))
"""


def timed(command):
    """Wall and CPU seconds, peak memory in MiB (of the largest process) and the last line printed."""
    os.sync()  # what the one before left to be written is not this one's to wait for
    done = subprocess.run([sys.executable, "-c", HELPER, *map(str, command)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} {command[1]} failed: {done.stderr[-800:]}")
    return json.loads(done.stdout)


def in_turn(contenders, rounds):
    """Runs of each, so that a change of the machine's speed hits all alike: by name, those of all rounds."""
    runs = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            runs[name].append(run())
    return runs


def middle(runs, events):
    """The median of each figure of some runs, and what it makes per event."""
    figures = {
        key: statistics.median(run[key] for run in runs)
        for key, value in runs[0].items()
        if isinstance(value, (int, float))
    }
    return {
        **figures,
        "rows_per_second": events / figures["wall"],
        "us_per_event": figures["cpu"] / events * 1e6,
        "rows": runs[-1]["last"],
    }


def set_aside(path):
    """Out of the way without deleting, whose after-effects in the file system the next run would bear."""
    if path.exists():
        path.rename(WORK / f"old-{time.monotonic_ns()}")


def clear():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)


def produce(data, count, span):
    """Simulator events in the embedded log, 0.5% of them copies and 0.5% broken."""
    subprocess.run(
        [
            MILLRACE,
            "--data",
            data,
            "produce",
            "--rate",
            "max",
            "--count",
            str(count),
            "--span",
            span,
            "--duplicates",
            "0.5%",
            "--invalid",
            "0.5%",
            "--seed",
            "1",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def silver(data, *options):
    """Drains the log into fresh tables."""
    for table in ("silver", "quarantine", "progress"):
        set_aside(data / table)
    return timed([MILLRACE, "--data", data, "silver", "--available-now", *options])
