"""A running command that serves HTTP, and requests to it."""

import http.client
import json
import re
import signal
import socket
import urllib.error
import urllib.request

from tests.support.shop import stop

KEY = "0123456789abcdef0123"  # a write key


class Port:
    """A running `millrace serve`, or another command that serves HTTP, on any free port."""

    def __init__(self, shop, *options, command="serve"):
        words = [command] if isinstance(command, str) else command
        self.process = shop.start(*words, *([] if "--port" in options else ["--port", "0"]), *options)
        for line in self.process.stdout:
            found = re.search(rb"http://[^/;]+:(\d+)", line)
            if found:
                break
        else:
            raise AssertionError(self.process.stderr.read().decode())
        self.port = int(found[1])

    def post(self, body, path="/v1/events", method="POST", **headers):
        """The status, the answer and its headers."""
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            body,
            method=method,
            headers={
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.loads(response.read() or "null"), response.headers
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null"), error.headers

    def get(self, path):
        """The status and the body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def raw(self, data, patience=20):
        """What the server answers to these bytes until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as connection:
            connection.sendall(data)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer.decode(errors="replace")

    def stop(self, how=signal.SIGINT):
        return stop(self.process, how)


def metric(server, name, **labels):
    """The value of a metric, or None when the server does not report it."""
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    found = re.search(
        rf"^{name}{re.escape('{' + inside + '}') if labels else ''} (\S+)$", server.get("/metrics")[1], re.M
    )
    return float(found[1]) if found else None


def http_post(port, path, body, **headers):
    """Posts JSON; returns the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    return response.status, response.read().decode()
