"""Gold: all tables by the batch layer, beside DuckDB, Polars and Spark; a commit's cost as history grows; the latency.

The latency is the time from an event's append to the live value that contains it.
"""

import json
import pathlib
import statistics
import subprocess
import sys

from measure import MILLRACE, WORK, clear, in_turn, middle, produce, set_aside, timed

PEERS = pathlib.Path(__file__).resolve().parent / "peers"


def peer(name, data):
    """All of Gold's tables by another engine, from silver's files."""
    set_aside(WORK / name)
    (WORK / name).mkdir()
    return timed([sys.executable, PEERS / f"{name}_gold.py", data / "silver", WORK / name])


def own(data, *options):
    """All of Gold's tables by Millrace, from the start."""
    set_aside(data / "gold")
    return timed([MILLRACE, "--data", data, "gold", *options, "--json"])


def layers(data, events, rounds):
    """The same tables by the batch layer, the speed layer and the other engines."""
    runs = in_turn(
        {
            "millrace, batch": lambda: own(data, "--batch"),
            "millrace, speed": lambda: own(data, "--available-now", "--close"),
            "duckdb": lambda: peer("duckdb", data),
            "polars": lambda: peer("polars", data),
        },
        rounds,
    )
    runs["spark"] = [peer("spark", data)]
    rows = {
        name: int(done[-1]["last"]) if done[-1]["last"].isdigit() else json.loads(done[-1]["last"])["rows"]
        for name, done in runs.items()
    }
    result = {name: middle(done, events) | {"rows": rows[name]} for name, done in runs.items()}
    batch = result["millrace, batch"]
    print(f"\nall of Gold's tables from {events:,} silver rows; median of {rounds} runs each, in turn (Spark: one)\n")
    print(f"{'':20}{'events/s':>12}{'µs CPU/event':>14}{'peak MiB':>10}{'rows':>12}   the batch layer: events/s, CPU")
    for name, run in result.items():
        print(
            f"{name:20}{run['rows_per_second']:12,.0f}{run['us_per_event']:14.2f}{run['memory']:10,.0f}{run['rows']:12,}"
            f"{batch['rows_per_second'] / run['rows_per_second']:12.2f}x "
            f"{run['us_per_event'] / batch['us_per_event']:5.1f}x less"
        )
    return result


def commits(data, count=40):
    """What one more commit of 5,000 events costs, for the first commits and after many."""
    costs = []
    for _ in range(count):
        subprocess.run(
            [MILLRACE, "--data", data, "produce", "--rate", "max", "--count", "5000", "--span", "10s"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        subprocess.run([MILLRACE, "--data", data, "silver", "--available-now"], check=True, stdout=subprocess.DEVNULL)
        costs.append(timed([MILLRACE, "--data", data, "gold", "--available-now"])["cpu"])
    result = {"first_ms": statistics.median(costs[1:10]) * 1e3, "last_ms": statistics.median(costs[-9:]) * 1e3}
    print(
        f"\none more commit of 5,000 events, start and state included: {result['first_ms']:.0f} ms of CPU at first, "
        f"{result['last_ms']:.0f} ms after {count} of them"
    )
    return result


def latency():
    """The time from a record's append to Gold's live values. Only the longest of each tenth of a second counts."""
    clear()
    out = subprocess.run(
        [
            MILLRACE,
            "--data",
            WORK / "data",
            "run",
            "--rate",
            "1000",
            "--duration",
            "60s",
            "--trigger",
            "0",
            "--gold-trigger",
            "100ms",
            "--json",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    result = json.loads(out)["gold_latency_ms"]
    print(
        f"\nappend to live value at 1,000 events/s, trigger 0: p50 {result['p50']:.0f} ms, p99 {result['p99']:.0f} ms "
        "(of each tenth of a second, the longest)"
    )
    return result


def together(data, events, rounds):
    """A full log through silver and Gold in one process, until both have committed it; the median of the runs."""
    seconds = []
    for _ in range(rounds):
        for table in ("silver", "quarantine", "progress", "gold"):
            set_aside(data / table)
        done = timed([MILLRACE, "--data", data, "run", "--no-simulator", "--duration", "1ms", "--no-http", "--json"])
        seconds.append(json.loads(done["last"])["seconds"])
    result = {"events_per_second": events / statistics.median(seconds), "memory": done["memory"]}
    print(
        f"\nsilver and Gold in one process, from a full log: {result['events_per_second']:,.0f} events/s, "
        f"{result['memory']:,.0f} MiB"
    )
    return result


def measure(events, rounds):
    clear()
    data = WORK / "data"
    produce(data, events, "24h")
    both = together(data, events, rounds)
    result = {"together": both, "layers": layers(data, events, rounds), "commits": commits(data)}
    return result | {"latency": latency()}
