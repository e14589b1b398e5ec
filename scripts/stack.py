#!/usr/bin/env python3
"""Services without Docker: `stack.py up|down|status [--json] [SERVICE…]`, or make stack-up, stack-down, stack-status.

Each service has a folder under .stack/ with its data, its log and its state, and listens on the loopback address only.
The tests and benchmarks start services of their own with the classes below, in other folders and on free ports.
"""

import argparse
import contextlib
import json
import os
import pathlib
import pwd
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
JARS = ROOT / "build" / "jars" / "kafka"


class StackError(Exception):
    """A service cannot be started. The message says what to do."""


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port():
    """A free port that Linux gives to no outgoing connection, so that it stays free while a service restarts."""
    for _ in range(1000):
        port = random.randrange(15_000, 32_000)
        if port_is_free(port):
            return port
    raise StackError("there is no free port between 15000 and 32000")


class Service:
    """A process in a folder of its own. The state file outlives the program that started it."""

    name = ""
    patience = 120

    def __init__(self, folder, port):
        self.folder = pathlib.Path(folder).resolve()
        self.port = port
        self.log = self.folder / f"{self.name}.log"
        self.state_file = self.folder / "state.json"
        if self.pid():
            self.port = json.loads(self.state_file.read_text())["port"]

    def pid(self):
        """The running process, or None. A process id that now belongs to another program does not count."""
        try:
            pid = json.loads(self.state_file.read_text())["pid"]
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, KeyError):
            return None
        return pid if str(self.folder).encode() in command else None

    def start(self):
        process = None
        if not self.pid():  # otherwise another process may be starting it
            self.folder.mkdir(parents=True, exist_ok=True)
            self.prepare()
            with open(self.log, "ab") as log:
                process = subprocess.Popen(
                    self.command(),
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    cwd=self.folder,
                    start_new_session=True,
                )
            self.state_file.write_text(json.dumps({"pid": process.pid, "port": self.port}))
        end = time.monotonic() + self.patience
        while not self.healthy():
            ended = process.poll() is not None if process else self.pid() is None
            if ended or time.monotonic() > end:
                raise StackError(f"{self.name} did not come up; the end of {self.log}:\n{self.last_lines()}")
            time.sleep(0.1)
        return self

    def stop(self, how=signal.SIGTERM):
        """Asks the process to end, kills it when it does not end within 30 s, and returns when its ports are free."""
        pid = self.pid()
        if pid is None:
            return
        process = os.pidfd_open(pid)
        try:
            os.kill(pid, how)
            # A process that is ending has lost its command line, by which pid() knows it, long before its sockets.
            if not select.select([process], [], [], 30)[0]:
                os.kill(pid, signal.SIGKILL)
                select.select([process], [], [])
            with contextlib.suppress(ChildProcessError):  # another program has started it
                os.waitpid(pid, 0)
        finally:
            os.close(process)

    def last_lines(self, count=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:]) if self.log.exists() else ""

    def status(self):
        pid = self.pid()
        state = "down" if pid is None else "up" if self.healthy() else "not answering"
        return {"service": self.name, "state": state, "port": self.port, "pid": pid, "log": str(self.log)}


