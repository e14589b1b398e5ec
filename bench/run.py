"""Speed, beside peers in the same run: `make bench`. Prints a table and writes build/bench.json.

Each peer does the same cleaning from its best input: DuckDB and ClickHouse (chdb) from JSON lines to Parquet partitioned by
event_date and event_type, without a commit, a log or a second look at what the table already has.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import freshness

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"
MILLRACE = ROOT / "build" / "release" / "millrace"
EVENTS = int(os.environ.get("BENCH_EVENTS", 5_000_000))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 3))

DUCKDB = """
import duckdb, sys
source, target = sys.argv[1:]
db = duckdb.connect()
db.execute("set threads = 2; set timezone = 'UTC'")
db.execute('''copy (
    select * exclude (copy_number) from (
        select *, row_number() over (partition by event_id) as copy_number from (
            select event_id, user_id, product_id, event_type, try_cast("timestamp" as timestamptz) as event_timestamp,
                   session_id, product_category, device_type, page_url, try_cast(price_text as double) as price,
                   price > 500 as is_high_value, strftime(event_timestamp, '%Y-%m-%d') as event_date,
                   hour(event_timestamp)::int as event_hour, coalesce(try_cast(quantity_text as int), 1) as quantity, order_id,
                   coalesce(currency_text, 'EUR') as currency, now() as processing_timestamp
            from read_json(?, format='newline_delimited', ignore_errors=true, columns={event_id:'VARCHAR',
                 user_id:'VARCHAR', product_id:'VARCHAR', event_type:'VARCHAR', "timestamp":'VARCHAR', session_id:'VARCHAR',
                 product_category:'VARCHAR', device_type:'VARCHAR', page_url:'VARCHAR', price:'VARCHAR', quantity:'VARCHAR',
                 order_id:'VARCHAR', currency:'VARCHAR'}) as r(event_id, user_id, product_id, event_type, "timestamp", session_id,
                 product_category, device_type, page_url, price_text, quantity_text, order_id, currency_text))
        where event_id <> '' and user_id <> '' and regexp_full_match(event_type, '[A-Za-z0-9_.-]{1,64}')
          and event_timestamp >= '2000-01-01' and event_timestamp < now() + interval 1 day
          and (event_type not in ('view', 'add_to_cart', 'purchase', 'refund') or (product_id <> '' and price is not null))
          and (price is null or (price > 0 and price <= 1e9)) and quantity between 1 and 1000000)
    where copy_number = 1) to 'TARGET' (format parquet, partition_by (event_date, event_type), compression snappy)'''
    .replace("TARGET", target), [source])
print(db.execute(f"select count(*) from read_parquet('{target}/*/*/*.parquet')").fetchone()[0])
"""

CHDB = """
import chdb, sys
source, target = sys.argv[1:]
chdb.query(f'''insert into function file('{target}/{{_partition_id}}.parquet', 'Parquet')
    partition by concat(event_date, '_', event_type)
    select event_id, user_id, product_id, event_type, event_timestamp, session_id, product_category, device_type, page_url,
           price, price > 500 as is_high_value, formatDateTime(event_timestamp, '%Y-%m-%d') as event_date,
           toInt32(toHour(event_timestamp)) as event_hour, quantity, order_id, currency, now64(6) as processing_timestamp
    from (select JSONExtract(line, 'Tuple(event_id String, user_id String, product_id Nullable(String), event_type String, timestamp String, session_id Nullable(String), product_category Nullable(String), device_type Nullable(String), page_url Nullable(String), price Nullable(Float64), quantity Nullable(Int32), order_id Nullable(String), currency Nullable(String))') as e,
                 e.event_id as event_id, e.user_id as user_id, e.product_id as product_id, e.event_type as event_type,
                 parseDateTime64BestEffortOrNull(e.timestamp, 6, 'UTC') as event_timestamp, e.session_id as session_id,
                 e.product_category as product_category, e.device_type as device_type, e.page_url as page_url, e.price as price,
                 coalesce(e.quantity, 1) as quantity, e.order_id as order_id, coalesce(e.currency, 'EUR') as currency
          from file('{source}', 'LineAsString', 'line String'))
    where event_id != '' and user_id != '' and match(event_type, '^[A-Za-z0-9_.-]{{1,64}}$')
      and event_timestamp >= toDateTime64('2000-01-01 00:00:00', 6, 'UTC') and event_timestamp < now64(6) + interval 1 day
      and (event_type not in ('view', 'add_to_cart', 'purchase', 'refund') or (product_id != '' and price is not null))
      and (price is null or (price > 0 and price <= 1e9)) and quantity between 1 and 1000000
    limit 1 by event_id
    settings max_threads = 2, output_format_parquet_compression_method = 'snappy' ''')
