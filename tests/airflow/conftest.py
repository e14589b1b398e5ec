"""Airflow with the provider of the wheel, in an environment and with a database of its own."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

AIRFLOW = ROOT / "build" / "airflow" / "bin"


class Airflow:
    """Runs programs of Python where Airflow is installed."""

    def __init__(self, home):
        self.dags = home / "dags"
        self.dags.mkdir()
        self.environment = {
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        }

    def run(self, program, *arguments, code=0, connection=None, timeout=180):
        """Runs a program: a file, or its text. Returns what it has printed, and its log."""
        variables = {"AIRFLOW_CONN_MILLRACE_DEFAULT": json.dumps(connection)} if connection else {}
        done = subprocess.run(
            [AIRFLOW / "python", *([program] if isinstance(program, Path) else ["-c", program]), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**self.environment, **variables},
        )
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout, done.stderr


@pytest.fixture(scope="session")
def airflow(tmp_path_factory):
    wheels = sorted((ROOT / "build" / "wheels").glob("*.whl"))
    if not wheels or not (AIRFLOW / "airflow").exists():
        pytest.skip("the wheel or Airflow is missing: make wheel, MILLRACE_SETUP=airflow scripts/setup.sh")
    install = [AIRFLOW / "pip", "install", "-q", "--no-index", "--no-deps", "--force-reinstall", wheels[-1]]
    subprocess.run(install, check=True, capture_output=True)
    airflow = Airflow(tmp_path_factory.mktemp("airflow"))
    subprocess.run([AIRFLOW / "airflow", "db", "migrate"], check=True, capture_output=True, env=airflow.environment)
    return airflow
