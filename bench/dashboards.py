"""What open dashboards cost: a pipeline's speed and CPU without dashboards and with 200, and its memory with one."""

import asyncio
import json
import pathlib
import re
import statistics
import subprocess
import threading
import time

from measure import MILLRACE, WORK, clear, produce, set_aside

COUNT = 200
REPORTS = [
    "comparison",
    "kpis?grain=minute&limit=2000",
    "funnel",
    "devices",
    "categories",
]  # what the Overview page requests every 5 s


async def fetch(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    size = 0
    while piece := await reader.read(1 << 16):
        size += len(piece)
    writer.close()
    return size


async def dashboard(port, number, heard):
    """An open Overview page: the live feed, and the page's reports every 5 s."""

    async def live():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while line := await reader.readline():
            heard[number] += line.startswith(b"data:")

    async def reports():
        await asyncio.sleep(5 * number / COUNT)
        while True:
            for report in REPORTS:
                await fetch(port, f"/v1/reports/{report}")
            await asyncio.sleep(5)

    await asyncio.gather(live(), reports())


class Dashboards:
    """Open Overview pages, in a thread of their own, until they are closed."""

    def __init__(self, port, count=COUNT):
        self.heard = [0] * count
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, args=(port, count))
        self.thread.start()

    def run(self, port, count):
        asyncio.set_event_loop(self.loop)
        self.tasks = [self.loop.create_task(dashboard(port, number, self.heard)) for number in range(count)]
        self.loop.run_until_complete(asyncio.gather(*self.tasks, return_exceptions=True))

    def close(self):
        for task in self.tasks:
            self.loop.call_soon_threadsafe(task.cancel)
        self.thread.join()


def start(data, *options):
    process = subprocess.Popen(
        [MILLRACE, "--data", data, "run", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in process.stdout:
        if found := re.search(r"http://[^/;]+:(\d+)", line):
            return process, int(found[1])
    raise RuntimeError("run did not start")


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(value) for value in fields[11:15]) / 100  # of the process and of the queries that it has run


def steady(data, watched, seconds=20):
    """The cores that the process uses at 1,000 events/s, and how many live messages a page gets."""
    set_aside(data)
    process, port = start(data, "--rate", "1000", "--duration", "120s", "--trigger", "1s")
    viewers = Dashboards(port) if watched else None
    time.sleep(5)
    before = cpu_seconds(process)
    time.sleep(seconds)
    used = (cpu_seconds(process) - before) / seconds
    if viewers:
        heard = statistics.median(viewers.heard)
        viewers.close()
    process.terminate()
    process.communicate()
    return {"cpu": used, "heard": heard if watched else 0}


def throughput(data, events, watched):
    """Events/s through silver and Gold, and the cores that this process uses for the pages, on the same machine."""
    for table in ("silver", "quarantine", "progress", "gold"):
        set_aside(data / table)
    process, port = start(data, "--no-simulator", "--trigger", "0")
    viewers = Dashboards(port) if watched else None
    began, client = time.monotonic(), time.process_time()
    while True:
        metrics = subprocess.run(
            ["curl", "-s", f"http://127.0.0.1:{port}/metrics"], capture_output=True, text=True
        ).stdout
        lag = re.search(r"^millrace_silver_lag_records (\S+)", metrics, re.M)
        behind = re.search(r"^millrace_gold_lag_versions (\S+)", metrics, re.M)
        if lag and behind and float(lag[1]) == 0 and float(behind[1]) == 0:
            break
        time.sleep(0.05)
    seconds, client = time.monotonic() - began, time.process_time() - client
    if viewers:
        viewers.close()
    process.terminate()
    process.communicate()
    return events / seconds, client / seconds


def memory(data):
    """Peak MiB of the process after a minute at the default rate with one page open."""
    set_aside(data)
    process, port = start(data, "--duration", "120s")
    viewers = Dashboards(port, 1)
    time.sleep(60)
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    viewers.close()
    process.terminate()
    process.communicate()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def measure(events, rounds):
    clear()
    data = WORK / "data"
    produce(data, events, "24h")
    runs = {False: [], True: []}
    for _ in range(rounds):
        for watched in runs:
            runs[watched].append(throughput(data, events, watched))
    alone, watched = (statistics.median(rate for rate, _ in runs[each]) for each in (False, True))
    clients = statistics.median(cores for _, cores in runs[True]) - statistics.median(cores for _, cores in runs[False])
    rates = {"alone": steady(WORK / "steady", False), "watched": steady(WORK / "steady", True)}
    result = {
        "alone": alone,
        "watched": watched,
        "cost": 1 - watched / alone,
        "client_cores": clients,
        "steady": rates,
        "memory": memory(WORK / "small"),
    }
    print(
        f"\n{COUNT} open dashboards: {watched:,.0f} events/s through silver and Gold, {alone:,.0f} without them: "
        f"{result['cost']:.1%} less, "
        f"of which the clients themselves took {clients / 2:.1%}, on the same two cores"
    )
    print(
        f"at 1,000 events/s: {rates['watched']['cpu']:.0%} of a core with them, {rates['alone']['cpu']:.0%} without; "
        f"each was told {rates['watched']['heard'] / 25:.1f} times a second"
    )
    print(f"the process at the default rate with a dashboard open: {result['memory']:.0f} MiB at most")
    return result


if __name__ == "__main__":
    print(json.dumps(measure(10_000_000, 5)))
