"""Hours of a busy shop: events, dashboards, queries, late data, kills and restarts, then a check and a plot.

`make soak HOURS=8` runs it. The report and the plot are build/soak/report.json and build/soak/soak.png.
"""

import argparse
import datetime
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import matplotlib.pyplot as plt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from measure import ROOT, metric, size_of

MILLRACE = ROOT / os.environ.get("MILLRACE_BUILD", "build/release") / "millrace"
FOLDER = ROOT / "build" / "soak"
DATA = FOLDER / "data"
DASHBOARDS = 5
SAMPLE_INTERVAL = 10  # seconds
FAULT_INTERVAL = (120, 360)
QUERIES = (
    "select count(*) as n from live.silver",
    "from live.kpis where grain = 'day'",
    "select count(*) as n from live.sessions",
    "select event_type, count(*) as n from silver group by 1",
)


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)


class Shop:
    """A `millrace run` that is started again after each kill and restart."""

    def __init__(self, rate, port, hours):
        self.url = f"http://127.0.0.1:{port}"
        longer = f"{hours + 1}h"  # the soak ends it
        self.command = [MILLRACE, "--data", DATA, "run", "--port", str(port), "--rate", str(rate)]
        self.command += ["--duration", longer]
        self.log = open(FOLDER / "run.log", "ab")  # noqa: SIM115, it stays open as long as the object
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=self.log)

    def end(self, how):
        if self.process.poll() is not None:
            raise SystemExit(f"soak: the program has ended by itself; see {self.log.name}")
        self.process.send_signal(how)
        return self.process.wait(120)

    def restart(self, how):
        code = self.end(how)
        if how != signal.SIGKILL and code != 0:
            raise SystemExit(f"soak: {how.name} ended the program with {code}; see {self.log.name}")
        self.start()

    def post(self, path, body):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read().decode()


class Client(threading.Thread):
    """Does something again and again; while the program restarts, it is refused, and tries again."""

    def __init__(self, done, pause):
        super().__init__(daemon=True)
        self.done, self.pause, self.count = done, pause, 0

    def run(self):
        while not self.done.wait(self.pause):
            try:
                self.once()
                self.count += 1
            except (OSError, ValueError, LookupError, http.client.HTTPException):
                time.sleep(0.5)  # refused, cut off, half an answer, or the process has just ended


class Dashboard(Client):
    """Follows the feed, and notes how many seconds the figures are behind."""

    def __init__(self, shop, done):
        super().__init__(done, 0.1)
        self.shop, self.behind = shop, None

    def once(self):
        self.behind = None
        with urllib.request.urlopen(f"{self.shop.url}/v1/live", timeout=30) as feed:
            for line in feed:
                if self.done.is_set():
                    return
                if line.startswith(b"data:"):
                    state = json.loads(line[5:])
                    as_of = state.get("pipeline", {}).get("figures_as_of")
                    self.behind = (state["time"] - as_of) / 1000 if as_of else None


class Analyst(Client):
    """Runs queries over tables and live figures."""

    def __init__(self, shop, done, chance):
        super().__init__(done, 3)
        self.shop, self.chance = shop, chance

    def once(self):
        self.shop.post("/v1/sql", {"query": self.chance.choice(QUERIES)})


class Phones(Client):
    """Posts events that were recorded up to three days ago, some of them twice, and notes what was acknowledged."""

    def __init__(self, shop, done, chance):
        super().__init__(done, 20)
        self.shop, self.chance, self.acknowledged, self.sent = shop, chance, set(), 0

    def once(self):
        made = []
        for _ in range(20):
            self.sent += 1
            ago = datetime.timedelta(hours=self.chance.uniform(1, 72))
            time_of = (datetime.datetime.now(datetime.UTC) - ago).isoformat()
            made.append(
                {
                    "event_id": f"phone-{self.sent}",
                    "user_id": f"phone-{self.sent % 50}",
                    "event_type": "view",
                    "timestamp": time_of,
                    "product_id": "prod_0001",
                    "price": 5,
                }
            )
        for _ in range(1 + (self.chance.random() < 0.3)):
            self.shop.post("/v1/events", made)
        self.acknowledged.update(each["event_id"] for each in made)


