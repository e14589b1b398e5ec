"""Events over HTTP, with wrk: requests with one event and with 100, acknowledged when the log has them on disk."""

import re
import signal
import subprocess

from measure import MILLRACE, WORK, clear

# Each event has an id of its own. wrk makes up each request, and its CPU time is part of the machine's.
SCRIPT = """
local n, mine, count = 0, tostring({}):sub(8), %d
local function event()
  n = n + 1
  return '{"event_id":"' .. mine .. n .. '","user_id":"user_' .. n %% 500 .. '","event_type":"view",' ..
         '"timestamp":"2024-05-01T12:00:00Z",' ..
         '"product_id":"prod_0001","price":19.99,"session_id":"s1","product_category":"books","device_type":"mobile"}'
end
request = function()
  local events = {}
  for i = 1, count do events[i] = event() end
  local body = "[" .. table.concat(events, ",") .. "]"
  return wrk.format("POST", "/v1/events", {["Content-Type"] = "application/json"}, body)
end
"""
UNITS = {"us": 1e-3, "ms": 1, "s": 1e3}


def milliseconds(text, percentile):
    value, unit = re.search(rf"{percentile}%\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * UNITS[unit]


def load(url, count, seconds):
    script = WORK / "intake.lua"
    script.write_text(SCRIPT % count)
    text = subprocess.run(
        ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-s", script, url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    requests = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return {
        "requests_per_second": requests,
        "events_per_second": requests * count,
        "p50_ms": milliseconds(text, 50),
        "p99_ms": milliseconds(text, 99),
    }


def measure(seconds=10):
    clear()
    server = subprocess.Popen(
        [MILLRACE, "--data", WORK / "data", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        url = re.search(r"http://[^;]+", server.stdout.readline())[0]
        result = {str(count): load(url, count, seconds) for count in (1, 100)}
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
    print(f"\n{'events a request':20}{'requests/s':>12}{'events/s':>12}{'p50 ms':>10}{'p99 ms':>10}")
    for count, run in result.items():
        print(
            f"{count:20}{run['requests_per_second']:12,.0f}{run['events_per_second']:12,.0f}{run['p50_ms']:10.1f}{run['p99_ms']:10.1f}"
        )
    return result
