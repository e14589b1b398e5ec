"""What a run with many small commits leaves on disk, and whether other readers can follow it.

    bench/small_files.py [--minutes 60] [--rate 1000] [--trigger 0] [--opens 100] [--spark 20]

It reports the files and bytes of all tables (live and removed files, and log entries), the CPU, and the memory apart
from the ids for deduplication; it fails when delta-rs or Spark cannot open the table, or sees fewer rows than before.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request

import deltalake
import duckdb

from live import cost_of, cpu_seconds
from measure import MILLRACE as BUILT
from measure import ROOT, metric, size_of

MILLRACE = os.environ.get("MILLRACE", BUILT)
DATA = ROOT / "build" / f"small-files-{os.getpid()}"
MIB = 2**20


def tables():
    return [log.parent for log in DATA.rglob("_delta_log")]


def disk():
    """The files and bytes of all tables."""
    files = [path for table in tables() for path in table.rglob("*") if path.is_file()]
    return len(files), sum(map(size_of, files))


def live_bytes():
    """The bytes of the files that the newest versions of all tables consist of."""
    actions = [deltalake.DeltaTable(table).get_add_actions(flatten=True) for table in tables()]
    return sum(sum(each["size_bytes"].to_pylist()) for each in actions)


class DeltaRs:
    """Opens the silver table, and counts the rows by DuckDB over the files that delta-rs lists."""

    name = "delta-rs"

    def count(self):
        table = deltalake.DeltaTable(DATA / "silver")
        files = [path.removeprefix("file://") for path in table.file_uris()]
        return duckdb.execute("select count(*) from read_parquet(?)", [files]).fetchall()[0][0] if files else 0


class Spark:
    name = "Spark"

    def __init__(self):
        from pyspark.sql import SparkSession

        jars = ",".join(str(path) for path in (ROOT / "build/jars/delta").glob("*.jar"))
        self.session = (
            SparkSession.builder.master("local[2]")
            .config("spark.jars", jars)
            .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
            .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )

    def count(self):
        return self.session.read.format("delta").load(str(DATA / "silver")).count()


class Opens:
    """Opens the table again and again; a failure is counted and printed, fewer rows than before are an error."""

    def __init__(self, reader, tries):
        self.reader, self.tries, self.failed, self.rows, self.ms, self.next = reader, tries, 0, 0, [], 0

    def open_if_due(self, end):
        """Opens the table when it is time to, so that the tries that are left are spread until `end`."""
        now = time.monotonic()
        if self.tries == 0 or now < self.next:
            return
        self.next = now + (end - now) / self.tries
        self.tries -= 1
        began = time.monotonic()
        try:
            seen = self.reader.count()
        except Exception as error:
            print(f"{self.reader.name} failed: {error}", flush=True)
            self.failed += 1
            return
        if seen < self.rows:
            raise RuntimeError(f"{self.reader.name} saw {seen} rows after {self.rows}")
        self.rows = seen
        self.ms.append((time.monotonic() - began) * 1e3)


def sample(url, process, since):
    """One row of the report."""
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        text = answer.read().decode()
    files, size = disk()
    cost = cost_of(process, since)
    ids = metric(text, "millrace_silver_ids") * 33 / MIB
    return {
        "files": files,
        "disk_mib": size / MIB,
        "live_mib": live_bytes() / MIB,
        "cpu_percent": cost["cpu_percent"],
        "memory_mib": cost["mib"],
        "ids_mib": ids,
    }


def start(minutes, rate, trigger):
    DATA.mkdir()
    command = [MILLRACE, "--data", DATA, "run", "--port", "0", "--rate", str(rate), "--trigger", trigger]
    log = open(DATA / "errors.log", "w")  # noqa: SIM115, the process writes it until it ends
    process = subprocess.Popen(
        [*command, "--duration", f"{minutes}m"], stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
    )
    for line in process.stdout:
        if found := re.search(r"http://[^/;\s]+:\d+", line):
            break
    # The rest of the output goes nowhere, but it must be read.
    subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
    return process, found[0]


def measure(minutes, rate, trigger, opens, spark):
    readers = [Opens(DeltaRs(), opens)] + ([Opens(Spark(), spark)] if spark else [])
    process, url = start(minutes, rate, trigger)
    samples, end = [], time.monotonic() + minutes * 60 - 5
    time.sleep(30)
    since, next_sample = (cpu_seconds(process), time.time()), time.monotonic()
    while time.monotonic() < end and process.poll() is None:
        if time.monotonic() >= next_sample:
            samples.append(sample(url, process, since))
            since, next_sample = (cpu_seconds(process), time.time()), next_sample + 60
            print(json.dumps({name: round(value, 1) for name, value in samples[-1].items()}), flush=True)
        for reader in readers:
            reader.open_if_due(end)
        time.sleep(0.5)
    if process.wait() != 0:
        raise RuntimeError(f"the run ended with {process.returncode}; see {DATA}/errors.log")
    subprocess.run([MILLRACE, "--data", DATA, "verify"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(DATA)
    failed = sum(reader.failed for reader in readers)
    if failed:
        raise RuntimeError(f"the table could not be opened {failed} times; see above")
    return summary(samples, readers)


def summary(samples, readers):
    second_half = samples[len(samples) // 2 :]

    def median(name):
        return sorted(each[name] for each in second_half)[len(second_half) // 2]

    return {
        "files_max": max(each["files"] for each in samples),
        "files_in_the_middle": second_half[0]["files"],
        "files_at_the_end": samples[-1]["files"],
        "disk_of_live": samples[-1]["disk_mib"] / samples[-1]["live_mib"],
        "disk_mib": samples[-1]["disk_mib"],
        "cpu_percent": median("cpu_percent"),
        "memory_without_ids_mib": max(each["memory_mib"] - each["ids_mib"] for each in second_half),
        "readers": {
            each.reader.name: {
                "opened": len(each.ms),
                "failed": each.failed,
                "ms_p50": sorted(each.ms)[len(each.ms) // 2],
            }
            for each in readers
            if each.ms
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--trigger", default="0")
    parser.add_argument("--opens", type=int, default=100, help="by delta-rs")
    parser.add_argument("--spark", type=int, default=20, help="opens by Spark")
    print(json.dumps(measure(**vars(parser.parse_args())), indent=1))