class Sampler(Client):
    """Measures the program and its files."""

    def __init__(self, shop, done, dashboards):
        super().__init__(done, SAMPLE_INTERVAL)
        self.shop, self.dashboards, self.rows = shop, dashboards, []
        self.began = time.time()

    def once(self):
        text = self.shop.get("/metrics")
        status = pathlib.Path(f"/proc/{self.shop.process.pid}/status").read_text()
        files = [path for path in DATA.rglob("*") if path.is_file()]
        tables = [path for path in files if "bronze" not in path.relative_to(DATA).parts]
        behind = [each.behind for each in self.dashboards if each.behind is not None]
        self.rows.append(
            {
                "minutes": (time.time() - self.began) / 60,
                "memory_mib": int(status.split("VmRSS:")[1].split()[0]) / 1024,
                "ids_mib": 33 * metric(text, "millrace_silver_ids") / 2**20,
                "files": len(tables),
                "disk_mib": sum(size_of(path) for path in tables) / 2**20,
                "lag": metric(text, "millrace_silver_lag_records"),
                "behind": max(behind, default=None),
            }
        )


def plot(rows, faults, to):
    """Draws each series over the minutes; kills and restarts are thin lines."""
    series = {
        "memory_mib": "memory, MiB",
        "files": "files of tables",
        "disk_mib": "tables on disk, MiB",
        "lag": "lag, records",
        "behind": "figures behind, s",
    }
    figure, axes = plt.subplots(len(series), 1, sharex=True, figsize=(10, 12))
    for axis, (name, title) in zip(axes, series.items(), strict=True):
        axis.plot([row["minutes"] for row in rows], [row[name] for row in rows], linewidth=1)
        for minute in faults:
            axis.axvline(minute, color="tab:red", linewidth=0.4)
        axis.set_ylabel(title)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[0].plot([row["minutes"] for row in rows], [row["ids_mib"] for row in rows], linewidth=1, label="ids")
    axes[0].legend(["all", "ids for deduplication"], loc="lower right")
    axes[-1].set_xlabel("minutes; red lines are kills and restarts")
    figure.tight_layout()
    figure.savefig(to, dpi=110)


def check(acknowledged):
    """Verifies the shop, and that each acknowledged event of the phones is in silver exactly once."""

    def run(*words):
        return subprocess.run([MILLRACE, "--data", DATA, *words], capture_output=True, text=True)

    for words in (("silver", "--available-now"), ("gold", "--available-now")):
        done = run(*words)
        if done.returncode != 0:
            raise SystemExit(f"soak: {' '.join(words)} failed: {done.stderr[-2000:]}")
    verified = run("verify", "--json")
    reconciled = run("gold", "reconcile", "--json")
    query = "select event_id from silver where event_id like 'phone-%'"
    found = run("sql", query, "--csv").stdout.splitlines()[1:]
    missing, twice = len(acknowledged - set(found)), len(found) - len(set(found))
    return {
        "verified": verified.returncode == 0 and json.loads(verified.stdout),
        "differences": json.loads(reconciled.stdout)["differences"],
        "late_events": {"acknowledged": len(acknowledged), "missing": missing, "twice": twice},
        "passed": verified.returncode == 0 and reconciled.returncode == 0 and missing == 0 and twice == 0,
    }


def soak(hours, rate, port, seed):
    chance = random.Random(seed)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    shop, done = Shop(rate, port, hours), threading.Event()
    dashboards = [Dashboard(shop, done) for _ in range(DASHBOARDS)]
    phones, analyst = Phones(shop, done, chance), Analyst(shop, done, chance)
    sampler = Sampler(shop, done, dashboards)
    clients = [*dashboards, phones, analyst, sampler]
    for client in clients:
        client.start()
    end, faults = time.time() + hours * 3600, []
    while (left := end - time.time()) > 0:
        pause = chance.uniform(*FAULT_INTERVAL)
        time.sleep(min(pause, left))
        if pause < left:
            how = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            faults.append((time.time() - sampler.began) / 60)
            say(f"{how.name}; {sampler.rows[-1] if sampler.rows else ''}")
            shop.restart(how)
    ended = [type(client).__name__ for client in clients if not client.is_alive()]
    done.set()
    shop.end(signal.SIGINT)
    if ended:
        raise SystemExit(f"soak: {', '.join(ended)} ended before its time; see the error above")
    plot(sampler.rows, faults, FOLDER / "soak.png")
    say("checking")
    report = {
        "hours": hours,
        "rate": rate,
        "seed": seed,
        "faults": len(faults),
        "queries": analyst.count,
        "samples": sampler.rows,
        **check(phones.acknowledged),
    }
    (FOLDER / "report.json").write_text(json.dumps(report, indent=1))
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--port", type=int, default=18432)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    result = soak(options.hours, options.rate, options.port, options.seed)
    brief = {name: value for name, value in result.items() if name not in ("samples", "verified")}
    say(json.dumps(brief))
    raise SystemExit(0 if result["passed"] else 1)
