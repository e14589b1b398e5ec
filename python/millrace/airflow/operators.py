"""Commands of Millrace as tasks."""

import collections
import json
import shlex
import signal
import subprocess
import threading

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from millrace.airflow.hooks import DEFAULT_CONNECTION, MillraceHook
from millrace.airflow.links import DashboardLink

LAST_LINES = 20  # of the log, in the message of a failed task
CHECK_FAILED = 1  # the exit code of a command that ran, and found what should not be


class MillraceOperator(BaseOperator):
    """Runs a command of the program with --json. Its report is the task's XCom, and its log the task's log.

    arguments: the command and its options, as a list or as one text: "gold --batch --from {{ ds }} --to {{ ds }}".
    millrace_conn_id: the connection, which names the data directory. env: more variables for the command.
    stop_after: seconds that a cancelled command gets to end by itself (SIGINT) before it is killed.
    page: the page of the dashboard that the task's link opens, for the days of the data interval.

    A command that ends with exit code 1 has checked something that does not hold, as `millrace verify` does: the task
    fails without a retry, and its report is its XCom. Any other code is a failure that is retried.
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
        stop_after=30,
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

    def execute(self, context):
        hook = MillraceHook(self.millrace_conn_id)
        self.dashboard_url = hook.dashboard_link(self.page, *_days_of(context))
        words = shlex.split(self.arguments) if isinstance(self.arguments, str) else list(map(str, self.arguments))
        command = hook.command(*words, "--json")
        self.log.info("running %s", shlex.join(command))
        code, output, last_lines = self._run(command, hook.environment(self.env))
        report = _report_of(output)
        if code == CHECK_FAILED and report is not None:
            context["ti"].xcom_push(key="return_value", value=report)
            raise AirflowFailException(f"millrace {words[0]} found what should not be: {_failures_of(report)}")
        if code != 0:
            raise AirflowException(f"millrace {words[0]} ended with {_meaning_of(code)}:\n" + "\n".join(last_lines))
        return report

    def _run(self, command, environment):
        """Runs the command, and logs what it says line by line. Returns its exit code, output and last lines."""
        last_lines = collections.deque(maxlen=LAST_LINES)
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", env=environment
        )
        output = []
        reader = threading.Thread(target=lambda: output.append(self._process.stdout.read()))
        reader.start()
        for line in self._process.stderr:
            last_lines.append(line.rstrip())
            self.log.info("%s", line.rstrip())
        reader.join()
        return self._process.wait(), output[0], last_lines

    def on_kill(self):
        """Lets the command end by itself, and kills it when it does not."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(self.stop_after)
        except subprocess.TimeoutExpired:
            self.log.warning("millrace did not end within %s s and is killed", self.stop_after)
            process.kill()
            process.wait()


def _report_of(output):
    """The report that a command has printed, or None."""
    lines = output.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def _failures_of(report):
    """What a report says of the checks that failed."""
    if report.get("missing"):
        return report["missing"]
    failed = [f"{check['name']}: {check['detail']}" for check in report.get("checks", []) if not check["passed"]]
    return "; ".join(failed) or json.dumps(report)


def _meaning_of(code):
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _days_of(context):
    """The first and the last day of the data interval, which a run by hand may lack."""
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        return None, None
    # The interval ends where the next one begins.
    return start.strftime("%Y-%m-%d"), max(start, end.subtract(seconds=1)).strftime("%Y-%m-%d")
