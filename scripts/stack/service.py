"""A process of a service, in a folder of its own."""

import contextlib
import json
import os
import pathlib
import random
import select
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# For a JVM that runs for seconds or minutes: it compiles less thoroughly, which halves the CPU time of its start.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


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
