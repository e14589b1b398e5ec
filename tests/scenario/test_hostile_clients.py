"""No client can end the pipeline, stall it, fill its memory, or shut out another client."""

import contextlib
import gzip
import json
import re
import resource
import socket
import threading
import time

import pytest

from tests.support.events import event
from tests.support.port import KEY, metric
from tests.support.processes import memory_kib
from tests.support.shop import wait_until


def resident_mib(server):
    return memory_kib(server.process.pid) / 1024


def goes_on(server):
    return server.process.poll() is None and server.get("/healthz")[0] == 200


@pytest.mark.parametrize("depth", [1_000, 110_000, 300_000, 4_000_000])
@pytest.mark.parametrize("form", ["[{}]", '{{"a":{}}}', "{{}}\n{}", "[1,{}"])
def test_nesting_is_refused_or_taken_and_never_ends_the_server(port, depth, form):
    server = port()
    nested = form.format("[" * depth + "]" * depth).encode()
    for body, headers in ((nested, {}), (gzip.compress(nested), {"Content_Encoding": "gzip"}), (nested[:depth], {})):
        assert server.post(body, **headers)[0] in (202, 400, 413)
    assert goes_on(server)


@pytest.mark.parametrize(
    "body", [b"{}\n" * 2_700_000, b"[" + b"1," * 4_000_000 + b"1]", b"1\n" * 4_000_000, b"[" * 8_000_000]
)
def test_many_small_messages_are_refused_quickly_and_in_little_memory(port, body):
    server = port()
    for sent, headers in ((body, {}), (gzip.compress(body), {"Content_Encoding": "gzip"})):
        began = time.monotonic()
        status, answer, _ = server.post(sent, **headers)
        assert status in (400, 413) and len(json.dumps(answer)) < 1000, answer
        assert time.monotonic() - began < 5
    assert resident_mib(server) < 300


def test_the_largest_body_that_is_taken_holds_up_nobody(shop, port):
    server = port()
    body = gzip.compress(b"{}\n" * 100_000)
    done = []
    sender = threading.Thread(
        target=lambda: done.append([server.post(body, Content_Encoding="gzip") for _ in range(3)])
    )
    sender.start()
    slowest = 0.0
    while sender.is_alive():
        began = time.monotonic()
        assert server.get("/healthz")[0] == 200
        slowest = max(slowest, time.monotonic() - began)
    sender.join()
    assert slowest < 0.5
    for status, answer, _ in done[0]:
        assert status == 202 and answer["accepted"] == 100_000
        assert len(answer["invalid"]) == 1000 and answer["more_invalid"] == 99_000
    assert resident_mib(server) < 400
    server.stop()
    assert shop.count("bronze") == 300_000


def test_what_follows_a_zero_byte_is_not_thrown_away(shop, port):
    server = port()
    one, two = (json.dumps(event(n)).encode() for n in (1, 2))
    accepted = 0
    for body in (
        one + b"\0" + two,
        one + b"\n\0\n" + two,
        b"[" + one + b"]\0[" + two + b"]",
        b"\0" + one,
        one + b"\0no { json",
    ):
        status, answer, _ = server.post(body)
        assert status in (202, 400), body
        if status == 202:
            assert answer["accepted"] > 1 and answer["invalid"], body
            accepted += answer["accepted"]
    server.stop()
    assert shop.count("bronze") == accepted


