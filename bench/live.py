"""How soon figures show an event, at any time between commits, and what it costs: `millrace run` at several triggers.

A marked event is posted beside the simulator's. Its delay is the time from the answer to the POST until the feed of
the dashboard counts it, and until a query of live.silver that finds it begins.
"""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request

from measure import MILLRACE, ROOT

FOLDER = ROOT / "build" / "live"
TRIGGERS = ("0", "10s", "60s")
CURRENCY = "CHF"  # no event of the simulator has it
STARTUP = 5


class Feed:
    """A client of the dashboard's feed: when it first showed how many marked events."""

    def __init__(self, url):
        self.seen = {}
        self.frames = 0
        threading.Thread(target=self._follow, args=(url,), daemon=True).start()

    def _follow(self, url):
        with urllib.request.urlopen(f"{url}/v1/live") as feed:
            for line in feed:
                now = time.time()
                if not line.startswith(b"data:"):
                    continue
                self.frames += 1
                for row in json.loads(line[5:]).get("kpis", {}).get("day", []):
                    if row["currency"] == CURRENCY:
                        for number in range(row["events"], 0, -1):
                            if number in self.seen:
                                break
                            self.seen[number] = now


def post(url, path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def is_in_silver(url, event_id):
    query = f"select count(*) as n from live.silver where event_id = '{event_id}'"
    return post(url, "/v1/sql", {"query": query})["rows"][0]["n"] > 0


def percentiles(delays):
    delays = sorted(delays)
    return {"p50_ms": delays[len(delays) // 2] * 1e3, "p99_ms": delays[len(delays) * 99 // 100] * 1e3}


def cost_of(process, since):
    """The share of a core since a reading of the process's CPU time, and its memory."""
    memory = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())
    seconds = cpu_seconds(process) - since[0]
    return {"cpu_percent": 100 * seconds / (time.time() - since[1]), "mib": int(memory[1]) / 1024}


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(trigger, rate=1000, seconds=40):
    """The delays and the cost at one trigger. The CPU is measured without clients, then the delays with one."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [
        MILLRACE,
        "--data",
        FOLDER,
        "run",
        "--port",
        "0",
        "--trigger",
        trigger,
        "--rate",
        str(rate),
        "--seed",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    url = next(found[0] for line in process.stdout if (found := re.search(r"http://[^/;\s]+:\d+", line)))
    threading.Thread(target=process.stdout.read, daemon=True).start()
    time.sleep(STARTUP)
    since = cpu_seconds(process), time.time()
    time.sleep(seconds / 2)
    result = cost_of(process, since)
    feed, posted, found = Feed(url), {}, []
    end = time.time() + seconds / 2
    while time.time() < end:
        time.sleep(random.uniform(0.02, 0.2))
        number = len(posted) + 1
        event = {"event_id": f"marked-{number}", "user_id": "u", "event_type": "view", "product_id": "p"}
        post(url, "/v1/events", {**event, "price": 1, "currency": CURRENCY})
        posted[number] = time.time()
        if number % 10 == 0:
            while True:
                began = time.time()
                if is_in_silver(url, event["event_id"]):
                    break
            found.append(max(0.0, began - posted[number]))
    time.sleep(1)
    missing = [number for number in posted if number not in feed.seen]
    assert not missing, f"the feed never showed {len(missing)} of {len(posted)} events"
    result["feed"] = percentiles([feed.seen[number] - at for number, at in posted.items()])
    result["live_silver"] = percentiles(found)
    result["files"] = sum(1 for path in FOLDER.rglob("*") if path.is_file())
    process.terminate()
    process.wait()
    shutil.rmtree(FOLDER)
    return result


def show(results):
    """Prints a table of measure()'s results by trigger."""
    print("\nlive figures at 1,000 events/s: the delay of an event, ms, and the cost")
    print("trigger  feed p50  feed p99  live.silver p50  CPU of a core   MiB  files")
    for trigger, each in results.items():
        print(
            f"{trigger:>7}  {each['feed']['p50_ms']:8.0f}  {each['feed']['p99_ms']:8.0f}  "
            f"{each['live_silver']['p50_ms']:15.0f}  {each['cpu_percent']:12.1f}%  {each['mib']:4.0f}  "
            f"{each['files']:5}"
        )


if __name__ == "__main__":
    show({trigger: measure(trigger, *map(int, sys.argv[1:])) for trigger in TRIGGERS})
