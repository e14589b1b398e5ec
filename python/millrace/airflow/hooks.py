"""The connection to a shop: its data directory for commands, and the dashboard's address for links."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from airflow.sdk import BaseHook

DEFAULT_CONNECTION = "millrace_default"
# With these, a command takes its options from the connection.
VARIABLES = {"bronze": "MILLRACE_BRONZE", "topic": "MILLRACE_TOPIC", "config": "MILLRACE_CONFIG"}


class MillraceHook(BaseHook):
    """A shop, as an Airflow connection of the type `millrace` describes it.

    Host, port and schema (http or https) are those of the dashboard, and the password is its token; all of them may be
    empty. Extra is a JSON object: data = the data directory (required for commands); bronze, topic and config = as the
    options of `millrace` of these names; program = the program, if it is not the one of this package.
    """

    conn_name_attr = "millrace_conn_id"
    default_conn_name = DEFAULT_CONNECTION
    conn_type = "millrace"
    hook_name = "Millrace"

    def __init__(self, millrace_conn_id=DEFAULT_CONNECTION, **kwargs):
        super().__init__(**kwargs)
        self.millrace_conn_id = millrace_conn_id
        self._connection = None

    @classmethod
    def get_ui_field_behaviour(cls):
        return {
            "hidden_fields": ["login"],
            "relabeling": {"password": "Token of the dashboard", "schema": "Schema (http or https)"},
            "placeholders": {
                "host": "shop.example (the dashboard)",
                "port": "8090",
                "extra": '{"data": "/data/shop"}',
            },
        }

    def get_conn(self):
        """The connection of Airflow."""
        if self._connection is None:
            self._connection = self.get_connection(self.millrace_conn_id)
        return self._connection

    @property
    def extra(self):
        return self.get_conn().extra_dejson

    @property
    def data(self):
        """The data directory."""
        data = self.extra.get("data")
        if not data:
            raise ValueError(
                f"the connection {self.millrace_conn_id} names no data directory: "
                'set its extra to {"data": "/data/shop"}'
            )
        return data

    @property
    def url(self):
        """The dashboard's address, such as http://127.0.0.1:8090, or an empty string."""
        connection = self.get_conn()
        if not connection.host:
            return ""
        port = f":{connection.port}" if connection.port else ""
        return f"{connection.schema or 'http'}://{connection.host}{port}"

    def dashboard_link(self, page="overview", start=None, end=None):
        """The address of a page of the dashboard for a range of days, or an empty string without a dashboard."""
        if not self.url:
            return ""
        days = {name: day for name, day in (("from", start), ("to", end)) if day}
        return f"{self.url}/#/{page}" + (f"?{urllib.parse.urlencode(days)}" if days else "")

    @property
    def program(self):
        """The program: that of the connection, of this Python, or of the PATH."""
        beside = Path(sys.executable).with_name("millrace")
        return self.extra.get("program") or (str(beside) if beside.exists() else "millrace")

    def command(self, *arguments):
        """The command line of a command of the program."""
        return [self.program, "--data", self.data, *map(str, arguments)]

    def environment(self, more=None):
        """The environment that a command runs in."""
        own = {variable: str(self.extra[name]) for name, variable in VARIABLES.items() if self.extra.get(name)}
        return {**os.environ, **own, **(more or {})}

    def run(self, *arguments, codes=(0,), timeout=600):
        """Runs a command with --json to its end. Returns its exit code, which is one of `codes`, and its report."""
        done = subprocess.run(
            self.command(*arguments, "--json"),
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self.environment(),
        )
        if done.returncode not in codes:
            raise RuntimeError(done.stderr.strip() or f"millrace {arguments[0]} ended with {done.returncode}")
        return done.returncode, json.loads(done.stdout)

    def get(self, path, timeout=30):
        """What the dashboard's HTTP API answers, such as get("/v1/reports/kpis")."""
        headers = {"Authorization": f"Bearer {self.get_conn().password}"} if self.get_conn().password else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.loads(response.read())

    def test_connection(self):
        """Whether the program finds the data directory, for the button Test of Airflow's page."""
        try:
            _, report = self.run("freshness")
        except Exception as error:
            return False, str(error)
        return True, f"silver is complete up to {report['silver']['up_to']}"