@pytest.fixture
def many_sockets():
    """Lets this process have 4096 sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("this machine allows this process too few sockets")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("limit", ["-Sn", "-Hn"], ids=["soft", "hard"])
def test_idle_connections_neither_end_the_pipeline_nor_shut_anyone_out(shop, port, many_sockets, tmp_path, limit):
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -Sn 1024\nulimit {limit} 1024\nexec {shop.binary} "$@"\n')
    limited.chmod(0o755)
    shop.binary = str(limited)
    server = port("--no-simulator", "--trigger", "200ms", command="run")
    wait_until(lambda: server.get("/readyz")[0] == 200)
    idle = []
    try:
        for _ in range(2_500):
            idle.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        for number in range(20):
            assert server.post(event(number))[0] == 202
        wait_until(lambda: metric(server, "millrace_silver_rows_total") == 20)
        assert metric(server, "millrace_http_evicted_connections_total") > 0
        assert metric(server, "millrace_http_connections") <= metric(server, "millrace_http_max_connections")
    finally:
        for connection in idle:
            connection.close()
    assert server.stop()[0] == 0


def test_a_long_answer_and_a_slow_upload_take_the_time_they_need_while_bytes_come(shop, port, tmp_path):
    server = port()
    body = json.dumps([event(n, page_url="x" * 500) for n in range(500)]).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        began = time.monotonic()
        for at in range(0, len(body), len(body) // 24 + 1):  # for longer than the server's timeout of ten seconds
            connection.sendall(body[at : at + len(body) // 24 + 1])
            time.sleep(0.5)
        assert time.monotonic() - began > 11
        assert connection.recv(100).startswith(b"HTTP/1.1 202")
    file = tmp_path / "many.jsonl"
    file.write_text("".join(json.dumps(event(n, event_id=f"i{n}", page_url="y" * 900)) + "\n" for n in range(25_000)))
    shop.run("import", "--format", "events", file)
    shop.drain()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        query = json.dumps({"query": "select * from silver", "format": "csv"}).encode()
        connection.sendall(
            b"POST /v1/sql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(query) + query
        )
        answer = b""
        began = time.monotonic()
        while piece := connection.recv(1 << 20):
            answer += piece
            if time.monotonic() - began < 12:
                time.sleep(0.05)
        head, text = answer.split(b"\r\n\r\n", 1)
        assert time.monotonic() - began > 11 and b" 200 " in head.split(b"\r\n")[0]
        assert len(text) == int(re.search(rb"Content-Length: (\d+)", head)[1]) > 20_000_000


def test_who_sends_a_byte_now_and_then_is_cut_off(port):
    server = port()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 60:
                connection.sendall(b"[")
                time.sleep(0.5)
        assert time.monotonic() - began < 30
    wait_until(lambda: metric(server, "millrace_http_refused_total", reason="timeout") == 1)


HEADS = {
    "an unknown coding": b"Transfer-Encoding: xchunked",
    "two codings": b"Transfer-Encoding: chunked, gzip",
    "twice the same": b"Transfer-Encoding: chunked, chunked",
    "two headers": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "a length too": b"Transfer-Encoding: xchunked\r\nContent-Length: 5",
    "a length before": b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    "two hosts": b"Content-Length: 0\r\nHost: y",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
def test_a_request_that_could_be_read_in_two_ways_is_refused_and_ends_the_connection(shop, port, head):
    server = port()
    smuggled = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    answer = server.raw(b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n0\r\n\r\n" + smuggled)
    assert answer.startswith("HTTP/1.1 400") and len(re.findall(r"HTTP/1\.1 \d{3} ", answer)) == 1, answer
    old = server.raw(b"POST /v1/events HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert old.startswith("HTTP/1.1 400")
    assert server.raw(b"GET /healthz HTTP/1.1\r\n\r\n").startswith("HTTP/1.1 400")
    server.stop()
    assert shop.count("bronze") == 0


@pytest.mark.parametrize(
    "host, allowed",
    [
        ("localhost:8090", True),
        ("[::1]:8090", True),
        ("127.0.0.1", True),
        ("[::1].evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("localhost:80.evil.example", False),
    ],
)
def test_only_this_machine_s_own_names_are_answered_while_nobody_is_named(port, host, allowed):
    answer = port().raw(f"GET /v1/about HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith("HTTP/1.1 200" if allowed else "HTTP/1.1 403"), answer


def test_guessing_passwords_shuts_out_nobody_who_is_known(shop, port):
    shop.run("access", "add", "ann", "--role", "admin", input=b"correct horse battery\ncorrect horse battery\n")
    server = port()

    def login(name, password):
        return server.post({"name": name, "password": password}, path="/v1/login")

    status, _, headers = login("ann", "correct horse battery")
    assert status == 200
    cookie = headers["Set-Cookie"].split(";")[0]
    ended = threading.Event()

    def guess(number):
        tries = 0
        while not ended.is_set():
            tries += 1
            with contextlib.suppress(OSError):
                login(f"guess{number}-{tries}", "wrong")

    guessers = [threading.Thread(target=guess, args=(n,)) for n in range(50)]
    for each in guessers:
        each.start()
    try:
        for _ in range(10):
            about, told, _ = server.post(b"", path="/v1/about", method="GET", Cookie=cookie)
            assert about == 200 and told["role"] == "admin"
            assert server.post(b"", path="/v1/state", method="GET", Cookie=cookie)[0] == 200
            assert login("ann", "correct horse battery")[0] == 200
    finally:
        ended.set()
        for each in guessers:
            each.join()
    for _ in range(10):
        assert login("ann", "wrong")[0] == 401
    assert login("ann", "correct horse battery")[0] == 401  # this address is blocked for a minute
    text = server.post(b"", path="/v1/about", method="GET", Cookie=cookie)[1]
    assert text["role"] == "admin"


def test_a_page_s_key_can_t_take_the_place_of_another_s_purchase(shop, port):
    server = port("--write-key", f"web={KEY}", "--write-key", "server=fedcba98765432100123")

    def purchase(key, client, price):
        hit = {
            "client_id": client,
            "events": [
                {
                    "name": "purchase",
                    "params": {
                        "transaction_id": "T-1002",
                        "currency": "EUR",
                        "items": [{"item_id": "p1", "price": price}],
                    },
                }
            ],
        }
        assert server.post(hit, path=f"/mp/collect?api_secret={key}")[0] == 204

    purchase(KEY, "stranger", 0.01)
    for _ in range(2):  # a purchase that is sent twice counts once
        purchase("fedcba98765432100123", "c1", 999)
    purchase(KEY, "c1", 0.02)
    for body in (
        {"user_id": "u1", "event_type": "view", "product_id": "p1", "price": 1},
        {"user_id": "u2", "event_type": "view", "product_id": "p2", "price": 2},
    ):
        for _ in range(2):
            assert server.post(body, Idempotency_Key="visit-17", Authorization=f"Bearer {KEY}")[0] == 202
    server.stop()
    shop.drain()
    rows = shop.json("sql", "select price from silver order by 1")["rows"]
    assert [row["price"] for row in rows] == [0.01, 0.02, 1.0, 2.0, 999.0]


def test_near_misses_and_wrong_types_are_told(port):
    server = port()
    status, answer, _ = server.post(
        [
            {**event(1), "event_type": "viewed"},
            {"event_id": "e2", "user_id": "u", "event_type": "view", "productId": "p1", "price": "9"},
            {**event(3), "productId": "p1", "colour": "red"},
        ]
    )
    assert status == 202
    assert [(each["index"], each["field"]) for each in answer["warnings"]] == [(0, "event_type"), (1, "productId")], (
        answer
    )
    assert "product_id" in answer["warnings"][1]["message"] and "view" in answer["warnings"][0]["message"]
    for field, value, message in (
        ("price", "cheap", "price must be a number, not a string"),
        ("user_id", True, "user_id must be a string, not a boolean"),
    ):
        assert server.post({**event(4), field: value})[1]["invalid"][0]["message"] == message
