"""A proxy that notes the requests of a client, so that a test can send them again without the client."""

import base64
import http.client
import http.server
import json
import threading

# What the connection decides, and not the client's library.
LEFT_OUT = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}


class Recorder:
    """Listens on a port of its own, and passes each request on to `port`."""

    def __init__(self, port):
        self.requests = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.body()
                headers = {name: value for name, value in self.headers.items() if name.lower() not in LEFT_OUT}
                if self.command == "POST":
                    recorder.note(self.path, headers, body)
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
                answer = response.read()
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in LEFT_OUT:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                connection.close()

            def body(self):
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            do_GET = do_POST = do_OPTIONS = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def note(self, path, headers, body):
        self.requests.append({"path": path, "headers": headers, "body": base64.b64encode(body).decode()})

    def save(self, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.requests, indent=1) + "\n")

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def send_again(file, port):
    """Sends the noted requests, and returns the statuses of the answers."""
    statuses = []
    for request in json.loads(file.read_text()):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", request["path"], base64.b64decode(request["body"]), request["headers"])
        statuses.append(connection.getresponse().status)
        connection.close()
    return statuses
