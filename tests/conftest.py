"""What the tests share: the program under test, and fresh data directories."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import stack  # noqa: E402

BUILD = ROOT / os.environ.get("MILLRACE_BUILD", "build/release")
FIXTURES = ROOT / "tests" / "fixtures"
SAMPLE = ROOT.parent / "shared" / "data" / "rees46-2019-10-01.csv"
TOPIC = "ecom_clickstream_raw"


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes, or needs a JVM; run by `make test-all`")


def pytest_collection_modifyitems(items):
    """Tests that share a broker, a database server or what their module has prepared run in one worker (pytest-xdist)."""
    for item in items:
        if group := group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))


def group_of(item):
    if item.path.parent.name == "docs" or item.path.stem == "test_kafka_security":
        return item.path.stem
    return next((name for name in ("kafka", "postgres") if name in item.fixturenames), None)


def environment(changes=None):
    """This process's environment with changes, where None removes a variable. A `run` takes any free port, as others are under way."""
    return {name: value for name, value in {**os.environ, "MILLRACE_RUN_PORT": "0", **(changes or {})}.items() if value is not None}


class Millrace:
    """Runs the program on one data directory."""

    def __init__(self, data, binary="millrace"):
        self.data = pathlib.Path(data)
        self.binary = str(BUILD / binary)

    def command(self, *args):
        return [self.binary, "--data", str(self.data), *map(str, args)]

    def run(self, *args, code=0, env=None, input=None, timeout=300):
        """Runs a command to its end, checks its exit code, and returns its stdout."""
        done = subprocess.run(self.command(*args), capture_output=True, timeout=timeout, input=input,
                              env=environment(env))
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        assert done.returncode == code, f"{args} ended with {done.returncode}\n{out}\n{err}"
        self.stderr = err
        return out

    def json(self, *args, code=0):
        return json.loads(self.run(*args, "--json", code=code))

    def start(self, *args, env=None):
        return subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=environment(env))

    def write(self, *lines, key_separator="|"):
        """Appends records, given as `key|value`."""
        text = "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")
        self.run("topic", "write", "--key-separator", key_separator, input=text)

    def drain(self, *args):
        return self.run("silver", "--available-now", *args)

    def verify(self):
        report = self.json("verify")
        assert report["passed"], report
        return report

    def count(self, layer, by=None):
        """The rows of a layer, or those of each value of a column."""
        rows = self.json("count", layer, *(["--by", by] if by else []))["rows"]
        return {row[by]: row["rows"] for row in rows} if by else rows[0]["rows"]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """A broker for the whole test run; each test has topics of its own."""
    broker = stack.Kafka(tmp_path_factory.mktemp("kafka"), stack.free_port(),
                         properties={"log.retention.ms": -1}).start()  # records of 2019 stay
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server for the whole test run; each test has a database of its own."""
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(0o755)  # the server runs as another user
    server = stack.Postgres(folder, stack.free_port()).start()
    yield server
    server.stop()


@pytest.fixture
def free_port():
    return stack.free_port()


@pytest.fixture
def shop(tmp_path):
    return Millrace(tmp_path / "data")


@pytest.fixture
def shop_at(tmp_path):
    return lambda name, binary="millrace": Millrace(tmp_path / name, binary)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MB."""
    mount = tmp_path / "small"
    mount.mkdir()
    if os.system(f"mount -t tmpfs -o size=12m tmpfs {mount} 2>/dev/null") != 0:
        pytest.skip("this machine allows no small file system")
    yield mount
    os.system(f"umount -l {mount}")


def stop(process, how=signal.SIGINT, timeout=60):
    """Ends a running command and returns its exit code, stdout and stderr."""
    process.send_signal(how)
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def wait_until(condition, seconds=30, pause=0.02):
    """Waits for a condition that other processes make true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(pause)
    raise AssertionError("the condition did not come true in time")


def event(number, **fields):
    """A valid event as a dictionary."""
    return {"event_id": f"e{number}", "user_id": f"u{number % 7}", "event_type": "view",
            "timestamp": "2019-10-01T00:00:00Z", "product_id": "p1", "price": 9.5, **fields}


def line(number, **fields):
    """A valid event as `key|JSON`, for Millrace.write()."""
    made = event(number, **fields)
    return f"{made['user_id']}|{json.dumps(made)}"
