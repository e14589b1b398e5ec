"""A terminal session that runs a page's commands by bash, in a directory of the page, exactly as the page shows them.

A command that runs until it is stopped, such as `millrace serve`, keeps running during the following commands, until
the page starts another such command or the same one with other options, or ends. The command is then ended by Ctrl-C,
and its exit code must be 0.
"""

import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

COMMAND_SECONDS = 60  # the longest time that a command may take
START_SECONDS = 90  # the longest time until a command that keeps running is ready

MILLRACE = r"\bmillrace (?:--\S+ \S+ )*"  # the global options may come before the command
UNTIL_STOPPED = [
    re.compile(MILLRACE + pattern)
    for pattern in (
        r"(serve|run|demo)\b",
        r"load\b.*--serve",
        r"(silver|archive)\b(?!.*--available-now)",
        r"gold\b(?! list| reconcile)(?!.*(--available-now|--batch))",
        r"produce\b(?!.*--count)",
        r"topic read\b.*--follow",
    )
]
HAS_PORT = re.compile(MILLRACE + r"(serve|run|demo|load)\b(?!.*--no-http)")


class CommandFailed(AssertionError):
    pass


def without_comment(command):
    """The command without the comment at the end of its line."""
    return re.sub(r"\s+# .*$", "", command, flags=re.M)


def runs_until_stopped(command):
    return any(pattern.search(without_comment(command)) for pattern in UNTIL_STOPPED)


def subcommand(command):
    found = re.search(MILLRACE + r"([a-z]+)", command)
    return found and found[1]


def programs(pid):
    """The running millrace processes among this process and its descendants."""
    try:
        if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "millrace":
            yield pid
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from programs(int(child))
    except OSError:
        return  # the process has ended meanwhile


def takes_ctrl_c(pid):
    """Whether the program has blocked SIGINT to wait for it, so that Ctrl-C ends it cleanly.

    While a thread is being created, all signals are blocked for a moment.
    """
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    mask = int(re.search(r"^SigBlk:\s*([0-9a-f]+)", status, re.M)[1], 16)
    return bool(mask >> (signal.SIGINT - 1) & 1) and not mask >> (signal.SIGHUP - 1) & 1


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


class Session:
    def __init__(self, directory, environment, port, replaced=None):
        self.directory = directory
        self.environment = environment
        self.port = port
        self.replaced = {"8090": str(port), **(replaced or {})}
        self.up = None  # (place, command, process, output file) of the command that keeps running
        self.outputs = []  # (command, stdout) of the commands that have ended

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if failure is None:
            self.end()
        elif self.up:
            os.killpg(self.up[2].pid, signal.SIGKILL)
            self.up[2].wait()

    def run(self, place, command):
        """Runs one command of a page; returns its stdout, or None when it keeps running."""
        for old, new in self.replaced.items():
            command = command.replace(old, new)
        if runs_until_stopped(command):
            self.end()
            return self.begin(place, command)
        if self.up and subcommand(command) == subcommand(self.up[1]):
            self.end()
        password = b"correct horse battery staple\n" if "access add" in command and "--token" not in command else b""
        done = self.spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = done.communicate(password, timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            done.communicate()
            raise CommandFailed(f"{place}: {command}\nstill runs after {COMMAND_SECONDS} s") from None
        out, err = out.decode(errors="replace"), err.decode(errors="replace")
        if done.returncode != 0:
            raise CommandFailed(f"{place}: {command}\nended with {done.returncode}\n{out}\n{err}")
        self.outputs.append((without_comment(command), out))
        return out

    def spawn(self, command, **streams):
        return subprocess.Popen(
            ["bash", "-c", command], cwd=self.directory, env=self.environment, start_new_session=True, **streams
        )

    def begin(self, place, command):
        log = open(self.directory / "stays-up.log", "w+b")  # noqa: SIM115, end() closes it
        process = self.spawn(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.up = (place, command, process, log)
        limit = time.monotonic() + START_SECONDS
        while not self.is_ready(process, command):
            if process.poll() is not None:
                return self.end()  # it has ended by itself, at once or with an error
            if time.monotonic() > limit:
                raise CommandFailed(f"{place}: {command}\nis not ready after {START_SECONDS} s\n{self.log_text(log)}")
            time.sleep(0.02)
        return None

    def is_ready(self, process, command):
        ready = any(takes_ctrl_c(pid) for pid in programs(process.pid))
        return ready and (not HAS_PORT.search(command) or answers(self.port))

    @staticmethod
    def log_text(log):
        log.seek(0)
        return log.read().decode(errors="replace")

    def end(self):
        """Ends the command that keeps running by Ctrl-C; returns what it has printed."""
        if not self.up:
            return ""
        place, command, process, log = self.up
        self.up = None
        for pid in programs(process.pid):
            os.kill(pid, signal.SIGINT)
        try:
            code = process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise CommandFailed(
                f"{place}: {command}\nstill runs {COMMAND_SECONDS} s after Ctrl-C\n{self.log_text(log)}"
            ) from None
        out = self.log_text(log)
        log.close()
        if code != 0:
            raise CommandFailed(f"{place}: {command}\nended with {code}\n{out}")
        self.outputs.append((without_comment(command), out))
        return out
