"""Apache Kafka."""

import socket
import struct
import subprocess

from scripts.stack.service import ROOT, SHORT_LIVED, Service, StackError, free_port, port_is_free

JARS = ROOT / "build" / "jars" / "kafka"


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
