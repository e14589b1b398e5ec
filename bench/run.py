"""Speed, beside other engines in the same run: `make bench`. Prints tables and writes build/bench.json.

BENCH_EVENTS (5,000,000) and BENCH_ROUNDS (3) set the size, and BENCH_ONLY chooses among peers, scale, startup,
freshness, live, kafka, spark, gold, intake, dashboards and steps (all of them).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import dashboards as dashboards_bench
import freshness
import gold as gold_bench
import intake as intake_bench
import kafka as kafka_bench
import live as live_bench
import spark as spark_bench
from measure import MILLRACE, ROOT, WORK, clear, in_turn, middle, produce, set_aside, silver, timed

EVENTS = int(os.environ.get("BENCH_EVENTS", 5_000_000))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 3))
PEERS = pathlib.Path(__file__).resolve().parent / "peers"


def batch_peer(name, source):
    """From JSON lines to Parquet by another engine."""
    set_aside(WORK / name)
    (WORK / name).mkdir()
    return timed([sys.executable, PEERS / f"{name}_silver.py", source, WORK / name])


def peers():
    """Silver's cleaning by each engine, from the input that suits it best."""
    clear()
    data = WORK / "data"
    produce(data, EVENTS, "24h")
    with open(WORK / "events.ndjson", "wb") as file:
        subprocess.run([MILLRACE, "--data", data, "topic", "read"], check=True, stdout=file)
    broker = kafka_bench.fill(data)
    contenders = {
        "millrace": lambda: silver(data),
        "duckdb": lambda: batch_peer("duckdb", WORK / "events.ndjson"),
        "chdb": lambda: batch_peer("chdb", WORK / "events.ndjson"),
    }
    try:
        runs = in_turn(contenders, ROUNDS)
        runs["spark"] = [kafka_bench.spark(broker)]
        runs["spark, as plainly written"] = [kafka_bench.spark(broker, "--plain")]
        runs["millrace"].append(silver(data))
    finally:
        broker.stop()
    result = {name: middle(done, EVENTS) for name, done in runs.items()}
    rows = json.loads(
        subprocess.run([MILLRACE, "--data", data, "count", "silver", "--json"], check=True, capture_output=True).stdout
    )["rows"][0]["rows"]
    result["millrace"]["rows"] = rows
    own = result["millrace"]
    print(f"{EVENTS:,} events, log to table; median of {ROUNDS} runs each, in turn (Spark: one)\n")
    print(f"{'':28}{'rows/s':>12}{'µs CPU/event':>14}{'peak MiB':>10}{'rows':>12}   Millrace: rows/s, CPU, memory")
    for name, peer in result.items():
        print(
            f"{name:28}{peer['rows_per_second']:12,.0f}{peer['us_per_event']:14.2f}{peer['memory']:10,.0f}{int(peer['rows']):12,}"
            f"{own['rows_per_second'] / peer['rows_per_second']:12.2f}x "
            f"{peer['us_per_event'] / own['us_per_event']:5.1f}x less"
            f" 1/{peer['memory'] / own['memory']:.1f}"
        )
    return result


def scale():
    """With ten times the events over ten times the time, memory and time per event stay the same under one horizon."""
    result = {}
    for count, span in ((EVENTS, "24h"), (EVENTS * 10, "240h")):
        clear()
        produce(WORK / "data", count, span)
        run = silver(WORK / "data", "--horizon", "6h")
        result[span] = {
            "events": count,
            "us_per_event": run["cpu"] / count * 1e6,
            "memory": run["memory"],
            "rows_per_second": count / run["wall"],
        }
    print(f"\n{'horizon 6h':28}{'rows/s':>12}{'µs CPU/event':>14}{'peak MiB':>10}")
    for span, run in result.items():
        print(
            f"{run['events']:>12,} over {span:9}{run['rows_per_second']:13,.0f}"
            f"{run['us_per_event']:14.2f}{run['memory']:10,.0f}"
        )
    return result


def first_commit(data):
    """Seconds from the program's start to the next commit on disk, with one record waiting in the log."""
    log = data / "silver" / "_delta_log"
    before = len(list(log.glob("*.json"))) if log.exists() else 0
    # A new event: the simulator continues its numbering.
    subprocess.run(
        [MILLRACE, "--data", data, "produce", "--rate", "max", "--count", "1"], check=True, stdout=subprocess.DEVNULL
    )
    started = time.monotonic()
    run = subprocess.Popen(
        [MILLRACE, "--data", data, "silver", "--trigger", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wanted = max(before, 1) + 1  # version 0 creates the table
    while not log.exists() or len(list(log.glob("*.json"))) < wanted:
        time.sleep(0.001)
    seconds = time.monotonic() - started
    run.terminate()
    run.wait()
    return seconds


def startup():
    """The time from the start to the first commit, with an empty table and with all ids to load."""
    clear()
    data = WORK / "data"
    result = {"empty_ms": first_commit(data) * 1e3}
    produce(data, EVENTS, "20h")
    silver(data)
    result["loaded_ms"] = first_commit(data) * 1e3
    print(
        f"\nfirst commit after {result['empty_ms']:.0f} ms with an empty table, "
        f"{result['loaded_ms']:.0f} ms with {EVENTS:,} ids to load"
    )
    return result


def fresh():
    result = freshness.measure()
    print(f"\nfreshness at 1,000 events/s, trigger 0: p50 {result['p50_ms']:.0f} ms, p99 {result['p99_ms']:.0f} ms")
    return result


def live():
    results = {trigger: live_bench.measure(trigger) for trigger in live_bench.TRIGGERS}
    live_bench.show(results)
    beside = kafka_bench.live_spark()
    return {**results, "spark": beside}


def kafka():
    return kafka_bench.measure(EVENTS, ROUNDS)


def gold():
    return gold_bench.measure(EVENTS, ROUNDS)


def spark():
    return spark_bench.run(EVENTS, ROUNDS)


def intake():
    return intake_bench.measure()


def dashboards():
    return dashboards_bench.measure(EVENTS, ROUNDS)


def steps():
    """The speed of each step by itself, in one thread."""
    done = subprocess.run(
        [ROOT / "build/release/bench/millrace_bench", "--benchmark_format=json", "--benchmark_min_time=1"],
        check=True,
        capture_output=True,
        text=True,
    )
    result = {
        b["name"]: {"events_per_second": b["items_per_second"], "bytes_per_second": b.get("bytes_per_second")}
        for b in json.loads(done.stdout)["benchmarks"]
    }
    print("\nstep (one thread)        events/s      GB/s")
    for name, rate in result.items():
        size = rate["bytes_per_second"]
        print(f"{name:20}{rate['events_per_second']:14,.0f}" + (f"{size / 1e9:10.2f}" if size else ""))
    return result


def main():
    sections = {
        "peers": peers,
        "scale": scale,
        "startup": startup,
        "freshness": fresh,
        "live": live,
        "kafka": kafka,
        "spark": spark,
        "gold": gold,
        "intake": intake,
        "dashboards": dashboards,
        "steps": steps,
    }
    chosen = os.environ.get("BENCH_ONLY", ",".join(sections)).split(",")
    result = {"events": EVENTS, **{name: sections[name]() for name in chosen}}
    (ROOT / "build" / "bench.json").write_text(json.dumps(result, indent=1))
    print("\nwritten to build/bench.json")
    shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    main()
