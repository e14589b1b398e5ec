"""Runs whole commands and measures them."""

import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"
MILLRACE = ROOT / "build" / "release" / "millrace"

# Runs a command and waits for every process that it leaves behind: Spark's JVM outlives the Python that started it.
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


def size_of(path):
    """The size of a file, or 0 when it is gone."""
    try:
        return path.stat().st_size
    except OSError:  # it was removed meanwhile
        return 0


def metric(text, name):
    """The sum of a metric over its labels."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


def timed(command):
    """Wall and CPU seconds of a command, its largest process's peak memory in MiB, and the last line that it prints."""
    os.sync()  # so that this run does not wait for what the previous one has left to be written
    done = subprocess.run([sys.executable, "-c", HELPER, *map(str, command)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} {command[1]} failed: {done.stderr[-800:]}")
    return json.loads(done.stdout)


def in_turn(contenders, rounds):
    """The runs by name. The contenders take turns, so that a change of the machine's speed affects all of them."""
    runs = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            runs[name].append(run())
    return runs


def middle(runs, events):
    """The median of each figure of the runs, and figures per event."""
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
    """Moves a path aside. Deleting it would slow down the next run's file system."""
    if path.exists():
        path.rename(WORK / f"old-{time.monotonic_ns()}")


def clear():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)


def produce(data, count, span, *options):
    """Writes simulator events to the embedded log, 0.5% of them copies and 0.5% invalid."""
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
            *options,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def silver(data, *options):
    """Processes the whole log into new tables."""
    for table in ("silver", "quarantine", "progress"):
        set_aside(data / table)
    return timed([MILLRACE, "--data", data, "silver", "--available-now", *options])
