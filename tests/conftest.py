"""Fixtures and hooks of all tests. Nothing imports this module; code that tests share is in tests/support."""

import functools
import os
import pathlib
import shutil
import signal
import tempfile

import pytest

from scripts import stack
from tests.support import browser
from tests.support import sample as real_sample
from tests.support.port import Port
from tests.support.prepared import Prepared
from tests.support.shop import Millrace, kill_started


def pytest_configure(config):
    # A shell ignores SIGINT for background jobs, and the commands under test would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "long: takes minutes, or needs a JVM; run by `make test-all`")


def pytest_make_parametrize_id(val, argname):
    """Keeps long values out of the tests' names, which the programs under test get in their environment."""
    return f"{argname} of {len(val)}" if isinstance(val, str | bytes) and len(val) > 100 else None


LONG = ("airflow", "python", "spark")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """Puts tests that share a server or what their module has prepared into one worker of xdist, and marks long ones.

    The tests of a folder in LONG need the Python package, which takes minutes to build.
    """
    for item in items:
        if item.path.parent.name in LONG:
            item.add_marker(pytest.mark.long)
        if group := group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))


def group_of(item):
    if item.path.parent.name in ("airflow", "spark"):
        return item.path.parent.name  # one Airflow, one cluster
    if item.path.parent.name == "docs" or item.path.stem == "test_kafka_security":
        return item.path.stem
    return next((name for name in ("kafka", "postgres") if name in item.fixturenames), None)


def pytest_collection_finish(session):
    if getattr(session.config.option, "loadgroup", False):
        lost = [item.nodeid for item in session.items if group_of(item) and "@" not in item.nodeid]
        assert not lost, f"pytest-xdist does not know the groups of {len(lost)} tests, such as {lost[0]}"


def pytest_terminal_summary(terminalreporter):
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if real_sample.MISSING in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} skipped: {real_sample.MISSING}", yellow=True)


@pytest.fixture
def sample():
    """The file with the sample of real events."""
    return real_sample.path() or pytest.skip(real_sample.MISSING)


@pytest.fixture
def insight(sample):
    """The folder with real orders and sessions beside the sample."""
    folder = sample.parent / "insight"
    return folder if folder.is_dir() else pytest.skip(f"there is no {folder}")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """A broker for the whole test run; each test has topics of its own."""
    broker = stack.Kafka(
        tmp_path_factory.mktemp("kafka"),
        stack.free_port(),
        properties={"log.retention.ms": -1},  # records of 2019 stay
        java_options=stack.SHORT_LIVED,
    ).start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for the whole test run; each test has a database of its own.

    Its folder is not in pytest's, which no other user may enter: the server runs as another user.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-postgres-"))
    folder.chmod(0o755)
    server = stack.Postgres(folder, stack.free_port()).start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _end_of_commands():
    """Leaves no command of a test running, also when the test fails."""
    yield
    kill_started()


@pytest.fixture
def free_port():
    return stack.free_port()


@pytest.fixture
def shop(tmp_path):
    """The program on an empty data directory."""
    return Millrace(tmp_path / "data")


@pytest.fixture
def shop_at(tmp_path):
    """Makes shops by name."""
    return lambda name, binary="millrace": Millrace(tmp_path / name, binary)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Data directories that are filled once for all tests, and copied."""
    return Prepared(tmp_path_factory)


@pytest.fixture
def shop_like(prepared, tmp_path):
    """Makes a shop with what a function has made on another one, which it does once for all tests."""
    return lambda fill: prepared.copy(fill, tmp_path / "data")


@pytest.fixture
def port(shop):
    """Starts commands that serve HTTP on the shop."""
    return functools.partial(Port, shop)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MB."""
    mount = tmp_path / "small"
    mount.mkdir()
    if os.system(f"mount -t tmpfs -o size=12m tmpfs {mount} 2>/dev/null") != 0:
        pytest.skip("this machine does not allow to mount a small file system")
    yield mount
    os.system(f"umount -l {mount}")


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests of a worker."""
    with browser.chromium() as started:
        yield started


@pytest.fixture
def open_page(chromium):
    """Opens an address in a window of its own, and notes what the browser complains of."""
    windows = browser.Windows(chromium)
    yield windows
    windows.close()