print(chdb.query(f"select count() from file('{target}/*.parquet', 'Parquet')", "CSV").data().strip())
"""


def timed(name, command, output):
    """One run under /usr/bin/time's accounting, by a helper process, so that peak memory is this command's alone."""
    helper = [sys.executable, "-c", """
import json, resource, subprocess, sys, time
started = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode: sys.exit(done.stderr[-800:])
print(json.dumps({"wall": time.monotonic() - started, "cpu": usage.ru_utime + usage.ru_stime,
                  "memory": usage.ru_maxrss / 1024, "last": (done.stdout.strip().splitlines() or [""])[-1]}))
"""]
    set_aside(output)
    output.mkdir(parents=True)
    os.sync()  # what the one before left to be written is not this one's to wait for
    done = subprocess.run([*helper, *map(str, command)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed: {done.stderr[-800:]}")
    return json.loads(done.stdout)


def set_aside(path):
    """Out of the way without deleting, whose after-effects in the file system the next run would bear."""
    if path.exists():
        path.rename(WORK / f"old-{time.monotonic_ns()}")


def prepare(events):
    """The events in the embedded log, and as JSON lines for the peers."""
    data = WORK / "data"
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    run = [MILLRACE, "--data", data]
    subprocess.run([*run, "produce", "--rate", "max", "--count", str(events), "--span", "24h", "--duplicates", "0.5%",
                    "--invalid", "0.5%", "--seed", "1"], check=True, stdout=subprocess.DEVNULL)
    with open(WORK / "events.ndjson", "wb") as file:
        subprocess.run([*run, "topic", "read"], check=True, stdout=file)
    return data


def silver(data):
    for table in ("silver", "quarantine", "progress"):
        set_aside(data / table)
    return timed("millrace", [MILLRACE, "--data", data, "silver", "--available-now"], WORK / "unused")


def compare():
    data = prepare(EVENTS)
    (WORK / "peer_duckdb.py").write_text(DUCKDB)
    (WORK / "peer_chdb.py").write_text(CHDB)
    peers = {"millrace": lambda: silver(data)}
    source = WORK / "events.ndjson"
    peers["duckdb"] = lambda: timed("duckdb", [sys.executable, WORK / "peer_duckdb.py", source, WORK / "duck"], WORK / "duck")
    peers["chdb"] = lambda: timed("chdb", [sys.executable, WORK / "peer_chdb.py", source, WORK / "chdb"], WORK / "chdb")
    runs = {name: [] for name in peers}
    for _ in range(ROUNDS):  # in turn, so that a change of the machine's speed hits all alike
        for name, run in peers.items():
            try:
                runs[name].append(run())
            except RuntimeError as error:
                print(error, file=sys.stderr)
    rows = json.loads(subprocess.run([MILLRACE, "--data", data, "count", "silver", "--json"], check=True,
                                     capture_output=True).stdout)["rows"]
    result = {"events": EVENTS, "silver_rows": rows, "peers": {}}
    for name, done in runs.items():
        if not done:
            continue
        middle = {key: statistics.median(run[key] for run in done) for key in ("wall", "cpu", "memory")}
        result["peers"][name] = {**middle, "rows_per_second": EVENTS / middle["wall"],
                                 "us_per_event": middle["cpu"] / EVENTS * 1e6, "rows": done[-1]["last"]}
    return result


def micro():
    done = subprocess.run([ROOT / "build/release/bench/millrace_bench", "--benchmark_format=json", "--benchmark_min_time=1"],
                          check=True, capture_output=True, text=True)
    return {b["name"]: b["items_per_second"] for b in json.loads(done.stdout)["benchmarks"]}


def main():
    result = compare()
    own = result["peers"]["millrace"]
    print(f"{EVENTS:,} events, log to table, {result['silver_rows']:,} rows; median of {ROUNDS} runs each, in turn\n")
    print(f"{'':12}{'rows/s':>12}{'µs CPU/event':>14}{'peak MiB':>10}{'  rows/s of it':>16}")
    for name, peer in result["peers"].items():
        print(f"{name:12}{peer['rows_per_second']:12,.0f}{peer['us_per_event']:14.2f}{peer['memory']:10,.0f}"
              f"{own['rows_per_second'] / peer['rows_per_second']:15.2f}x")
    result["freshness"] = freshness.measure()
    result["steps"] = micro()
    fresh = result["freshness"]
    print(f"\nfreshness at 1,000 events/s: p50 {fresh['p50_ms']:.0f} ms, p99 {fresh['p99_ms']:.0f} ms")
    print("\nstep (one thread)        events/s")
    for name, rate in result["steps"].items():
        print(f"{name:20}{rate:14,.0f}")
    (ROOT / "build" / "bench.json").write_text(json.dumps(result, indent=1))
    print("\nwritten to build/bench.json")
    shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    main()
