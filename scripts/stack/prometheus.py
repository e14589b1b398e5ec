"""Prometheus."""

import json
import shutil
import urllib.parse
import urllib.request

from scripts.stack.service import ROOT, Service, StackError, port_is_free


class Prometheus(Service):
    """A Prometheus that scrapes one Millrace, with the rules of deploy/prometheus/."""

    name = "prometheus"

    def __init__(self, folder, port=9090, target="127.0.0.1:8090", credentials=""):
        super().__init__(folder, port)
        self.target = target
        self.credentials = credentials

    def prepare(self):
        if not shutil.which("prometheus"):
            raise StackError("Prometheus is missing; install it with: MILLRACE_SETUP=stack scripts/setup.sh")
        while not port_is_free(self.port):
            self.port += 1
        deploy = ROOT / "deploy" / "prometheus"
        config = (deploy / "prometheus.yml").read_text().replace("127.0.0.1:8090", self.target)
        if self.credentials:
            config += f'    authorization: {{credentials: "{self.credentials}"}}\n'
        (self.folder / "prometheus.yml").write_text(config)
        shutil.copy(deploy / "rules.yml", self.folder / "rules.yml")

    def command(self):
        return [
            "prometheus",
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def query(self, expression):
        """The current samples of an expression."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.loads(response.read())["data"]["result"]

    def healthy(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as response:
                return response.status == 200
        except OSError:
            return False
