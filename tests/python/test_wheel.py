"""The wheel in an empty environment brings the program, its pages and the module."""

import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

WHEELS = Path(__file__).parents[2] / "build" / "wheels"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    wheels = list(WHEELS.glob("*.whl")) or pytest.skip("there is no wheel: make wheel")
    home = tmp_path_factory.mktemp("wheel")
    subprocess.run(["/usr/bin/python3", "-m", "venv", home / "env"], check=True)
    pip = [home / "env" / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *wheels], check=True)
    return home


def run(home, *command):
    """What a program of the environment prints, without the variables and the folder of this one."""
    done = subprocess.run(
        [home / "env" / "bin" / command[0], *command[1:]],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_runs_with_its_pages_and_with_sql(installed):
    with subprocess.Popen(
        [installed / "env" / "bin" / "millrace", "demo", "--no-browser", "--events", "2000", "--port", "0"],
        cwd=installed,
        env={"PATH": "/usr/bin:/bin", "HOME": str(installed)},
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        url = next(word for line in demo.stdout for word in line.split() if word.startswith("http://"))
        page = urllib.request.urlopen(url).read().decode()
        assert "<title>" in page and "millrace" in page.lower()
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)
        assert demo.returncode == 0
    assert "2" in run(installed, "millrace", "--data", "demo-data", "sql", "select 1 + 1")
    run(installed, "millrace", "--data", "demo-data", "verify")


def test_the_module_works_without_the_build(installed):
    code = """
import millrace, hashlib, ssl, pyarrow as pa, pyarrow.parquet
event = '{"event_type": "page_view", "user_id": "u", "event_id": "e", "timestamp": "2024-06-01T10:00:00Z"}'
silver, quarantine = millrace.Decoder().decode([b"{}", event])
print(len(silver), len(quarantine), millrace.__file__)
print({name: len(rows) for name, rows in millrace.gold(silver).items()}["kpis"])
"""
    told = run(installed, "python", "-c", code)
    assert told.startswith("1 1 ") and "site-packages" in told and told.endswith("3\n")


def test_another_pyarrow_is_told(installed):
    code = """
from importlib import metadata
metadata.version = lambda name: "25.0.0"
try:
    import millrace
except ImportError as error:
    print(error)
"""
    assert "millrace needs pyarrow 26.0, and here is 25.0.0" in run(installed, "python", "-c", code)


def test_the_licences_of_what_it_contains_are_there(installed):
    packages = next((installed / "env" / "lib").glob("python*/site-packages"))
    licences = {path.name for path in packages.glob("millrace-*.dist-info/licenses/*")}
    assert {"LICENSE", "librdkafka1.txt", "libssl3.txt", "pyarrow-license.txt", "duckdb.txt"} <= licences
    assert len(licences) >= len(list((packages / "millrace.libs").iterdir()))


def test_types_are_there(installed):
    package = next((installed / "env" / "lib").glob("python*/site-packages/millrace"))
    assert (package / "py.typed").exists()
    stub = (package / "_native.pyi").read_text()
    for name in ("class Decoder", "class Table", "class Rows", "def gold"):
        assert name in stub
