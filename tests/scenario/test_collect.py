"""Events over HTTP: an acknowledged event is in the log once, a refusal says why, and no client delays another."""

import concurrent.futures
import contextlib
import gzip
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from scripts import stack
from tests.support.events import event
from tests.support.paths import ROOT
from tests.support.port import KEY, Port, metric
from tests.support.shop import wait_until, wait_until_stopped


def test_an_object_an_array_and_lines_plain_and_packed_become_rows(shop, port):
    server = port()
    lines = "".join(json.dumps(event(n)) + "\n" for n in (4, 5))
    for body, headers in (
        (event(1), {}),
        ([event(2), event(3)], {}),
        (lines, {"Content_Type": "application/x-ndjson"}),
        (gzip.compress(json.dumps([event(6), event(7)]).encode()), {"Content_Encoding": "gzip"}),
    ):
        status, answer, _ = server.post(body, **headers)
        assert (status, answer["invalid"]) == (202, [])
    code, _, _ = server.stop()
    assert code == 0
    shop.drain()
    assert shop.count("silver") == 7
    shop.verify()


def test_invalid_events_are_told_by_index_and_end_in_quarantine(shop, port):
    server = port()
    status, answer, _ = server.post(
        [event(1), event(2, price=-1), 5, {"user_id": "u1"}, event(3, timestamp="yesterday")]
    )
    assert status == 202 and answer["accepted"] == 5
    assert [(flaw["index"], flaw["rule"]) for flaw in answer["invalid"]] == [
        (1, "bad_price"),
        (2, "not_an_object"),
        (3, "missing_field"),
        (4, "bad_timestamp"),
    ]
    assert answer["flawed"] == answer["invalid"], "clients of 0.1 read the former name"
    server.stop()
    shop.drain()
    rows = shop.json("quarantine", "list")
    assert shop.count("silver") == 1 and shop.count("quarantine") == 4, rows


def test_a_request_sent_again_with_its_idempotency_key_adds_nothing(shop, port):
    server = port()
    events = [{key: value for key, value in event(n).items() if key != "event_id"} for n in range(3)]
    for _ in range(3):
        assert server.post(events, Idempotency_Key="cart-17")[0] == 202
    assert server.post(events, Idempotency_Key="cart-18")[0] == 202
    server.stop()
    shop.drain()
    assert shop.count("silver") == 6


