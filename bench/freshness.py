"""From the append to visible in the table, at 1,000 events/s with trigger 0: p50 and p99 in ms."""
import json
import shutil
import subprocess
import sys
import time

from measure import MILLRACE, ROOT


def measure(seconds=20, rate=1000):
    """Each commit's time on disk against the log times of the rows that it made visible."""
    data = ROOT / "build" / "freshness"
    shutil.rmtree(data, ignore_errors=True)
    run = subprocess.Popen([MILLRACE, "--data", data, "run", "--rate", str(rate), "--duration", f"{seconds}s", "--trigger", "0"],
                           stdout=subprocess.DEVNULL)
    visible = {}
    log = data / "silver" / "_delta_log"
    version = 0
    while run.poll() is None:
        if (log / f"{version:020}.json").exists():
            visible[version] = time.time()
            version += 1
        else:
            time.sleep(0.0005)
    delays = []
    import pyarrow.parquet as parquet
    for version, seen in visible.items():
        for action in map(json.loads, (log / f"{version:020}.json").read_text().splitlines()):
            if "add" in action and action["add"]["dataChange"]:
                path = data / "silver" / action["add"]["path"].replace("%25", "%")
                times = parquet.ParquetFile(path).read(columns=["kafka_timestamp"]).column(0)
                delays += [seen - t.timestamp() for t in times.to_pylist()]
    delays.sort()
    shutil.rmtree(data)
    return {"events": len(delays), "p50_ms": delays[len(delays) // 2] * 1e3, "p99_ms": delays[len(delays) * 99 // 100] * 1e3,
            "max_ms": delays[-1] * 1e3}


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
