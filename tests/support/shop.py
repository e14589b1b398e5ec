"""The program under test, run on a data directory."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

from tests.support import oracle
from tests.support.paths import BUILD

started = []  # the processes that the current test has started


def kill_started():
    """Kills the processes that the current test has started and that still run."""
    while started:
        process = started.pop()
        if process.poll() is None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # a child of the process may hold its pipes
                process.communicate(timeout=10)


def environment(changes=None):
    """This process's environment with changes; None removes a variable. `millrace run` takes any free port."""
    merged = {**os.environ, "MILLRACE_RUN_PORT": "0", **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


class Millrace:
    """Runs the program on one data directory."""

    def __init__(self, data, binary="millrace"):
        self.data = pathlib.Path(data)
        self.binary = str(BUILD / binary)

    def command(self, *args):
        return [self.binary, "--data", str(self.data), *map(str, args)]

    def run(self, *args, code=0, env=None, input=None, timeout=300):
        """Runs a command to its end, checks its exit code, and returns its stdout. Its stderr is then in `stderr`."""
        done = subprocess.run(
            self.command(*args), capture_output=True, timeout=timeout, input=input, env=environment(env)
        )
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        assert done.returncode == code, f"{args} ended with {done.returncode}\n{out}\n{err}"
        self.stderr = err
        return out

    def json(self, *args, code=0):
        return json.loads(self.run(*args, "--json", code=code))

    def start(self, *args, env=None):
        """Starts a command and returns its process. A process that still runs after the test is killed."""
        process = subprocess.Popen(
            self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(env)
        )
        started.append(process)
        return process

    def write(self, *lines, key_separator="|"):
        """Appends records, given as `key|value`."""
        text = "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")
        self.run("topic", "write", "--key-separator", key_separator, input=text)

    def values(self):
        """The values of all records in the log, as bytes, in no order."""
        return [value for *_, value in oracle.records(self.data)]

    def drain(self, *args):
        """Processes all records of the log into silver."""
        return self.run("silver", "--available-now", *args)

    def verify(self):
        """Runs `millrace verify`, which must pass, and returns its report."""
        report = self.json("verify")
        assert report["passed"], report
        return report

    def count(self, layer, by=None):
        """The number of rows of a layer, or of each value of a column."""
        rows = self.json("count", layer, *(["--by", by] if by else []))["rows"]
        return {row[by]: row["rows"] for row in rows} if by else rows[0]["rows"]


def stop(process, how=signal.SIGINT, timeout=60):
    """Ends a running command and returns its exit code, stdout and stderr."""
    process.send_signal(how)
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def wait_until(condition, seconds=60, pause=0.02):
    """Waits for a condition that other processes make true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(pause)
    raise AssertionError(f"the condition did not come true within {seconds} s")


def wait_until_stopped(process):
    """Waits until a process has stopped itself by SIGSTOP, as a fail point with MILLRACE_FAIL_STOP does."""
    stat = pathlib.Path(f"/proc/{process.pid}/stat")
    wait_until(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T")