def test_an_event_without_a_timestamp_gets_the_arrivals(shop, port):
    server = port()
    bare = {key: value for key, value in event(1).items() if key != "timestamp"}
    before = time.time()
    assert server.post(bare)[1] == {"accepted": 1, "invalid": [], "flawed": []}
    server.stop()
    shop.drain()
    row = shop.json("show", "silver")["rows"][0]
    assert (
        before - 1
        < time.mktime(time.strptime(row["event_timestamp"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        < time.time() + 1
    )


@pytest.mark.parametrize(
    "body, headers, status, reason",
    [
        ("", {}, 400, "empty"),
        ("hello", {}, 400, "not JSON"),
        ('[{"a":1}', {}, 400, "expected a comma"),
        ('{"a":', {}, 400, ""),
        (b"\x1f\x8bbroken", {"Content_Encoding": "gzip"}, 400, "gzip"),
        ("{}", {"Content_Encoding": "br"}, 400, "br"),
        ("{}", {"Content_Encoding": "lzma"}, 415, "gzip"),
        (gzip.compress(b" " * 20_000_000), {"Content_Encoding": "gzip"}, 413, "bytes"),
        (b"[" + b" " * 9_000_000 + b"]", {}, 413, "bytes"),
        ('{"x":"' + "y" * 1_100_000 + '"}', {}, 413, "bytes"),
    ],
)
def test_what_is_no_json_or_too_large_is_refused_whole(shop, port, body, headers, status, reason):
    server = port()
    got, answer, _ = server.post(body, **headers)
    assert got == status and reason in answer["detail"], answer
    assert answer["status"] == status and answer["title"] and answer["error"] == answer["detail"]
    assert server.post(event(1))[0] == 202
    server.stop()
    assert shop.count("bronze") == 1


def test_only_write_keys_may_write_and_none_is_told(shop, port):
    server = port("--write-key", f"web={KEY}", "--write-key", "app=fedcba98765432100123")
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer " + KEY[:-1]},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic "},
    ):
        status, answer, got = server.post(event(1), **headers)
        assert status == 401 and got["WWW-Authenticate"], answer
    assert server.post(event(1), path="/v1/events?key=nope")[0] == 401
    basic = "Basic " + __import__("base64").b64encode(f"{KEY}:".encode()).decode()
    for number, headers in enumerate(({"Authorization": f"Bearer {KEY}"}, {"Authorization": basic})):
        assert server.post(event(number), **headers)[0] == 202
    assert server.post(event(9), path=f"/v1/events?key={KEY}")[0] == 202
    assert f'reason="key"}} {6}' in server.get("/metrics")[1]
    code, out, err = server.stop()
    assert code == 0 and KEY not in out + err
    assert shop.count("bronze") == 3


def test_others_may_not_reach_a_port_that_anyone_may_write_to(shop):
    shop.run("serve", "--host", "0.0.0.0", "--port", "0", code=2)
    assert "--write-key" in shop.stderr
    shop.run("serve", "--write-key", "web=short", code=2)
    assert "at least 16 characters" in shop.stderr and "short" not in shop.stderr
    shop.run("serve", "--host", "localhost", code=2)
    assert "not an IP address" in shop.stderr


def test_a_port_that_is_taken_is_an_error_that_says_what_to_do(shop, shop_at, port):
    server = port()
    other = shop_at("other")
    other.run("serve", "--port", server.port, code=2)
    assert "--port" in other.stderr


def test_a_page_may_send_from_a_browser_if_its_origin_is_allowed(port):
    server = port("--origin", "https://shop.example")
    status, _, headers = server.post(
        b"", method="OPTIONS", Origin="https://shop.example", Access_Control_Request_Method="POST"
    )
    assert status == 204 and headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Idempotency-Key" in headers["Access-Control-Allow-Headers"]
    assert (
        server.post(event(1), Origin="https://shop.example")[2]["Access-Control-Allow-Origin"] == "https://shop.example"
    )
    assert server.post(event(2), Origin="https://other.example")[2]["Access-Control-Allow-Origin"] is None


def test_what_was_acknowledged_survives_a_kill(shop, port):
    acknowledged, ended = [], threading.Event()
    server = port()

    def client(name):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        for number in range(100_000):
            ids = [f"{name}-{number}-{i}" for i in range(5)]
            try:
                connection.request(
                    "POST", "/v1/events", json.dumps([event(i, event_id=each) for i, each in enumerate(ids)])
                )
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                return
            if response.status == 202:
                acknowledged.extend(ids)
            if ended.is_set():
                return

    clients = [threading.Thread(target=client, args=(f"c{n}",)) for n in range(4)]
    for each in clients:
        each.start()
    wait_until(lambda: len(acknowledged) > 500)
    server.process.kill()
    server.process.communicate()
    ended.set()
    for each in clients:
        each.join()
    shop.drain()
    rows = shop.json("show", "silver", "--limit", "1000000")["rows"]
    found = [row["event_id"] for row in rows]
    assert len(found) == len(set(found)) and set(acknowledged) <= set(found)
    shop.verify()


def test_slow_and_idle_clients_hold_nobody_up_and_are_cut_off(port):
    server = port()
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    started = time.monotonic()
    assert server.post(event(1))[0] == 202
    assert time.monotonic() - started < 5
    for connection in slow:
        connection.settimeout(30)
        assert connection.recv(100) == b""  # when the server's timeout is over
        connection.close()


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n", 400),
        (
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello", 400),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", 400),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400),
        (b"GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400),
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"DELETE /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ],
)
def test_hostile_requests_get_an_error_and_the_server_goes_on(shop, port, request_bytes, status):
    server = port()
    assert server.raw(request_bytes).startswith(f"HTTP/1.1 {status}")
    assert server.post(event(1))[0] == 202
    server.stop()
    assert shop.count("bronze") == 1


