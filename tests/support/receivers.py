"""Receivers of alerts: an HTTP server and an SMTP server."""

import contextlib
import email
import http.server
import json
import threading

from aiosmtpd.controller import Controller


class Webhook(contextlib.AbstractContextManager):
    """Accepts POST requests at `url` after it has refused the first `refused` of them."""

    def __init__(self, refused=0):
        self.refused, self.received, outer = refused, [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refuse = outer.refused > 0
                outer.refused -= refuse
                if not refuse:
                    outer.received.append((dict(self.headers), json.loads(body)))
                self.send_response(503 if refuse else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def keys(self):
        return [headers["Idempotency-Key"] for headers, _ in self.received]


class MailServer(contextlib.AbstractContextManager):
    """Accepts mail at `url` after it has refused the first `refused` messages with a temporary error."""

    def __init__(self, port, refused=0):
        self.refused, self.received = refused, []
        self.controller = Controller(self, hostname="127.0.0.1", port=port)
        self.controller.start()
        self.url = f"smtp://127.0.0.1:{port}"

    async def handle_DATA(self, _server, _session, envelope):
        if self.refused > 0:
            self.refused -= 1
            return "451 try again later"
        self.received.append((envelope, email.message_from_bytes(envelope.content)))
        return "250 taken"

    def __exit__(self, *_):
        self.controller.stop()
