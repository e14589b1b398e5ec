"""Tasks of Airflow run Millrace's commands, wait for its tables, and fail as their commands do."""

import json
import re
import signal
import stat
from pathlib import Path

import pytest

from tests.support.events import event, lines
from tests.support.paths import ROOT
from tests.support.shop import wait_until

DAY = "2024-06-01"
# Runs a DAG of the tasks in TASKS for the interval of a day, and prints each one's state, XCom, tries and link.
RUN = """
import datetime, json, sys
from airflow.sdk import DAG, Context
from airflow.timetables.interval import CronDataIntervalTimetable
from millrace.airflow.operators import MillraceOperator
from millrace.airflow.sensors import MillraceFreshnessSensor

start = datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC)
DAY = "{{ data_interval_start | ds }}"
daily = CronDataIntervalTimetable("0 0 * * *", timezone="UTC")
with DAG(NAME, schedule=daily, start_date=start, default_args={"retries": 0}) as dag:
    TASKS
if __name__ == "__main__":
    run = dag.test(logical_date=start + datetime.timedelta(days=1))
    found = {}
    for each in run.get_task_instances():
        value = lambda key: each.xcom_pull(task_ids=each.task_id, key=key)
        link = value("_link_DashboardLink")
        found[each.task_id] = {"state": each.state, "report": value("return_value"), "link": link}
    print(json.dumps(found))
"""


def run(airflow, shop, tasks, **extra):
    """What has become of each task, and the log."""
    connection = {"conn_type": "millrace", "host": "shop.example", "extra": {"data": str(shop.data), **extra}}
    name = f"shop_{len(list(airflow.dags.iterdir()))}"
    file = airflow.dags / f"{name}.py"
    file.write_text(RUN.replace("TASKS", "\n    ".join(tasks)).replace("NAME", repr(name)))
    out, log = airflow.run(file, connection=connection)
    *lines_of_log, result = out.splitlines()
    return json.loads(result), "\n".join(lines_of_log) + log


@pytest.fixture
def day(shop):
    """A shop with a whole day, and the next one."""
    hours = [event(n, user_id=f"u{n % 20}", timestamp=f"{DAY}T{n // 20:02}:30:00Z") for n in range(480)]
    later = [event(10**6 + n, user_id=f"u{n}", timestamp="2024-06-04T01:00:00Z") for n in range(20)]
    shop.write(*lines(hours + later))
    shop.drain()
    return shop


def test_the_provider_is_known_and_gives_no_warnings(airflow):
    out, log = airflow.run(
        "from airflow.providers_manager import ProvidersManager as M; m = M(); print(sorted(m.providers)); "
        "print(m.hooks['millrace'].hook_name); print(sorted(m.extra_links_class_names))\n"
        "import millrace.airflow.operators, millrace.airflow.sensors, millrace.airflow.triggers"
    )
    assert "'millrace'" in out and "Millrace\n" in out and "millrace.airflow.links.DashboardLink" in out
    assert "millrace" not in log


def test_a_task_has_the_report_the_log_and_a_link(airflow, day):
    tasks = [
        'wait = MillraceFreshnessSensor(task_id="wait", day="{{ data_interval_start | ds }}")',
        'gold = MillraceOperator(task_id="gold", arguments=["gold", "--batch", "--from", DAY, "--to", DAY])',
        'speed = MillraceOperator(task_id="speed", arguments=["gold", "--available-now"], page="orders")',
        'healed = MillraceFreshnessSensor(task_id="healed", layer="gold", deferrable=True)',
        "wait >> gold >> speed >> healed",
    ]
    tasks_of, log = run(airflow, day, tasks)
    assert {each["state"] for each in tasks_of.values()} == {"success"}
    assert tasks_of["wait"]["report"]["until"] == "2024-06-02T00:00:00Z"
    assert tasks_of["gold"]["report"]["events"] == 480
    assert tasks_of["healed"]["report"]["complete"] is True
    assert tasks_of["gold"]["link"] == f"http://shop.example/#/overview?from={DAY}&to={DAY}"
    assert tasks_of["speed"]["link"].startswith("http://shop.example/#/orders?")
    assert "rebuilding from Silver's version" in log, "the command's log is the task's"


def test_the_example_of_the_docs_runs(airflow, day):
    block = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "airflow.md").read_text(), re.S)[1]
    end = "datetime.datetime(2024, 6, 2, tzinfo=datetime.UTC)"
    file = airflow.dags / "example.py"
    file.write_text(f"{block}\nif __name__ == '__main__':\n    print(dag.test(logical_date={end}).state)\n")
    out, _ = airflow.run(file, connection={"conn_type": "millrace", "extra": {"data": str(day.data)}})
    assert out.splitlines()[-1] == "success"


def test_a_check_that_fails_is_no_crash(airflow, day):
    next((day.data / "silver").glob("**/*.parquet")).unlink()
    (tasks, log) = run(airflow, day, ['MillraceOperator(task_id="verify", arguments="verify", retries=3)'])
    assert tasks["verify"]["state"] == "failed"
    assert not tasks["verify"]["report"]["passed"], "the report is there"
    assert "millrace verify found what should not be: silver files" in log


