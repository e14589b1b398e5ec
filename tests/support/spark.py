"""EcomSilverLayer on a standalone cluster of Spark."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.request

from scripts.stack import SparkMaster, SparkWorker, free_port
from scripts.stack.spark import submit
from tests.support.paths import ROOT
from tests.support.shop import environment, started

PACKAGE = ROOT / "build" / "release" / "python"
APPLICATION = ROOT / "deploy" / "spark" / "ecom_silver_layer.py"
# JVMs of a test live for seconds.
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class Cluster:
    """A master and a worker, whose cores suffice for two applications."""

    def __init__(self, folder):
        self.master = SparkMaster(folder / "master", free_port(), free_port())
        self.worker = SparkWorker(folder / "worker", self.master, free_port(), cores=4, memory="3g")

    def start(self):
        self.master.start()
        self.worker.start()
        return self

    def stop(self):
        self.worker.stop()
        self.master.stop()

    def executors(self):
        """The process ids of the executors' JVMs."""
        return [pid for pid, command in processes_in(self.worker.folder) if b"CoarseGrainedExecutorBackend" in command]

    def python_workers(self):
        """The process ids of the executors' workers in Python, which a daemon of each executor forks."""
        parents = {pid for pid, command in processes_in(self.worker.folder) if b"java" in command.split(b"\0")[0]}
        return [
            pid
            for pid, command in processes_in(self.worker.folder)
            if b"python" in command.split(b"\0")[0] and parent_of(pid) not in parents
        ]

    def restart_worker(self):
        """Kills the worker with its executors, and starts it again."""
        for pid in [*self.executors(), self.worker.pid()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.worker.stop()
        self.worker.start()


def processes_in(folder):
    """(pid, command line) of the processes whose working directory is below a folder."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if pathlib.Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                yield int(entry.name), (entry / "cmdline").read_bytes()


def parent_of(pid):
    """The process that started another one, or None if that has ended."""
    with contextlib.suppress(OSError):
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return None


class SilverJob:
    """The application on a cluster, for a shop whose log is a topic of Kafka."""

    def __init__(self, cluster, shop, *arguments, options=()):
        self.cluster = cluster
        self.shop = shop
        self.arguments = arguments
        self.options = options
        self.ui = free_port()
        self.log = shop.data / "spark.log"
        self.checkpoint = shop.data / "spark" / "silver"
        self.process = None

    def command(self, *arguments):
        conf = {
            "spark.executor.memory": "512m",
            "spark.cores.max": "2",
            "spark.executorEnv.PYTHONPATH": PACKAGE,
            "spark.driver.extraJavaOptions": QUICK,
            "spark.executor.extraJavaOptions": QUICK,
            "spark.ui.port": self.ui,
        }
        pairs = [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
        return submit(
            "--master",
            self.cluster.master.url,
            "--name",
            "EcomSilverLayer",
            *pairs,
            *self.options,
            APPLICATION,
            "--data",
            self.shop.data,
            "--bronze",
            f"kafka://{self.shop.kafka.address}/{self.shop.topic}",
            *self.arguments,
            *arguments,
            environment={"PYTHONPATH": str(PACKAGE)},
        )

    def start(self, *arguments):
        command, variables = self.command(*arguments)
        self.shop.data.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment(variables))
        started.append(self.process)
        return self

    def run(self, *arguments, code=0, timeout=240):
        """Processes what the topic has, and ends."""
        self.start("--available-now", *arguments)
        assert self.process.wait(timeout) == code, self.last_lines()
        return self

    def last_lines(self, count=60):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def kill(self, forget_checkpoint=False):
        """Kills the driver."""
        self.process.kill()
        self.process.wait(60)
        if forget_checkpoint:
            shutil.rmtree(self.checkpoint, ignore_errors=True)

    def get(self, path):
        """What Spark's REST API of the application says, or None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ui}/api/v1/{path}", timeout=10) as response:
                return json.loads(response.read())
        except (OSError, ValueError):
            return None

    def wait_until(self, condition, timeout=180):
        end = time.monotonic() + timeout
        while not condition():
            assert self.process.poll() is None, f"the driver has ended\n{self.last_lines()}"
            assert time.monotonic() < end, self.last_lines()
            time.sleep(0.2)
