"""An hour at 1,000 events/s with a commit each second: `bench/small_files.py [MINUTES]`, or `make bench-hour`.

It reports the number of live files and the time to open the table, and fails when a reader fails or sees fewer rows
than before.
"""

import json
import os
import shutil
import subprocess
import sys
import time

import deltalake
import duckdb

from measure import MILLRACE as BUILT
from measure import ROOT

MILLRACE = os.environ.get("MILLRACE", BUILT)


def count_rows(table):
    """The rows as another reader counts them: DuckDB, over the files that delta-rs lists."""
    files = [path.removeprefix("file://") for path in table.file_uris()]
    return duckdb.execute("select count(*) from read_parquet(?)", [files]).fetchall()[0][0] if files else 0


def measure(minutes=60, rate=1000):
    data = ROOT / "build" / "hour"
    shutil.rmtree(data, ignore_errors=True)
    run = subprocess.Popen(
        [MILLRACE, "--data", data, "run", "--rate", str(rate), "--duration", f"{minutes * 60}s", "--trigger", "1s"],
        stdout=subprocess.DEVNULL,
    )
    files, opens, rows = [], [], 0
    while run.poll() is None:
        time.sleep(5)
        if not (data / "silver" / "_delta_log").exists():
            continue
        table = deltalake.DeltaTable(data / "silver")
        files.append(len(table.file_uris()))
        seen = count_rows(table)
        if seen < rows:
            raise RuntimeError(f"a reader saw {seen} rows after {rows}")
        rows = seen
        started = time.monotonic()
        subprocess.run([MILLRACE, "--data", data, "count", "silver", "--json"], check=True, stdout=subprocess.DEVNULL)
        opens.append((time.monotonic() - started) * 1e3)
    if run.returncode != 0:
        raise RuntimeError(f"the run ended with {run.returncode}")
    reports = [
        json.loads(line) for path in sorted((data / "progress").glob("*")) for line in path.read_text().splitlines()
    ]
    commits = sorted(report["commit_seconds"] for report in reports if "commit_seconds" in report)
    opens.sort()
    result = {
        "minutes": minutes,
        "rate": rate,
        "rows": count_rows(deltalake.DeltaTable(data / "silver")),
        "live_files_max": max(files),
        "live_files_end": files[-1],
        "open_ms_p50": opens[len(opens) // 2],
        "open_ms_p95": opens[len(opens) * 95 // 100],
        "open_ms_max": opens[-1],
        "log_files": len(list((data / "silver" / "_delta_log").iterdir())),
        "commit_ms_max": commits[-1] * 1e3 if commits else None,
    }
    subprocess.run([MILLRACE, "--data", data, "verify"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(data)
    return result


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:])), indent=1))
