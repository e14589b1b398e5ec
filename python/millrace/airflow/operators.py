"""Commands of Millrace as tasks."""

import collections
import ctypes
import json
import os
import shlex
import signal
import subprocess
import threading

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from millrace.airflow.hooks import DEFAULT_CONNECTION, MillraceHook
from millrace.airflow.links import DashboardLink

LAST_LINES = 20  # The message of a failed task has so many lines of the command's log.
LONGEST_MESSAGE = 1000  # The message of a failed check has at most so many characters.
CHECK_FAILED = 1  # A command that ran, and found what should not be, ends with this exit code.
WRONG_USAGE = 2  # A command whose options are wrong ends with this exit code.
PR_SET_PDEATHSIG = 1  # Linux's prctl() takes it to send a process a signal when its parent dies.


class MillraceOperator(BaseOperator):
    """Runs a command of the program with --json. Its last report is the task's XCom, and its log the task's log.

    arguments: the command and its options, as a list or as one text: "gold --batch --from 2024-06-01".
    millrace_conn_id: the connection, which names the data directory. env: more variables for the command.
    stop_after: seconds that a cancelled command gets to end by itself (SIGINT) before it is killed. Airflow itself
    kills a task 5 seconds after it was cancelled.
    page: the page of the dashboard that the task's link opens, for the days of the data interval.

    A command that ends with exit code 1 has checked something that does not hold, as `millrace verify` does: the task
    fails without a retry, and its report is its XCom. Wrong options (exit code 2) fail without a retry, too. Any other
    code is a failure that is retried, and so is a cancelled command.
    """

    template_fields = ("arguments", "env")
    operator_extra_links = (DashboardLink(),)
    ui_color = "#e3f1fb"

    def __init__(
        self,
        *,
        arguments,
        millrace_conn_id=DEFAULT_CONNECTION,
        env=None,
        stop_after=4,
        page="overview",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.arguments = arguments
        self.millrace_conn_id = millrace_conn_id
        self.env = env
        self.stop_after = stop_after
        self.page = page
        self.dashboard_url = ""
        self._process = None
        self._cancelled = False

    def execute(self, context):
        hook = MillraceHook(self.millrace_conn_id)
        self.dashboard_url = hook.dashboard_link(self.page, *_days_of(context))
        words = shlex.split(self.arguments) if isinstance(self.arguments, str) else list(map(str, self.arguments))
        command = hook.command(*words, "--json")
        self.log.info("running %s", shlex.join(command))
        code, report, last_lines = self._run(command, hook.environment(self.env))
        if self._cancelled:
            raise AirflowException(f"millrace {words[0]} was cancelled, and ended with {_meaning_of(code)}")
        if code == CHECK_FAILED and report is not None:
            context["ti"].xcom_push(key="return_value", value=report)
            raise AirflowFailException(f"millrace {words[0]} found what should not be: {_failures_of(report)}")
        if code != 0:
            failure = AirflowFailException if code == WRONG_USAGE else AirflowException
            raise failure(f"millrace {words[0]} ended with {_meaning_of(code)}:\n" + "\n".join(last_lines))
        return report

    def _run(self, command, environment):
        """Runs the command, and logs what it says line by line. Returns its exit code, report and last lines.

        It is in a process group of its own, so that on_kill() alone cancels it, and is cancelled as well when this
        process dies.
        """
        last_lines = collections.deque(maxlen=LAST_LINES)
        reports = collections.deque(maxlen=1)  # a command that follows the log prints one for each batch
        libc = ctypes.CDLL(None)
        self._process = process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT),
        )

        def log():
            for line in process.stderr:
                last_lines.append(line.rstrip())
                self.log.info("%s", line.rstrip())

        readers = [threading.Thread(target=log), threading.Thread(target=lambda: reports.extend(process.stdout))]
        for reader in readers:
            reader.start()
        try:
            process.wait()
        finally:
            if process.poll() is None:  # an exception, such as the task's timeout
                self.on_kill()
                process.wait()
            for reader in readers:
                reader.join()
        return process.returncode, _report_of(reports), last_lines

    def on_kill(self):
        """Lets the command end by itself, and kills it when it does not. Signal handlers call it: it does not wait."""
        process = self._process
        if process is None or process.poll() is not None or self._cancelled:
            return
        self._cancelled = True
        os.kill(process.pid, signal.SIGINT)
        killer = threading.Timer(self.stop_after, process.kill)
        killer.daemon = True
        killer.start()


def _report_of(lines):
    """The report that a command has printed last, or None."""
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def _failures_of(report):
    """What a report says of the checks that failed."""
    if not isinstance(report, dict):
        return json.dumps(report)[:LONGEST_MESSAGE]
    if report.get("missing"):
        return report["missing"]
    failed = [f"{check['name']}: {check['detail']}" for check in report.get("checks", []) if not check["passed"]]
    return ("; ".join(failed) or json.dumps(report))[:LONGEST_MESSAGE]


def _meaning_of(code):
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _days_of(context):
    """The first and the last day of the data interval in the DAG's time zone. A run by hand may have none."""
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        return None, None
    zone = context["dag"].timezone
    # The interval ends where the next one begins.
    last = max(start, end.subtract(seconds=1))
    return tuple(time.in_timezone(zone).strftime("%Y-%m-%d") for time in (start, last))