def test_a_crash_names_what_the_program_said(airflow, day):
    tasks, log = run(airflow, day, ['MillraceOperator(task_id="gold", arguments="gold --from yesterday --batch")'])
    assert tasks["gold"]["state"] == "failed" and tasks["gold"]["report"] is None
    assert "millrace gold ended with exit code 2" in log and "yesterday" in log


def test_a_sensor_waits_in_the_triggerer_until_the_day_is_there(airflow, day):
    later = [event(2 * 10**6 + n, user_id=f"u{n}", timestamp="2024-06-01T12:00:00Z") for n in range(50)]
    day.write(*lines(later))
    program = """
import asyncio, subprocess, sys
from millrace.airflow.triggers import MillraceFreshnessTrigger
millrace, data = sys.argv[1:]
goal = [millrace, "--data", data, "freshness", "--layer", "silver", "--until", "2024-06-30T00:00:00Z", "--json"]
path, arguments = MillraceFreshnessTrigger(goal, {}, 0.2).serialize()

async def main():
    events = MillraceFreshnessTrigger(**arguments).run()
    waiting = asyncio.ensure_future(anext(events))
    done, _ = await asyncio.wait({waiting}, timeout=1.5)
    print("early" if done else "waits")
    await asyncio.to_thread(subprocess.run, [millrace, "--data", data, "silver", "--available-now"], check=True)
    print((await waiting).payload["report"]["complete"])
    wrong = MillraceFreshnessTrigger([millrace, "--data", "nowhere", "freshness"], {}, 0.2)
    print((await anext(wrong.run())).payload["error"])

asyncio.run(main())
"""
    out, _ = airflow.run(program, day.binary, day.data)
    assert [line for line in out.splitlines() if line in ("waits", "early", "True")] == ["waits", "True"]
    assert "not yet: silver is complete up to" in out and "nowhere" in out


# A task's process, whose supervisor sends it SIGTERM, or SIGTERM to its process group. It calls on_kill() there.
CANCEL = """
import os, signal, sys, threading, time
from millrace.airflow.operators import MillraceOperator
os.setpgid(0, 0)
operator = MillraceOperator(task_id="follow", arguments=sys.argv[1], stop_after=2)
signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())
def cancel():
    while operator._process is None or not READY:
        time.sleep(0.05)
    KILL
threading.Thread(target=cancel).start()
try:
    print("result", operator.execute({"ti": None}))
except Exception as error:
    print(error)
"""


def cancel(airflow, shop, arguments, ready, kill, **extra):
    connection = {"conn_type": "millrace", "extra": {"data": str(shop.data), **extra}}
    program = CANCEL.replace("READY", ready).replace("KILL", kill)
    return airflow.run(program, arguments, connection=connection)[0]


@pytest.mark.parametrize("kill", ["os.kill(os.getpid(), signal.SIGTERM)", "os.killpg(0, signal.SIGTERM)"])
def test_a_cancelled_command_ends_by_itself_and_its_task_fails(airflow, day, kill):
    progress = day.data / "progress" / "silver.jsonl"
    before = progress.stat().st_size
    day.write(*lines([event(3 * 10**6)]))
    ready = f"os.stat({str(progress)!r}).st_size > {before}"
    out = cancel(airflow, day, "silver --trigger 100ms", ready, kill)
    assert "millrace silver was cancelled, and ended with exit code 0" in out and "result" not in out
    day.verify()


def test_a_command_dies_with_its_task(airflow, day, tmp_path):
    program = CANCEL.replace("READY", "True").replace("KILL", "print(operator._process.pid, flush=True); os.abort()")
    connection = {"conn_type": "millrace", "extra": {"data": str(day.data)}}
    out, _ = airflow.run(program, "silver --trigger 100ms", connection=connection, code=-signal.SIGABRT)
    pid = int(next(line for line in out.splitlines() if line.isdigit()))
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_command_that_does_not_end_is_killed(airflow, day, tmp_path):
    """It also says so much while it ends that a pipe which nobody reads would stop it."""
    stubborn = tmp_path / "stubborn"
    stubborn.write_text(
        f"#!/bin/sh\ntrap 'seq -f %01000g 200 >&2; touch {tmp_path}/said' INT\n"
        f"touch {tmp_path}/ready\nwhile :; do sleep 0.1; done\n"
    )
    stubborn.chmod(stubborn.stat().st_mode | stat.S_IEXEC)
    ready = f"os.path.exists({str(tmp_path / 'ready')!r})"
    out = cancel(airflow, day, "verify", ready, "os.kill(os.getpid(), signal.SIGTERM)", program=str(stubborn))
    assert "ended with signal SIGKILL" in out and (tmp_path / "said").exists()


def test_a_connection_says_what_it_lacks(airflow, day):
    program = (
        "from millrace.airflow.hooks import MillraceHook; hook = MillraceHook(); print(hook.test_connection()); "
        "print(hook.dashboard_link('orders'))"
    )
    out, _ = airflow.run(program, connection={"conn_type": "millrace", "extra": {"data": str(day.data)}})
    assert "(True, 'silver is complete up to" in out
    out, _ = airflow.run(program, connection={"conn_type": "millrace"})
    assert "names no data directory: set its extra" in out