def test_under_load_slow_cut_and_hostile_clients_take_nothing_from_the_others(shop, port, tmp_path):
    server = port()
    script = tmp_path / "load.lua"
    script.write_text(f"wrk.method = 'POST'\nwrk.body = [==[{json.dumps([event(n) for n in range(10)])}]==]\n")
    ended = threading.Event()

    def bother(data, patience):
        while not ended.is_set():
            try:
                with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
                    connection.sendall(data)
                    ended.wait(patience)  # then closes the connection
            except OSError:
                pass

    whole = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    bothers = [
        (whole[:20], 3),
        (whole + b"[{", 3),
        (whole, 0.01),
        (b"\x00\xff" * 500, 0.01),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 9000, 0.05),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n[[[", 0.01),
    ]
    threads = [threading.Thread(target=bother, args=each) for each in bothers for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        done = subprocess.run(
            [
                "wrk",
                "-t1",
                "-c32",
                "-d5s",
                "--timeout",
                "5s",
                "-s",
                script,
                f"http://127.0.0.1:{server.port}/v1/events",
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert done.returncode == 0 and "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    answered = int(re.search(r"(\d+) requests in", done.stdout)[1])
    code, _, err = server.stop()
    assert code == 0, err
    assert answered > 100 and shop.count("bronze") >= answered * 10
    shop.drain()
    assert shop.count("silver") == 10
    shop.verify()


# The live feed has no end. No schema tells whether a string is SQL, nor what a vendor's library may send.
SCHEMATHESIS = """
generation.max-examples = {others}

[[operations]]
include-path = "/v1/live"
enabled = false

[[operations]]
include-path = ["/v1/sql", "/mp/collect", "/debug/mp/collect", "/g/collect", {segment}]
checks.positive_data_acceptance.enabled = false

[[operations]]
include-path = "/v1/events"
generation.max-examples = {events}
"""


SEGMENT_CALLS = "track page screen identify group alias t p s i g a batch import b"
SEGMENT = [f"/v1/{call}" for call in SEGMENT_CALLS.split()] + ["/b"]


@pytest.mark.parametrize(
    "events, others", [(20, 5), pytest.param(200, 30, marks=pytest.mark.long)], ids=["few", "many"]
)
def test_the_port_does_what_the_openapi_file_says(port, tmp_path, events, others):
    server = port()
    (tmp_path / "schemathesis.toml").write_text(
        SCHEMATHESIS.format(events=events, others=others, segment=json.dumps(SEGMENT)[1:-1])
    )
    options = ["--url", f"http://127.0.0.1:{server.port}", "--phases", "coverage,fuzzing", "--seed", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", ROOT / "schemas" / "openapi.yaml", *options],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-500:]
    assert server.stop()[0] == 0


def test_a_full_disk_is_a_503_until_there_is_room_again(shop_at, small_disk):
    server = Port(shop_at(small_disk / "data"))
    try:
        assert server.post(event(0))[0] == 202
        os.system(f"dd if=/dev/zero of={small_disk}/filler bs=4k 2>/dev/null")
        body = [event(n, page_url="x" * 1000) for n in range(1, 500)]
        status, answer, headers = server.post(body)
        assert status == 503 and "No space left" in answer["detail"] and int(headers["Retry-After"]) > 0
        assert metric(server, "millrace_collect_refused_requests_total", reason="log") == 1
        (small_disk / "filler").unlink()
        wait_until(lambda: server.post(body)[0] == 202)
    finally:
        assert server.stop()[0] == 0


@pytest.mark.long
def test_a_broker_that_is_away_is_a_503_within_seconds(shop, tmp_path, free_port):
    broker = stack.Kafka(tmp_path / "kafka", free_port).start()
    address = f"kafka://127.0.0.1:{free_port}/away"
    try:
        server = Port(shop, command=["--bronze", address, "serve"])
        assert server.post(event(1))[0] == 202
        broker.stop()
        began = time.monotonic()
        status, answer, headers = server.post(event(2))
        assert status == 503 and "Kafka" in answer["detail"] and headers["Retry-After"]
        assert time.monotonic() - began < 25
        broker.start()
        wait_until(lambda: server.post(event(3))[0] == 202, seconds=60)
        assert server.stop()[0] == 0
    finally:
        broker.stop()


def test_a_writer_that_was_stopped_is_a_503_in_time_and_holds_no_stop_up(shop, shop_at, port):
    shop.run("topic", "create", "--partitions", "1")
    server = port("--no-simulator", command="run")
    holder = shop_at("data", "millrace_crash").start(
        "produce",
        "--rate",
        "max",
        "--count",
        "10",
        env={"MILLRACE_FAIL_AT": "bronze.append.before_write:1", "MILLRACE_FAIL_STOP": "1"},
    )
    wait_until_stopped(holder)  # it holds the partition's lock
    try:
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda n: server.post(event(n)), range(4)))
        assert time.monotonic() - began < 18
        for status, answer, headers in answers:
            assert status == 503 and "another process holds" in answer["detail"] and headers["Retry-After"]
        under_way = threading.Thread(
            target=lambda: server.raw(
                b"POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
            )
        )
        under_way.start()
        wait_until(lambda: metric(server, "millrace_collect_waiting_bytes") > 0)
        began = time.monotonic()
        code, _, err = server.stop(signal.SIGTERM)
        assert code == 0, err
        assert time.monotonic() - began < 8
        under_way.join()
    finally:
        holder.send_signal(signal.SIGCONT)
    assert holder.wait(60) == 0
    shop.drain()
    assert shop.count("silver") == 10
    shop.verify()


def test_what_never_becomes_a_request_is_counted(port):
    server = port()
    assert "413" in server.raw(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
    assert "400" in server.raw(b"nonsense\r\n\r\n")
    assert "431" in server.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n")
    assert metric(server, "millrace_http_refused_total", reason="size") == 2
    assert metric(server, "millrace_http_refused_total", reason="syntax") == 1
    server.raw(b"GET / HTTP/1.1\r\nHost:")  # the request stops here
    assert metric(server, "millrace_http_refused_total", reason="timeout") == 1


def test_logs_are_json_where_they_are_to_be_and_tell_no_secret(shop):
    server = Port(
        shop,
        "--write-key",
        f"web={KEY}",
        "--port",
        "0",
        command=["--log", "json", "run", "--no-simulator", "--trigger", "0"],
    )
    assert server.post(event(1), Authorization=f"Bearer {KEY}")[0] == 202
    assert server.post(event(2), Authorization="Bearer not-the-key-not-the-key")[0] == 401
    wait_until(lambda: shop.count("silver") == 1)
    assert server.stop()[0] == 0
    server = Port(
        shop,
        "--write-key",
        f"web={KEY}",
        "--port",
        "0",
        command=["--log", "json", "run", "--no-simulator", "--trigger", "0"],
    )
    wait_until(lambda: server.get("/readyz")[0] == 200)
    code, out, err = server.stop()
    assert code == 0 and KEY not in out + err and "not-the-key" not in out + err
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert lines and all({"time", "level", "message"} <= line.keys() for line in lines)


def test_who_sends_more_than_they_may_is_told_when_to_come_again(shop, port):
    server = port("--key-limit", "2")
    assert server.post([event(n) for n in range(20)])[0] == 202
    status, answer, headers = server.post([event(n) for n in range(100, 104)])
    assert status == 429 and headers["Retry-After"] in ("1", "2"), answer
    assert 'reason="limit"} 1' in server.get("/metrics")[1]
    server.stop()
    assert shop.count("bronze") == 20


def test_each_address_has_its_limit_and_only_a_trusted_proxy_tells_another_s(port):
    batch = iter(range(1000))

    def post(server, client):
        return server.post([event(next(batch)) for _ in range(20)], X_Forwarded_For=client)[0]

    behind = port("--address-limit", "2", "--trusted-proxy", "127.0.0.1")
    assert [post(behind, "203.0.113.1"), post(behind, "9.9.9.9, 203.0.113.1"), post(behind, "203.0.113.2")] == [
        202,
        429,
        202,
    ]
    exposed = port("--address-limit", "2")
    assert [post(exposed, "203.0.113.1"), post(exposed, "203.0.113.2")] == [202, 429]


def test_segment_s_and_google_s_libraries_only_need_another_url(shop, port):
    server = port("--write-key", f"web={KEY}")
    basic = "Basic " + __import__("base64").b64encode(f"{KEY}:".encode()).decode()
    order = {
        "order_id": "o1",
        "currency": "USD",
        "products": [{"product_id": "p1", "price": 5, "quantity": 2}, {"product_id": "p2", "price": "7.5"}],
    }
    batch = {
        "batch": [
            {"type": "identify", "userId": "u1"},
            {"type": "page", "userId": "u1", "properties": {"url": "https://shop.example/"}},
            {
                "type": "track",
                "userId": "u1",
                "messageId": "m1",
                "event": "Order Completed",
                "properties": order,
                "context": {"userAgent": "Googlebot/2.1"},
            },
        ]
    }
    for _ in range(2):  # a message that is sent twice counts once
        assert server.post(batch["batch"][2], path="/v1/track", Authorization=basic)[:2] == (200, {"success": True})
    assert server.post({"userId": "u1", "messageId": "m2"}, path="/v1/page", Authorization=basic)[0] == 200
    assert (
        server.post(
            gzip.compress(json.dumps(batch).encode()), path="/v1/batch", Authorization=basic, Content_Encoding="gzip"
        )[0]
        == 200
    )
    hit = {
        "client_id": "c1",
        "events": [{"name": "view_item", "params": {"currency": "USD", "items": [{"item_id": "p1", "price": 5}]}}],
    }
    assert server.post(hit, path=f"/mp/collect?measurement_id=G-1&api_secret={KEY}")[0] == 204
    assert server.post(hit, path="/mp/collect?measurement_id=G-1&api_secret=wrong")[0] == 401
    assert server.post("5", path="/v1/track", Authorization=basic)[0] == 400
    assert server.post({"batch": 1}, path="/v1/batch", Authorization=basic)[0] == 400
    assert "millrace_collect_ignored_messages_total 1" in server.get("/metrics")[1]
    server.stop()
    shop.drain()
    assert shop.count("silver", "event_type") == {"page_view": 2, "purchase": 2, "view": 1}
    rows = shop.json(
        "sql",
        "select product_id, price, quantity, order_id, currency, is_bot from silver "
        "where event_type = 'purchase' order by 1",
    )["rows"]
    assert rows[0] == {
        "product_id": "p1",
        "price": 5.0,
        "quantity": 2,
        "order_id": "o1",
        "currency": "USD",
        "is_bot": rows[0]["is_bot"],
    }
    assert rows[1]["price"] == 7.5 and shop.count("quarantine") == 0
    shop.verify()


def test_health_and_metrics_are_told(port):
    server = port()
    server.post([event(1), event(2, price=-1)])
    assert json.loads(server.get("/healthz")[1]) == {"status": "up"}
    assert server.get("/readyz")[0] == 200
    text = server.get("/metrics")[1]
    assert "millrace_collect_events_total 2\n" in text and "millrace_collect_invalid_events_total 1\n" in text
    assert re.search(r'millrace_log_end_offset\{partition="\d"\} [12]', text)


def test_run_takes_events_in_and_they_are_in_silver_within_moments(shop, port):
    server = port("--no-simulator", "--trigger", "0", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    assert server.post([event(1), event(2), event(2)])[0] == 202
    wait_until(lambda: "millrace_silver_rows_total 2\n" in server.get("/metrics")[1])
    assert 'millrace_silver_dropped_records_total{reason="duplicate"} 1' in server.get("/metrics")[1]
    code, out, _ = server.stop()
    assert code == 0 and "3 silver rows" not in out
    assert shop.count("silver") == 2


def test_run_goes_on_without_http_where_the_usual_port_is_taken(shop, shop_at):
    host = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"  # of this test alone
    with contextlib.ExitStack() as taken:
        with contextlib.suppress(OSError):  # a program that listens on all addresses has the port already
            taken.enter_context(socket.create_server((host, 8090)))
        out = shop.run(
            "run",
            "--host",
            host,
            "--duration",
            "500ms",
            "--rate",
            "100",
            "--trigger",
            "100ms",
            env={"MILLRACE_RUN_PORT": None},
        )
    assert (
        "port 8090 is in use" in shop.stderr
        and "no dashboard, no SQL and no metrics" in shop.stderr
        and "verified" in out
    )