# For a JVM that runs for seconds or minutes: it compiles less thoroughly, which halves the CPU time of its start.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Kafka(Service):
    """One broker that is its own controller (KRaft, no ZooKeeper)."""

    name = "kafka"

    def __init__(self, folder, port=9092, heap="512m", properties=None, java_options=()):
        super().__init__(folder, port)
        self.heap = heap
        self.properties = properties or {}
        self.java_options = java_options

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def java(self, main, *args, heap="256m", options=()):
        return [
            "java",
            f"-Xmx{heap}",
            *options,
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
            f"{JARS}/*",
            main,
            *map(str, args),
        ]

    def tool(self, main, *args):
        """Runs one of Kafka's own command line tools on this broker, and returns what it prints."""
        command = self.java(main, "--bootstrap-server", self.address, *args, options=SHORT_LIVED)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"{main} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def prepare(self):
        if not JARS.exists():
            raise StackError(f"{JARS} is missing; fetch it with: MILLRACE_SETUP=stack scripts/setup.sh")
        if not port_is_free(self.port):
            raise StackError(f"port {self.port} is taken by another program; stop it, or set KAFKA_PORT")
        config = self.folder / "server.properties"
        controller = free_port()
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self.folder / "data",
            "num.partitions": 3,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
            "log.retention.hours": 168,
            **self.properties,
        }
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        if (self.folder / "data" / "meta.properties").exists():
            return
        done = subprocess.run(
            self.java("kafka.tools.StorageTool", "format", "-t", "bWlsbHJhY2Vtb2NrY2x1cw", "-c", config),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise StackError(f"formatting Kafka's storage failed:\n{done.stderr or done.stdout}")

    def command(self):
        return self.java("kafka.Kafka", self.folder / "server.properties", heap=self.heap, options=self.java_options)

    def healthy(self):
        """Whether the broker answers a request for its API versions."""
        request = struct.pack(">hhih", 18, 0, 1, -1)
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.settimeout(2)
                connection.sendall(struct.pack(">i", len(request)) + request)
                return len(connection.recv(4)) == 4
        except OSError:
            return False


class Postgres(Service):
    """One database cluster, with the user and database `millrace`; local connections need no password."""

    name = "postgres"

    def __init__(self, folder, port=5432):
        super().__init__(folder, port)

    @property
    def url(self):
        return f"postgresql://millrace@127.0.0.1:{self.port}/millrace"

    @staticmethod
    def binaries():
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        if not found:
            raise StackError("PostgreSQL is missing; install it with: MILLRACE_SETUP=stack scripts/setup.sh")
        return found[-1]

    def as_owner(self, *command):
        """The command as the user postgres when this program runs as root, since PostgreSQL refuses to run as root."""
        command = list(map(str, command))
        return (
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
            if os.getuid() == 0
            else command
        )

    def prepare(self):
        while not port_is_free(self.port):
            self.port += 1
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        data = self.folder / "data"
        if (data / "PG_VERSION").exists():
            return
        done = subprocess.run(
            self.as_owner(
                self.binaries() / "initdb",
                "-D",
                data,
                "-U",
                "millrace",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ),
            capture_output=True,
            text=True,
            cwd="/",
        )
        if done.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise StackError(f"creating the database cluster failed:\n{done.stderr}")

    def command(self):
        return self.as_owner(
            self.binaries() / "postgres",
            "-D",
            self.folder / "data",
            "-p",
            self.port,
            "-h",
            "127.0.0.1",
            "-k",
            self.folder,
        )

    def psql(self, statement, database="postgres"):
        return subprocess.run(
            [
                self.binaries() / "psql",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-U",
                "millrace",
                "-d",
                database,
                "-Atqc",
                statement,
            ],
            capture_output=True,
            text=True,
        )

    def start(self):
        super().start()
        if not self.psql("select 1 from pg_database where datname = 'millrace'").stdout.strip():
            self.psql("create database millrace")
        return self

    def healthy(self):
        return (
            subprocess.run([self.binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode
            == 0
        )


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


def services(base=ROOT / ".stack"):
    return [
        Kafka(base / "kafka", int(os.environ.get("KAFKA_PORT", 9092))),
        Postgres(base / "postgres", int(os.environ.get("POSTGRES_PORT", 5432))),
        Prometheus(base / "prometheus", int(os.environ.get("PROMETHEUS_PORT", 9090))),
    ]


def show(all_status, as_json):
    if as_json:
        print(json.dumps(all_status))
        return
    for status in all_status:
        print(f"{status['service']:12}{status['state']:15}port {status['port']:<7}log {status['log']}")


def main():
    parser = argparse.ArgumentParser(description="Kafka, PostgreSQL and Prometheus on this machine, without Docker")
    parser.add_argument("action", choices=["up", "down", "status"])
    parser.add_argument("service", nargs="*", help="kafka, postgres, prometheus; all when none is named")
    parser.add_argument("--json", action="store_true", help="as one JSON array")
    options = parser.parse_args()
    chosen = [service for service in services() if not options.service or service.name in options.service]
    try:
        for service in chosen:
            if options.action == "up":
                service.start()
            elif options.action == "down":
                service.stop()
    except StackError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    all_status = [service.status() for service in chosen]
    show(all_status, options.json)
    return 0 if options.action != "status" or all(status["state"] == "up" for status in all_status) else 1


if __name__ == "__main__":
    sys.exit(main())
